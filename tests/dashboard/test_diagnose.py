"""The diagnosis page: names the cause, marks the words that decided, shows secrets to nobody and stores nothing."""

import json
import re
from typing import get_args

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from dashboard import wording
from tests.dashboard.conftest import NO_CREDIT, OVERLOADED, Tell
from triage.diagnosis import diagnose
from triage.diagnosis.findings import CredentialKind
from triage.models import Attempt, Project, Request

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
OVERLOAD = (
    'API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},'
    '"request_id":"req_011CaaaaaaaaaaaaaaaaOver"}'
)


def paste(client: Client, text: str, **headers: str) -> str:
    response = client.post("/diagnose/", {"text": text}, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_a_stranger_is_told_the_cause_the_verdict_and_the_fix(as_nobody: Client) -> None:
    page = paste(as_nobody, OVERLOAD)
    assert "The API is overloaded" in page
    assert "verdict--retry" in page
    assert "What to do" in page
    assert "Easily mistaken for" in page


def test_the_words_that_decided_are_marked_in_the_text(as_nobody: Client) -> None:
    marked = re.findall(r'<mark class="mark-evidence">(.*?)</mark>', paste(as_nobody, OVERLOAD))
    assert any("overloaded_error" in each for each in marked)


def test_htmx_gets_the_answer_alone(as_nobody: Client) -> None:
    page = paste(as_nobody, OVERLOAD, **HTMX)
    assert page.lstrip().startswith('<div id="answer"')
    assert "<html" not in page


def test_secrets_are_masked_wherever_the_text_is_shown_back(as_nobody: Client) -> None:
    text = (
        "POST /v1/messages x-api-key: sk-ant-api03-9f8e7d6c5b4a3f2e1d0c for ada@example.org\n"
        '401 {"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}'
    )
    page = paste(as_nobody, text)
    assert "9f8e7d6c5b4a" not in page
    assert "ada@example.org" not in page
    assert "The API key isn" in page


def test_what_is_pasted_can_inject_nothing(as_nobody: Client) -> None:
    page = paste(as_nobody, "<script>alert(1)</script> " + OVERLOAD)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_nothing_that_is_pasted_is_stored(as_alice: Client, project: Project) -> None:
    paste(as_alice, OVERLOAD)
    assert not Request.objects.exists()
    assert not Attempt.objects.exists()


def test_no_evidence_means_unknown_with_the_question_that_would_settle_it(as_nobody: Client) -> None:
    page = paste(as_nobody, "it does not work, please help")
    assert "This text doesn&#x27;t say what failed" in page or "This text doesn't say what failed" in page
    assert "verdict--unknown" in page
    assert "Did an HTTP answer come back" in page


def test_a_bare_status_names_the_code_and_continues_the_walk_behind_it(as_nobody: Client) -> None:
    page = paste(as_nobody, "API Error: 400")
    assert "The cause can&#x27;t be told from this text" in page or "The cause can't be told from this text" in page
    assert "What the text leaves open" in page
    assert "/walk/?answers=answer=client" in page


def test_a_bare_code_leads_to_its_page(as_nobody: Client) -> None:
    assert 'href="/reference/codes/529/"' in paste(as_nobody, "529")


def test_an_empty_box_is_answered_with_a_sentence(as_nobody: Client) -> None:
    assert "There is nothing in the box yet" in paste(as_nobody, "  \n ")


def test_a_text_beyond_the_limit_is_refused_with_the_name_of_the_setting(as_nobody: Client, settings: Settings) -> None:
    settings.TRIAGE_MAX_PASTE_CHARS = 50
    response = as_nobody.post("/diagnose/", {"text": "x" * 51})
    assert response.status_code == 413
    assert "TRIAGE_MAX_PASTE_CHARS" in response.content.decode()
    assert as_nobody.post("/diagnose/", {"text": "x" * 50}).status_code == 200


def test_the_team_is_told_how_often_it_saw_the_cause_and_where(tell: Tell, as_bob: Client) -> None:
    tell(OVERLOADED, OVERLOADED | {"request_id": "req_011Caaaaaaaaaaaaaaaanother"}, NO_CREDIT)
    page = paste(as_bob, OVERLOAD)
    assert "<strong>2 times</strong>" in page
    assert "only on <code>claude-opus-4-8</code>" in page
    assert 'href="/requests/req_011CaaaaaaaaaaaaaaaaOver/"' in page


def test_a_stranger_learns_nothing_of_the_teams_counts(tell: Tell, as_charlie: Client, as_nobody: Client) -> None:
    tell(OVERLOADED)
    for client in (as_charlie, as_nobody):
        page = paste(client, OVERLOAD)
        assert "Seen by your team" not in page
        assert "/requests/req_011CaaaaaaaaaaaaaaaaOver/" not in page


def test_every_example_offered_is_diagnosed_as_what_it_is_an_example_of(as_nobody: Client) -> None:
    offered = as_nobody.get("/diagnose/").context["examples"]
    assert offered
    for cause in offered:
        response = as_nobody.get("/diagnose/", {"example": cause.slug})
        assert response.context["answer"].cause == cause, cause.slug


def test_an_example_of_nothing_is_not_found(as_nobody: Client) -> None:
    assert as_nobody.get("/diagnose/?example=nothing").status_code == 404


@pytest.mark.parametrize("path", ["/diagnose/", "/walk/", "/reference/", "/reference/codes/529/"])
def test_a_setting_closes_the_open_pages(path: str, as_nobody: Client, as_charlie: Client, settings: Settings) -> None:
    assert as_nobody.get(path).status_code == 200
    settings.OPEN_REFERENCE = False
    response = as_nobody.get(path)
    assert (response.status_code, response["Location"]) == (302, f"/sign-in/?next={path}")
    assert as_charlie.get(path).status_code == 200


BAD_TOOL = (
    'API Error: 400 {"type":"error","error":{"type":"invalid_request_error","message":"tools.1.custom.'
    'input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"},'
    '"request_id":"req_011CaaaaaaaaaaaaaaaaTool"}'
)
REQUEST = {
    "model": "claude-opus-4-8",
    "max_tokens": 100,
    "tools": [
        {"name": "fine", "input_schema": {"type": "object"}},
        {"name": "mcp__jira__search", "input_schema": {"type": "object", "oneOf": [{"required": ["ada@example.org"]}]}},
    ],
    "messages": [{"role": "user", "content": "Hello"}],
}


def test_where_it_arose_is_said_in_one_line_with_its_evidence(as_nobody: Client) -> None:
    page = paste(as_nobody, "curl: (7) Failed to connect to 127.0.0.1 port 8082: Connection refused")
    assert "<strong>Your network.</strong>" in page
    assert "127.0.0.1:8082" in page


def test_a_bare_connection_error_asks_for_the_error_behind_it(as_nobody: Client) -> None:
    page = paste(as_nobody, "Connection error.")
    assert "First, get the error behind this one" in page
    assert "err.__cause__" in page
    assert "claude --debug" in page


def test_a_pointer_in_the_text_asks_for_the_request(as_nobody: Client) -> None:
    page = paste(as_nobody, BAD_TOOL)
    assert "<code>tools.1.custom.input_schema</code>" in page
    assert 'href="#added"' in page


def test_the_added_request_shows_the_very_element_by_name_with_what_the_checker_finds(as_nobody: Client) -> None:
    page = as_nobody.post("/diagnose/", {"text": BAD_TOOL, "request": json.dumps(REQUEST)}).content.decode()
    assert "tools.1 is <code>mcp__jira__search</code>, from server <code>jira</code>" in page
    assert "tools.1.custom.input_schema.oneOf" in page
    assert "Download it mended" in page
    assert page.index("The part at fault") < page.index("What to do")
    assert "ada@example.org" not in page


def test_the_request_may_come_as_a_file_and_be_another_one(as_nobody: Client) -> None:
    body = json.dumps(REQUEST | {"tools": []}).encode()
    file = SimpleUploadedFile("request.json", body)
    page = as_nobody.post("/diagnose/", {"text": BAD_TOOL, "request_file": file}).content.decode()
    assert "it may be another one than the text is about" in page


def test_an_added_request_that_cannot_be_read_leaves_the_diagnosis_whole(as_nobody: Client) -> None:
    page = as_nobody.post("/diagnose/", {"text": OVERLOAD, "request": "{nonsense"}).content.decode()
    assert "The added request can&#x27;t be read" in page or "The added request can't be read" in page
    assert "The API is overloaded" in page


def test_an_added_request_beyond_the_limit_is_refused_with_the_name_of_the_setting(
    as_nobody: Client, settings: Settings
) -> None:
    settings.TRIAGE_MAX_REQUEST_BYTES = 20
    response = as_nobody.post("/diagnose/", {"text": OVERLOAD, "request": "x" * 21})
    assert response.status_code == 413
    assert "TRIAGE_MAX_REQUEST_BYTES" in response.content.decode()


def test_several_errors_are_listed_and_one_decides(as_nobody: Client) -> None:
    credit = NO_CREDIT["error"]
    text = f"{OVERLOAD}\nthen, an hour later:\nError code: 400 - {json.dumps({'type': 'error', 'error': credit})}"
    page = paste(as_nobody, text)
    assert "2 errors in this text" in page
    assert page.count("Decides</span>") == 1


def test_the_way_out_of_the_client_is_open_and_those_of_others_are_folded(as_nobody: Client) -> None:
    text = f"API Error: 400 {json.dumps({'type': 'error', 'error': NO_CREDIT['error']})}"
    response = as_nobody.post("/diagnose/", {"text": text})
    mine, others = response.context["answer"].ways_out
    assert [way.client for way in mine] == ["claude-code"]
    assert others
    assert "The way out" in response.content.decode()


def test_a_reset_and_a_credential_are_told_with_how_to_see_them(as_nobody: Client) -> None:
    limit = paste(as_nobody, "You've hit your limit · resets 3am (Europe/Berlin)")
    assert "The limit ends" in limit
    assert "3am (Europe/Berlin)" in limit
    login = paste(as_nobody, "API Error: 401 OAuth token has expired. Please run /login")
    assert "A login (OAuth)" in login
    assert "See which one it is" in login


def test_every_kind_of_credential_and_of_asked_program_has_words() -> None:
    assert set(wording.CREDENTIALS) == set(get_args(CredentialKind))
    asked = diagnose("Connection error.").fault
    assert asked is not None
    assert {ask.client for ask in asked.asks} <= set(wording.ASKED)


def test_an_unknown_failure_is_grouped_and_drafted_for_people_of_a_team(
    tell: Tell, as_bob: Client, as_charlie: Client, as_nobody: Client
) -> None:
    tell({"failed": True, "error": {"message": "the flux of order 17 turned sour"}})
    tell({"failed": True, "error": {"message": "the flux of order 18 turned sour"}})
    text = "the flux of order 5512 turned sour"
    theirs = as_bob.post("/diagnose/", {"text": text}).context["answer"]
    assert theirs.diagnosis.template == "the flux of order <n> turned sour"
    page = paste(as_bob, text)
    assert "Your team met it" in page
    assert "fixes:" in page
    strangers = paste(as_charlie, text)
    assert "Your team met it" not in strangers
    assert "fixes:" in strangers
    anonymous = paste(as_nobody, text)
    assert "the flux of order &lt;n&gt; turned sour" in anonymous
    assert "fixes:" not in anonymous


def test_what_to_do_first_stands_in_the_answers_head(as_nobody: Client) -> None:
    head = paste(as_nobody, OVERLOAD).split("Why this cause")[0]
    assert "Do first" in head
    stuck = paste(as_nobody, "API Error: 400 messages.3.content.0.image.source.base64: image exceeds 5 MB maximum")
    assert "With an empty prompt press Esc twice" in stuck.split("Why this cause")[0]


def test_the_answer_of_the_api_alone_is_met_with_what_helps_any_program(as_nobody: Client) -> None:
    head = paste(as_nobody, json.dumps({"type": "error", "error": OVERLOADED["error"]})).split("Why this cause")[0]
    assert "Retry with backoff" in head
    assert "type try again" not in head


def test_a_retired_model_is_told_in_the_answers_head(as_nobody: Client) -> None:
    answer = '404 {"type":"error","error":{"type":"not_found_error","message":"model: claude-3-opus-20240229"}}'
    assert "2026-01-05" in paste(as_nobody, answer).split("Why this cause")[0]
