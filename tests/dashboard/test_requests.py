"""Requests: the list, one by its id, and what a stranger must not learn."""

import datetime as dt

import pytest
from django.test import Client

from tests.dashboard.conftest import FINE, NO_CREDIT, OVERLOADED, Tell
from triage.models import Project, Request


def test_the_list_shows_what_failed_and_not_what_went_well(tell: Tell, as_alice: Client) -> None:
    tell(OVERLOADED, FINE)
    page = as_alice.get("/requests/").content.decode()
    assert OVERLOADED["request_id"] in page
    assert FINE["request_id"] not in page
    assert FINE["request_id"] in as_alice.get("/requests/?outcome=succeeded").content.decode()
    assert FINE["request_id"] in as_alice.get("/requests/?outcome=all").content.decode()


def test_a_teammate_opens_a_request_by_the_id_that_the_api_gave_it(tell: Tell, as_bob: Client) -> None:
    tell({**OVERLOADED, "duration_ms": 1234})
    response = as_bob.get(f"/requests/{OVERLOADED['request_id']}/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "Failed: The API is overloaded" in page
    assert "1.2 s" in page
    assert "verdict--retry" in page


def test_every_attempt_of_a_rescued_request_stands_in_order(tell: Tell, as_alice: Client) -> None:
    tell(
        {**OVERLOADED, "call": "c", "attempt": 1, "request_id": "req_011CfirstAttempt00000000"},
        {**FINE, "call": "c", "attempt": 2},
    )
    page = as_alice.get("/requests/req_011CfirstAttempt00000000/").content.decode()
    assert "Rescued after one failed attempt" in page
    assert page.index("Attempt 1") < page.index("Attempt 2")


def test_attempts_that_no_report_describes_are_told_as_such(tell: Tell, as_alice: Client) -> None:
    tell({**OVERLOADED, "attempts": 3})
    page = as_alice.get(f"/requests/{OVERLOADED['request_id']}/").content.decode()
    assert "2 more attempts failed before" in page


def test_a_request_without_an_id_of_the_api_is_found_by_our_own_number(tell: Tell, as_alice: Client) -> None:
    tell({"exception": "anthropic.APIConnectionError", "outcome": "failed"})
    number = Request.objects.get().pk
    assert f'href="/requests/{number}/"' in as_alice.get("/requests/").content.decode()
    assert "The API returned no request id" in as_alice.get(f"/requests/{number}/").content.decode()


def test_the_rate_limits_head_room_is_shown_from_the_answers_headers(tell: Tell, as_alice: Client) -> None:
    headers = {
        "anthropic-ratelimit-input-tokens-limit": "400000",
        "anthropic-ratelimit-input-tokens-remaining": "1200",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-21T23:00:00Z",
    }
    tell({**OVERLOADED, "headers": headers})
    page = as_alice.get(f"/requests/{OVERLOADED['request_id']}/").content.decode()
    assert "1\u202f200 of 400\u202f000 left" in page


def test_the_text_for_the_support_desk_holds_id_time_and_words(tell: Tell, as_alice: Client) -> None:
    tell(NO_CREDIT)
    page = as_alice.get(f"/requests/{NO_CREDIT['request_id']}/").content.decode()
    assert f"Request id: {NO_CREDIT['request_id']}" in page
    assert "Attempt 1 at " in page


def test_two_reports_with_one_id_are_both_reachable(tell: Tell, as_alice: Client) -> None:
    tell({**OVERLOADED, "id": "one", "call": "one"}, {**OVERLOADED, "id": "two", "call": "two"})
    assert "One more report carries this id" in as_alice.get(f"/requests/{OVERLOADED['request_id']}/").content.decode()


@pytest.mark.parametrize("identifier", ["req_011CnobodyReportedThis00", "999999", "0", "%F0%9F%A6%8A", "a" * 300])
def test_an_id_that_nobody_reported_says_what_may_be_the_reason(
    identifier: str, project: Project, as_alice: Client
) -> None:
    response = as_alice.get(f"/requests/{identifier}/")
    assert response.status_code == 404
    assert "No report carries this id" in response.content.decode()


def test_a_strangers_look_at_a_request_is_answered_as_if_there_were_none(
    tell: Tell, as_charlie: Client, as_nobody: Client
) -> None:
    tell(OVERLOADED)
    number = Request.objects.get().pk
    for identifier in (OVERLOADED["request_id"], number):
        response = as_charlie.get(f"/requests/{identifier}/")
        assert response.status_code == 404
        assert "overloaded" not in response.content.decode().lower()
        assert as_nobody.get(f"/requests/{identifier}/").status_code == 302
    assert OVERLOADED["request_id"] not in as_charlie.get("/requests/?outcome=all").content.decode()


def test_pages_of_several_projects_follow_each_other_without_a_gap_or_a_repetition(
    tell: Tell, as_alice: Client, alice: object
) -> None:
    second = Project.objects.create(slug="second", name="Second")
    second.memberships.create(user=alice, role="owner")
    for n in range(0, 130, 10):
        ids = [f"req_011Cpage{number:018d}" for number in range(n, n + 10)]
        tell(
            *[{**OVERLOADED, "request_id": each, "id": each} for each in ids],
            ago=dt.timedelta(seconds=n // 20),
            into=second if n % 20 else None,
        )
    seen: list[str] = []
    address = "/requests/"
    while address:
        response = as_alice.get(address)
        seen += [each.api_request_id for each in response.context["requests"]]
        older = response.context["older"]
        address = f"/requests/?before={older.replace('+', '%2B')}" if older else ""
    assert len(seen) == 130
    assert len(set(seen)) == 130


@pytest.mark.parametrize("query", ["before=x", "before=~5", "before=soon~5", "status=4o4", "outcome=x"])
def test_no_query_breaks_the_list(query: str, project: Project, as_alice: Client) -> None:
    assert as_alice.get(f"/requests/?{query}").status_code == 200


def test_the_list_can_be_narrowed_by_status_and_window(tell: Tell, as_alice: Client) -> None:
    tell(OVERLOADED, NO_CREDIT)
    page = as_alice.get("/requests/?status=400&window=1h").content.decode()
    assert NO_CREDIT["request_id"] in page
    assert OVERLOADED["request_id"] not in page


def test_the_search_of_the_frame_opens_a_request(as_alice: Client, as_nobody: Client) -> None:
    found = as_alice.get("/find/?q= see req_011CabcdefghijklmnopqrST please")
    assert found["Location"] == "/requests/req_011CabcdefghijklmnopqrST/"
    assert as_alice.get("/find/?q=529")["Location"] == "/reference/codes/529/"
    assert as_nobody.get("/find/?q=too many tokens")["Location"] == "/reference/?q=too+many+tokens"


def test_where_the_failure_arose_stands_with_the_request(tell: Tell, as_bob: Client) -> None:
    tell(OVERLOADED)
    page = as_bob.get(f"/requests/{OVERLOADED['request_id']}/").content.decode()
    assert "Where it arose:</span> Anthropic&#x27;s API" in page or "Where it arose:</span> Anthropic's API" in page
