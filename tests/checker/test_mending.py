from __future__ import annotations

import copy
import json

from tests.checker.broken_requests import CALL, KINDS, RESULT
from tests.checker.valid_requests import conversation, request, text
from triage.checker import check


def test_the_given_request_stays_as_it_was():
    body = request(temperature=0.3, response_format={})
    before = copy.deepcopy(body)
    mended = check(body).mended
    assert body == before
    assert "temperature" not in mended.document


def test_a_mend_is_offered_as_a_patch_against_the_given_request():
    (finding,) = check(request("claude-haiku-4-5", max_tokens=70_000, stream=True)).findings
    assert finding.as_dict()["mended"] == {
        "does": "lowers max_tokens to 64,000",
        "costs": "answers can't get longer than that",
        "patch": [{"op": "replace", "path": "/max_tokens", "value": 64_000}],
    }


def test_many_faults_are_mended_together_though_places_move():
    body = conversation(
        ("system", "Be brief."),
        ("assistant", "Hello"),
        ("user", [text(""), text("Weather?"), text(" ")]),
        ("assistant", [text(""), CALL, {**CALL, "id": "toolu_02"}]),
        ("user", [text("here"), RESULT]),
        ("assistant", ""),
        ("user", "Thanks"),
        ("assistant", "{"),
        temperature=0.1,
        tools=[
            {"name": "get weather", "input_schema": {"anyOf": []}},
            {"name": "x", "input_schema": {"type": "object"}},
        ],
    )
    mended = check(body).mended
    assert mended.left == ()
    roles = [message["role"] for message in mended.document["messages"]]
    assert roles == ["user", "assistant", "user", "user"]
    assert mended.document["system"] == "Be brief."
    first, call, answer, last = (message["content"] for message in mended.document["messages"])
    assert first == [text("Weather?")]
    assert [block["id"] for block in call] == ["toolu_01", "toolu_02"]
    assert {block.get("tool_use_id") for block in answer} == {"toolu_01", "toolu_02", None}
    assert last == "Thanks"


def test_what_a_mend_costs_is_told_once():
    mended = check(request(content=[text(""), text("a"), text("")])).mended
    assert [mend.does for mend in mended.mends] == ["drops the empty block"]


def test_the_diff_is_a_unified_diff_and_cuts_long_lines():
    body = request(content="a" * 100_000, response_format={})
    diff = check(body).mended.diff
    assert diff.startswith("--- request.json\n+++ request.mended.json\n@@")
    assert '-  "response_format": {}' in diff
    assert len(diff) < 2_000


def test_a_mended_request_with_half_an_emoji_in_a_key_can_still_be_written():
    mended = check({**request(temperature=0.3), "metadata": {"\ud83d": 1}}).mended
    assert json.loads(mended.text.encode("utf-8"))


def test_mends_are_valid_patches():
    for body, _, _ in KINDS.values():
        for finding in check(body).findings:
            for step in finding.as_dict()["mended"]["patch"] if finding.mended else ():
                assert step["op"] in ("add", "replace", "remove")
                assert ("value" in step) == (step["op"] != "remove")
                assert step["path"].startswith("/")
