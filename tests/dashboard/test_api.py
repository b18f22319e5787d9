"""The JSON contract that other programs rely on: who may ask, what is answered, how it is refused."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dashboard.api.attempts import _FIELDS
from dashboard.api.schemas import Check, Diagnosis
from tests.dashboard.conftest import FINE, NO_CREDIT, OVERLOADED, Tell
from triage.checker import check
from triage.diagnosis import diagnose
from triage.ingest import attempts_json
from triage.knowledge import load
from triage.models import IngestKey, Project

TEXT = '429 {"type":"error","error":{"type":"rate_limit_error","message":"Number of requests has exceeded your limit"}}'
TEAM_PATHS = ["/api/v1/rates", "/api/v1/issues", "/api/v1/requests/req_011CaaaaaaaaaaaaaaaaOver"]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def ask(client: Client, text: str, **more: Any) -> Any:
    return client.post("/api/v1/diagnose", {"text": text}, content_type="application/json", **more)


def test_a_stranger_is_answered_like_the_command_line(as_nobody: Client) -> None:
    response = ask(as_nobody, TEXT)
    assert response.status_code == 200
    assert response.json() == json.loads(json.dumps(diagnose(TEXT).as_dict()))
    assert response.json()["http_status"] == 429


def test_the_setting_closes_the_diagnosis_to_all_but_keys_and_people(
    as_nobody: Client, as_charlie: Client, key: str, settings: Settings
) -> None:
    settings.OPEN_REFERENCE = False
    assert ask(as_nobody, TEXT).status_code == 401
    assert as_nobody.get("/api/v1/causes").status_code == 401
    assert ask(as_nobody, TEXT, headers=bearer(key)).status_code == 200
    assert as_charlie.get("/api/v1/causes").status_code == 200


def test_a_session_of_a_browser_posts_only_with_the_pages_token_where_the_reference_is_closed(
    alice: Any, settings: Settings
) -> None:
    settings.OPEN_REFERENCE = False
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert ask(browser, TEXT).status_code == 403


def test_a_text_beyond_the_limit_names_the_setting(as_nobody: Client, settings: Settings) -> None:
    settings.TRIAGE_MAX_PASTE_CHARS = 10
    response = ask(as_nobody, "x" * 11)
    assert response.status_code == 413
    assert response.json()["setting"] == "TRIAGE_MAX_PASTE_CHARS"
    assert response.json()["limit"] == 10


def test_a_body_beyond_all_bounds_names_the_setting_too(as_nobody: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = ask(as_nobody, "x" * 200)
    assert response.status_code == 413
    assert response.json()["setting"] == "TRIAGE_MAX_PASTE_CHARS"


@pytest.mark.parametrize("body", ["", "{", "[]", '{"text": 5}', '{"txt": "x"}', "null"])
def test_a_body_of_another_shape_is_refused_not_an_error_of_ours(body: str, as_nobody: Client) -> None:
    response = as_nobody.post("/api/v1/diagnose", body, content_type="application/json")
    assert response.status_code in (400, 422)
    assert "detail" in response.json()


def test_secrets_of_the_text_do_not_come_back(as_nobody: Client) -> None:
    text = '{"type":"error","error":{"type":"authentication_error","message":"bad key sk-ant-api03-1a2b3c4d5e6f7g8h"}}'
    assert "1a2b3c4d5e6f" not in ask(as_nobody, text).content.decode()


@pytest.mark.parametrize("path", TEAM_PATHS)
def test_the_teams_numbers_need_a_key_or_a_session(path: str, tell: Tell, as_nobody: Client) -> None:
    tell(OVERLOADED)
    for headers in ({}, bearer("tri_unknown"), {"Authorization": "Basic YTpi"}):
        response = as_nobody.get(path, headers=headers)
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key_opens_nothing(key: str, as_nobody: Client) -> None:
    IngestKey.objects.update(revoked_at=timezone.now())
    assert as_nobody.get("/api/v1/rates", headers=bearer(key)).status_code == 401


def test_rates_are_exact_and_come_with_the_window_before(
    tell: Tell, key: str, as_nobody: Client, as_bob: Client
) -> None:
    tell(OVERLOADED, NO_CREDIT, FINE, {"status": 200})
    for told in (as_nobody.get("/api/v1/rates?window=1h", headers=bearer(key)), as_bob.get("/api/v1/rates?window=1h")):
        rates = told.json()
        assert rates["window"]["name"] == "1h"
        assert rates["totals"] == {
            "attempts": 4,
            "failures": 2,
            "requests": 4,
            "failed_requests": 2,
            "rescued_requests": 0,
            "attempt_rate": 0.5,
            "request_rate": 0.5,
        }
        assert rates["before"]["attempts"] == 0
        assert rates["before"]["attempt_rate"] is None
        assert sum(bucket["failures"] for bucket in rates["series"]) == 2
        assert {part["value"] for part in rates["by_category"]} == {"server", "billing"}
        assert {part["value"] for part in rates["by_cause"]} == {"overloaded", "credit_balance_too_low"}
        assert rates["heard"][0]["client"] == "json"


def test_rates_are_narrowed_by_what_failed_and_where(tell: Tell, as_bob: Client) -> None:
    tell(OVERLOADED, NO_CREDIT, FINE)
    assert as_bob.get("/api/v1/rates?category=billing").json()["totals"]["failures"] == 1
    assert as_bob.get("/api/v1/rates?service=another").json()["totals"]["attempts"] == 0


def test_a_window_that_cannot_be_read_is_refused_with_the_reason(project: Project, as_bob: Client) -> None:
    response = as_bob.get("/api/v1/rates?window=soon")
    assert response.status_code == 400
    assert "soon" in response.json()["detail"]


@pytest.mark.parametrize(
    "query", ["from=9999-12-31T23:00Z&to=9999-12-31T23:59:59Z", "from=0001-01-01T00:00%2B14:00"], ids=["last", "first"]
)
def test_a_window_at_the_calendars_ends_is_refused_with_the_reason(
    query: str, project: Project, as_bob: Client
) -> None:
    response = as_bob.get(f"/api/v1/rates?{query}")
    assert response.status_code == 400
    assert "years 2000 to 2100" in response.json()["detail"]


def test_issues_are_listed_with_their_state(tell: Tell, as_bob: Client) -> None:
    tell(OVERLOADED, NO_CREDIT)
    told = as_bob.get("/api/v1/issues").json()
    assert told["total"] == 2
    assert {issue["cause"] for issue in told["issues"]} == {"overloaded", "credit_balance_too_low"}
    assert all(issue["state"] == "open" and issue["project"] == "alices-project" for issue in told["issues"])
    assert as_bob.get("/api/v1/issues?state=resolved").json() == {"total": 0, "issues": []}
    assert as_bob.get("/api/v1/issues?cause=overloaded").json()["total"] == 1
    assert len(as_bob.get("/api/v1/issues?limit=1").json()["issues"]) == 1
    assert as_bob.get("/api/v1/issues?state=nonsense").status_code == 422


@pytest.mark.parametrize("query", ["offset=-1", f"offset={10**20}", "limit=0", "limit=501", f"limit={10**20}"])
def test_a_slice_of_the_issues_beyond_its_bounds_is_refused_by_name(
    query: str, project: Project, as_bob: Client
) -> None:
    response = as_bob.get(f"/api/v1/issues?{query}")
    assert response.status_code == 422
    assert query.partition("=")[0] in response.json()["detail"][0]["loc"]


def test_past_the_last_issue_there_are_none(tell: Tell, as_bob: Client) -> None:
    tell(OVERLOADED)
    assert as_bob.get(f"/api/v1/issues?offset={10**9}&limit=500").json() == {"total": 1, "issues": []}


def test_a_request_is_told_by_its_id(tell: Tell, as_bob: Client) -> None:
    tell(OVERLOADED)
    one = as_bob.get("/api/v1/requests/req_011CaaaaaaaaaaaaaaaaOver").json()
    assert one["others"] == []
    assert (one["outcome"], one["cause"], one["http_status"]) == ("failed", "overloaded", 529)
    (attempt,) = one["attempts"]
    assert (attempt["error_type"], attempt["message"]) == ("overloaded_error", "Overloaded")
    assert as_bob.get("/api/v1/requests/req_unknown").status_code == 404


def test_a_stranger_gets_nothing_of_another_team(tell: Tell, others_project: Project, as_charlie: Client) -> None:
    tell(OVERLOADED)
    assert as_charlie.get("/api/v1/rates").json()["totals"]["attempts"] == 0
    assert as_charlie.get("/api/v1/rates?project=alices-project").status_code == 404
    assert as_charlie.get("/api/v1/issues").json()["total"] == 0
    assert as_charlie.get("/api/v1/issues?project=alices-project").status_code == 404
    assert as_charlie.get("/api/v1/requests/req_011CaaaaaaaaaaaaaaaaOver").status_code == 404


def test_a_key_opens_its_own_project_only(tell: Tell, others_project: Project, as_nobody: Client) -> None:
    tell(OVERLOADED)
    theirs = bearer(IngestKey.issue(others_project)[1])
    assert as_nobody.get("/api/v1/rates", headers=theirs).json()["totals"]["attempts"] == 0
    assert as_nobody.get("/api/v1/requests/req_011CaaaaaaaaaaaaaaaaOver", headers=theirs).status_code == 404


def test_the_causes_are_all_there_and_each_can_be_read_whole(as_nobody: Client) -> None:
    told = as_nobody.get("/api/v1/causes").json()["causes"]
    assert {cause["slug"] for cause in told} == set(load().causes)
    whole = as_nobody.get("/api/v1/causes/overloaded").json()
    assert whole["retry"]["retryable"] is True
    assert whole["fixes"]
    assert as_nobody.get("/api/v1/causes/nothing").status_code == 404


def test_the_description_holds_every_operation_and_the_one_outside_of_django(as_nobody: Client) -> None:
    schema = as_nobody.get("/api/v1/openapi.json").json()
    assert set(schema["paths"]) == {
        "/api/v1/attempts",
        "/api/v1/diagnose",
        "/api/v1/check",
        "/api/v1/checks",
        "/api/v1/rates",
        "/api/v1/issues",
        "/api/v1/requests/{request_id}",
        "/api/v1/verdict",
        "/api/v1/causes",
        "/api/v1/causes/{slug}",
    }
    security = schema["paths"]["/api/v1/attempts"]["post"]["security"][0]
    assert set(security) <= set(schema["components"]["securitySchemes"])


def test_the_described_fields_of_a_report_are_those_that_are_read() -> None:
    assert set(_FIELDS) == set(attempts_json._FIELDS)


def test_the_described_diagnosis_has_the_fields_that_are_answered() -> None:
    assert set(diagnose("").as_dict()) == set(Diagnosis.model_fields)
    Diagnosis.model_validate(diagnose(TEXT).as_dict())


UNPAIRED = {
    "model": "claude-opus-4-8",
    "max_tokens": 100,
    "messages": [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_01", "name": "search", "input": {}}]},
    ],
}


def ask_check(client: Client, body: Any, query: str = "", **more: Any) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(f"/api/v1/check{query}", text, content_type="application/json", **more)


@pytest.mark.parametrize("wrapped", [UNPAIRED, {"request": UNPAIRED}, {"request": json.dumps(UNPAIRED)}])
def test_a_request_is_checked_by_itself_and_in_an_envelope(wrapped: Any, as_nobody: Client) -> None:
    response = ask_check(as_nobody, wrapped)
    assert response.status_code == 200
    assert response.json() == json.loads(json.dumps(check(UNPAIRED).as_dict()))
    assert Check(**response.json()).findings[0].cause == "tool_use_without_result"


def test_the_mended_request_can_be_left_out_and_the_endpoint_be_named(as_nobody: Client) -> None:
    told = ask_check(as_nobody, UNPAIRED, "?mended=false&endpoint=bedrock").json()
    assert "mended" not in told
    assert told["endpoint"] == "bedrock"
    assert ask_check(as_nobody, UNPAIRED, "?endpoint=elsewhere").status_code == 422


@pytest.mark.parametrize(
    "body", ["", "{", '{"request": ', "[]", '{"request": 5}', "[" * 50_000, '{"request":' * 50_000]
)
def test_what_is_no_request_is_answered_with_why(body: str, as_nobody: Client) -> None:
    told = ask_check(as_nobody, body).json()
    assert not told["clean"]
    assert told["unreadable"]["message"]


def test_a_request_beyond_the_limit_names_its_setting(as_nobody: Client, settings: Settings) -> None:
    settings.TRIAGE_MAX_REQUEST_BYTES = 50
    assert ask_check(as_nobody, UNPAIRED).json()["setting"] == "TRIAGE_MAX_REQUEST_BYTES"
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 60
    response = ask_check(as_nobody, UNPAIRED)
    assert response.status_code == 413
    assert response.json()["setting"] == "TRIAGE_MAX_REQUEST_BYTES"


def test_the_check_is_open_like_the_diagnosis(
    as_nobody: Client, as_charlie: Client, key: str, settings: Settings
) -> None:
    settings.OPEN_REFERENCE = False
    assert ask_check(as_nobody, UNPAIRED).status_code == 401
    assert ask_check(as_nobody, UNPAIRED, headers=bearer(key)).status_code == 200
    assert ask_check(as_charlie, UNPAIRED).status_code == 200


def test_the_check_stands_in_the_description(as_nobody: Client) -> None:
    operation = as_nobody.get("/api/v1/openapi.json").json()["paths"]["/api/v1/check"]["post"]
    assert set(operation["requestBody"]["content"]) == {"application/json", "text/plain", "application/x-ndjson"}
    assert {int(status) for status in operation["responses"]} == {200, 413, 503}
