"""No input makes the checker fail, and none makes it slow."""

from __future__ import annotations

import copy
import json
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.checker.broken_requests import KINDS
from tests.checker.valid_requests import CUSTOM_TOOLS, conversation, text, valid_requests
from triage.checker import check, engine, find_paths, resolve
from triage.checker.reading import MAX_VALUES
from triage.checker.rules import schemas
from triage.checker.shapes import load_shapes
from triage.knowledge import load

REQUESTS = [
    json.dumps(body)
    for body in [*valid_requests(), *(body for body, _, _ in KINDS.values())]
    if len(str(body)) < 20_000
]
WORDS = sorted(
    {field for entry in load_shapes()["objects"].values() for field in entry["fields"]}
    | {
        "tool_use",
        "tool_result",
        "thinking",
        "text",
        "image",
        "base64",
        "user",
        "assistant",
        "system",
        "object",
        "enabled",
    }
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS) | st.text(), inner, max_size=6),
    max_leaves=25,
)
SLOW_MACHINE = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def _holds(result):
    causes = load().causes
    assert all(finding.cause in causes for finding in result.findings)
    json.dumps(result.as_dict(with_mended=False))


@SLOW_MACHINE
@given(st.text() | st.binary())
def test_any_text_is_read_or_told_to_be_unreadable(given_text):
    result = check(given_text)
    assert (result.unreadable is None) == (result.requests > 0 or bool(result.findings))


@SLOW_MACHINE
@given(values, st.sampled_from(["messages", "count_tokens", "batches", "bedrock", "vertex"]))
def test_any_json_is_checked(value, endpoint):
    _holds(check(value, endpoint=endpoint))


@SLOW_MACHINE
@given(
    st.dictionaries(
        st.sampled_from(["model", "max_tokens", "messages", "tools", "system", "thinking", "tool_choice"]), values
    )
)
def test_any_value_in_any_parameter_is_checked(body):
    _holds(check(body | {"messages": body.get("messages", [])}))


def _places(document, path=()):
    yield path
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, item in items:
        yield from _places(item, (*path, key))


@SLOW_MACHINE
@given(st.sampled_from(REQUESTS), st.randoms(use_true_random=False), values, st.booleans())
def test_a_request_with_any_part_replaced_is_checked_and_mended(body, dice: random.Random, value, remove):
    request = json.loads(body)
    *way, last = dice.choice([place for place in _places(request) if place])
    holder = request
    for step in way:
        holder = holder[step]
    if remove:
        del holder[last]
    else:
        holder[last] = value
    before = copy.deepcopy(request)
    result = check(request)
    _holds(result)
    if result.mended is not None:
        json.dumps(result.mended.as_dict())
        json.loads(result.mended.text)
    assert request == before


@SLOW_MACHINE
@given(st.text(), st.sampled_from(REQUESTS))
def test_any_path_is_resolved_or_not(path, body):
    request = json.loads(body)
    for candidate in (path, f"messages.{path}", f"tools.0.{path}", *find_paths(f"messages.{path}")):
        found = resolve(candidate, request)
        assert found is None or found.pointer.startswith("/")


def _large(size):
    turn = [
        {"role": "user", "content": [text("Please look at this part of the log. " * 20)]},
        {
            "role": "assistant",
            "content": [
                text("I look."),
                {"type": "tool_use", "id": "ID", "name": "get_weather", "input": {"city": "Oslo"}},
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "ID", "content": "2026-11-21 line of a log\n" * 30}],
        },
        {"role": "assistant", "content": "That was it."},
    ]
    turns, number = [], 0
    while len(turns) * 500 < size:
        number += 1
        turns += json.loads(json.dumps(turn).replace('"ID"', f'"toolu_{number:06}"'))
    body = conversation(("user", "x"), tools=CUSTOM_TOOLS[-1])
    return json.dumps(body | {"messages": [*turns, {"role": "user", "content": "And now?"}]})


def _seconds(body, times=3):
    """Seconds of one core: what other processes take of a shared machine doesn't count."""
    check(body)
    durations = []
    for _ in range(times):
        start = time.process_time()
        result = check(body)
        durations.append(time.process_time() - start)
        assert result.unreadable is None
    return min(durations)


def test_a_megabyte_is_checked_in_well_under_a_second():
    body = _large(1_000_000)
    assert 900_000 < len(body) < 1_600_000
    assert check(body).clean
    assert _seconds(body) < 0.9  # 0.15 on a quiet core; the bound is for what grows wild


def test_a_megabyte_with_many_faults_is_checked_as_fast():
    body = _large(1_000_000).replace('"type": "tool_result"', '"type": "tool_resul"')
    assert len(check(body).findings) == 500
    assert _seconds(body) < 1.8


def test_time_grows_with_the_size_and_no_faster():
    small, large = _seconds(_large(250_000)), _seconds(_large(1_000_000))
    assert large < 12 * small  # four times the size: sixteen times the time would be quadratic


def _call(identity):
    return {"type": "tool_use", "id": identity, "name": "get_weather", "input": {}}


def _answer(identity):
    return {"type": "tool_result", "tool_use_id": identity}


HOSTILE = {
    "one id for all calls": conversation(
        ("user", "a"), ("assistant", [_call("x")] * 4000), ("user", [_answer("x")] * 4000)
    ),
    "one name for all tools": conversation(
        ("user", "a"), tools=[{"name": "a", "input_schema": {"type": "object", "title": str(n)}} for n in range(4000)]
    ),
    "unknown fields": conversation(("user", "a"), **{f"field_{number}": 1 for number in range(20_000)}),
    "empty messages": conversation(*[("user", " ")] * 10_000),
    "one role throughout": conversation(*[("user", " ")] * 40_000),
    "messages of numbers": conversation(("user", "a")) | {"messages": list(range(40_000))},
    "wrong names of properties": conversation(
        ("user", "a"),
        tools=[
            {
                "name": "a",
                "input_schema": {
                    "type": "object",
                    "properties": {f"p {number}": {} for number in range(10_000)},
                    "required": [f"p {number}" for number in range(10_000)],
                },
            }
        ],
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_number_of_faults_makes_it_slow(name):
    start = time.process_time()
    result = check(HOSTILE[name])
    assert time.process_time() - start < 3
    assert len(result.findings) == 500
    assert result.unlisted > 0


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("unknown fields", "unknown_field"),
        ("empty messages", "empty_content"),
        ("messages of numbers", "invalid_value"),
    ],
)
def test_what_is_not_listed_is_counted_to_the_last_by_its_cause(name, cause):
    result = check(HOSTILE[name])
    listed = sum(finding.cause == cause for finding in result.findings)
    wanted = {"unknown fields": 20_000, "empty messages": 10_000, "messages of numbers": 40_000}[name]
    assert listed + result.unlisted_by_cause[cause] == wanted


def test_a_mend_is_made_for_what_is_listed_and_for_nothing_else(monkeypatch):
    made = []
    monkeypatch.setattr(schemas, "_renamed", lambda *told: made.append(told))
    check(HOSTILE["wrong names of properties"])
    assert len(made) == 500


def test_a_request_with_more_values_than_are_looked_at_is_told_where_they_stand():
    body = conversation(("user", [text("")] * (MAX_VALUES // 3 + 1)))
    told = check(body).unreadable
    assert "`messages.0.content` alone holds 106,667" in told.message
    top = check(conversation(("user", "a"), **{f"field_{number}": 1 for number in range(MAX_VALUES)}))
    assert "its top level alone holds 320,003" in top.unreadable.message
    whole = check(body, whole=True)
    assert whole.unreadable is None
    assert len(whole.findings) + whole.unlisted >= MAX_VALUES // 3


def test_of_a_large_batch_the_first_requests_are_checked_and_the_others_counted(monkeypatch):
    monkeypatch.setattr(engine, "_MOST_VALUES", 500)
    items = [{"custom_id": f"n{number}", "params": conversation(("user", " "))} for number in range(40)]
    for given_text in (json.dumps({"requests": items}), "\n".join(map(json.dumps, items))):
        result = check(given_text)
        assert 5 < result.requests < 20
        assert result.requests + result.unchecked == 40
        assert len(result.findings) == result.requests
        assert result.as_dict()["unchecked"] == result.unchecked
        assert check(given_text, whole=True).requests == 40


def test_a_batch_of_far_more_requests_than_are_taken_is_not_read():
    for given_text in ('{"requests": [' + ",".join(["{}"] * 200_001) + "]}", '{"params": {}}\n' * 200_001):
        assert "200,001 requests" in check(given_text).unreadable.message
