"""The page of the request checker: names what the API would refuse, mends it as a file, keeps nothing, has a cap."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from triage.checker import check, engine
from triage.knowledge import load
from triage.models import Attempt, Project, Request

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
SOUND = {"model": "claude-opus-4-8", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}
UNPAIRED = SOUND | {
    "tools": [{"name": "mcp__jira__search", "input_schema": {"type": "object"}}],
    "messages": [
        {"role": "user", "content": "Which tickets has ada@example.org?"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "toolu_01", "name": "mcp__jira__search", "input": {}}],
        },
        {"role": "user", "content": "Well?"},
    ],
}


def hand_in(client: Client, given: Any, **headers: str) -> str:
    text = given if isinstance(given, str) else json.dumps(given)
    response = client.post("/check/", {"request": text}, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def upload(client: Client, body: bytes, address: str = "/check/", **more: str) -> Any:
    return client.post(address, {"request_file": SimpleUploadedFile("request.json", body), **more})


def test_a_finding_names_the_place_the_element_the_cause_and_the_mend_with_its_cost(as_nobody: Client) -> None:
    page = hand_in(as_nobody, UNPAIRED)
    assert "messages.1.content.0" in page
    assert "is a tool_use of <code>mcp__jira__search</code>" in page
    assert 'href="/reference/causes/tool_use_without_result/"' in page
    assert "It costs:" in page
    assert "What can&#x27;t be known offline" in page or "What can't be known offline" in page


def test_a_sound_request_is_told_so_and_offers_nothing_to_mend(as_nobody: Client) -> None:
    page = hand_in(as_nobody, SOUND)
    assert "Nothing found that the API would refuse" in page
    assert "/check/mended/" not in page


def test_htmx_gets_the_result_alone(as_nobody: Client) -> None:
    page = hand_in(as_nobody, UNPAIRED, **HTMX)
    assert page.lstrip().startswith('<div id="checked"')
    assert "<html" not in page


def test_a_file_wins_over_the_box(as_nobody: Client) -> None:
    response = upload(as_nobody, json.dumps(UNPAIRED).encode(), request=json.dumps(SOUND))
    assert [one.cause for one in response.context["result"].findings] == ["tool_use_without_result"]


def test_the_mended_request_comes_as_a_file_with_nothing_masked_and_is_clean(as_nobody: Client) -> None:
    response = as_nobody.post("/check/mended/", {"request": json.dumps(UNPAIRED)})
    assert response["Content-Disposition"] == 'attachment; filename="request.mended.json"'
    assert response["Content-Type"].startswith("application/json")
    mended = json.loads(response.content)
    assert mended["messages"][0]["content"] == "Which tickets has ada@example.org?"
    assert check(mended).clean


def test_a_batch_is_checked_line_by_line_and_mended_as_lines(as_nobody: Client) -> None:
    lines = "\n".join(json.dumps({"custom_id": name, "params": UNPAIRED}) for name in ("first", "second"))
    page = hand_in(as_nobody, lines)
    assert "requests.1 is <code>second</code>" in page
    response = upload(as_nobody, lines.encode(), "/check/mended/")
    assert response["Content-Disposition"] == 'attachment; filename="batch.mended.jsonl"'
    assert [json.loads(line)["custom_id"] for line in response.content.splitlines()] == ["first", "second"]


def test_the_difference_is_shown_with_secrets_masked(as_nobody: Client) -> None:
    key = "sk-ant-api03-9f8e7d6c5b4a3f2e1d0c"
    messages = [{"role": "user", "content": f"My key is {key}"}, *UNPAIRED["messages"][1:]]  # type: ignore[misc]
    response = as_nobody.post("/check/", {"request": json.dumps(UNPAIRED | {"messages": messages})}, headers=HTMX)
    page = response.content.decode()
    assert "line--in" in page
    assert "9f8e7d6c5b4a" not in page


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{'model': 'claude-opus-4-8'}", "Python dict"),
        ("[" * 100_000, "levels deep"),
        ('{"model": "x"', "JSON"),
        ("[]", "This is a list"),
        ("5", "no request"),
    ],
)
def test_what_is_no_request_is_answered_with_why(given: str, told: str, as_nobody: Client) -> None:
    page = hand_in(as_nobody, given, **HTMX)
    assert "This can&#x27;t be checked" in page or "This can't be checked" in page
    assert told in page


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b'{"messages": "\\ud800", "\\ud800": 1}', b'{"a\\u0000": [NaN]}'])
def test_bytes_that_no_page_can_print_are_answered_too(body: bytes, as_nobody: Client) -> None:
    assert upload(as_nobody, body).status_code == 200
    assert upload(as_nobody, body, "/check/mended/").status_code == 200


def test_nothing_can_be_injected_by_a_request(as_nobody: Client) -> None:
    nasty = "<script>alert(1)</script>"
    tool = {"name": nasty, "input_schema": {"type": nasty}}
    page = hand_in(as_nobody, UNPAIRED | {"tools": [tool], nasty: nasty})
    assert nasty not in page
    assert "&lt;script&gt;alert" in page


def test_an_empty_box_is_answered_with_a_sentence(as_nobody: Client) -> None:
    assert "There is nothing in the box yet" in hand_in(as_nobody, " \n ")
    assert "Choose the file once more" in as_nobody.post("/check/mended/", {"request": ""}).content.decode()


@pytest.mark.parametrize("address", ["/check/", "/check/mended/"])
def test_a_request_beyond_the_limit_is_refused_with_the_name_of_the_setting(
    address: str, as_nobody: Client, settings: Settings
) -> None:
    settings.TRIAGE_MAX_REQUEST_BYTES = 50
    for response in (
        as_nobody.post(address, {"request": "x" * 51}),
        upload(as_nobody, b"x" * 51, address),
        as_nobody.post(address, {"request": "\N{SNOWMAN}" * 17}),
    ):
        assert response.status_code == 413
        assert "TRIAGE_MAX_REQUEST_BYTES" in response.content.decode()
    assert as_nobody.post(address, {"request": "x" * 50}).status_code == 200


def test_a_form_beyond_all_bounds_is_refused_before_it_is_read(as_nobody: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = upload(as_nobody, b"x" * 200)
    assert response.status_code == 413
    assert "TRIAGE_MAX_REQUEST_BYTES" in response.content.decode()


def test_an_upload_of_any_size_stays_in_memory(as_nobody: Client, tmp_path: Any, settings: Settings) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "missing")  # writing there would fail
    body = json.dumps(SOUND | {"messages": [{"role": "user", "content": "x" * 3_000_000}]}).encode()
    assert len(body) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    response = upload(as_nobody, body)
    assert response.context["result"].given.size == len(body)


def test_a_form_without_the_pages_token_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/check/", {"request": "{}"}).status_code == 403
    assert strict.post("/check/mended/", {"request": "{}"}).status_code == 403


def test_every_example_offered_is_found_as_what_it_is_an_example_of(as_nobody: Client) -> None:
    offered = as_nobody.get("/check/").context["examples"]
    assert offered
    for cause in offered:
        response = as_nobody.get("/check/", {"example": cause.slug})
        assert cause.slug in [one.cause for one in response.context["result"].findings]
    without = next(cause for cause in load().causes.values() if cause.broken_request is None)
    assert as_nobody.get("/check/", {"example": without.slug}).status_code == 404
    assert as_nobody.get("/check/?example=nothing").status_code == 404


def test_everybody_may_check_and_a_setting_closes_it_to_strangers(
    as_alice: Client, as_bob: Client, as_charlie: Client, as_nobody: Client, settings: Settings
) -> None:
    for client in (as_alice, as_bob, as_charlie, as_nobody):
        assert "tool_use_without_result" in hand_in(client, UNPAIRED)
        assert 'href="/check/"' in client.get("/reference/").content.decode()
    settings.OPEN_REFERENCE = False
    assert as_nobody.post("/check/", {"request": "{}"})["Location"].startswith("/sign-in/")
    assert as_nobody.post("/check/mended/", {"request": "{}"})["Location"].startswith("/sign-in/")
    assert as_charlie.get("/check/").status_code == 200


def test_nothing_that_is_handed_in_is_stored(as_alice: Client, project: Project) -> None:
    hand_in(as_alice, UNPAIRED)
    assert not Request.objects.exists()
    assert not Attempt.objects.exists()
    assert as_alice.get("/check/").context["text"] == ""


def test_findings_that_are_not_listed_are_counted_by_their_cause(as_nobody: Client) -> None:
    page = hand_in(as_nobody, SOUND | {f"field_{number}": 1 for number in range(700)})
    assert "700 things the API would refuse" in page
    assert "and 200 more of the same kind: " in page


def test_a_batch_that_is_checked_in_part_says_so_and_how_to_check_it_all(
    as_nobody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_MOST_VALUES", 200)
    page = hand_in(as_nobody, "\n".join(json.dumps({"custom_id": f"n{n}", "params": SOUND}) for n in range(20)))
    assert "requests were checked" in page
    assert "Nothing found in those that the API would refuse" in page
    assert "check_request --all" in page
