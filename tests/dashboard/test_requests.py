"""Requests: the list, one by its id, and what a stranger must not learn."""

import datetime as dt
import itertools

import pytest
from django.test import Client
from django.utils import timezone

from dashboard import lookup
from tests.dashboard.conftest import FINE, NO_CREDIT, OVERLOADED, Tell
from triage.models import Project, Request


def test_the_list_shows_what_failed_and_not_what_went_well(tell: Tell, as_alice: Client) -> None:
    tell(OVERLOADED, FINE)
    page = as_alice.get("/requests/").content.decode()
    assert OVERLOADED["request_id"] in page
    assert FINE["request_id"] not in page
    assert FINE["request_id"] in as_alice.get("/requests/?outcome=succeeded").content.decode()
    assert FINE["request_id"] in as_alice.get("/requests/?outcome=all").content.decode()


def test_what_succeeded_gives_the_list_no_cause_to_choose(tell: Tell, as_alice: Client) -> None:
    tell(FINE, {"failed": True, "error": "the flux turned sour"})
    selects = {select.name: select for select in as_alice.get("/requests/").context["selects"]}
    assert [option.label for option in selects["cause"].options] == ["Cause not known"]


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


def test_pages_of_several_projects_follow_each_other_both_ways_without_a_gap_or_a_repetition(
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
    pages = [as_alice.get("/requests/")]
    while pages[-1].context["older"]:
        pages.append(as_alice.get(f"/requests/{pages[-1].context['older']}"))
    shown = [[each.pk for each in page.context["requests"]] for page in pages]
    assert [len(page) for page in shown] == [50, 50, 30]
    assert len({pk for page in shown for pk in page}) == 130
    tell({**OVERLOADED, "id": "meanwhile", "request_id": "req_011Cmeanwhile00000000000"})
    back = as_alice.get(f"/requests/{pages[2].context['newer']}")
    assert [each.pk for each in back.context["requests"]] == shown[1]
    first = as_alice.get(f"/requests/{back.context['newer']}")
    assert [each.pk for each in first.context["requests"]] == shown[0]
    assert first.context["newer"], "what came in meanwhile"


@pytest.mark.parametrize(
    "query",
    [
        "before=x",
        "before=~5",
        "before=soon~5",
        "after=2026-01-01~5",
        "before=~&after=~",
        "before=0001-01-01T00:00%2B14:00~5",
        "after=9999-12-31T23:59:59-14:00~5",
        "from=9999-12-31T23:00Z&to=9999-12-31T23:59:59Z",
        "from=0001-01-01T00:00%2B14:00",
    ],
)
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


VARIED = {
    **OVERLOADED,
    "model": "claude-haiku-4-5",
    "service": "search",
    "team": "web",
    "environment": "staging",
    "user": "ann",
    "client": "claude-code/2.1.197",
    "streamed": True,
    "duration_ms": 45_000,
}
THE_FILTERS = {
    "category": "server",
    "cause": "overloaded",
    "status": "529",
    "model": "claude-haiku-4-5",
    "service": "search",
    "team": "web",
    "environment": "staging",
    "user": "ann",
    "client": "claude-code",
    "streamed": "yes",
    "slow": "30",
    "window": "1h",
}


def listed(browser: Client, query: dict[str, str]) -> set[str]:
    return {each.api_request_id for each in browser.get("/requests/", query).context["requests"]}


def test_every_filter_and_every_two_of_them_narrow_the_list(tell: Tell, as_alice: Client) -> None:
    tell(VARIED)
    tell(NO_CREDIT, ago=dt.timedelta(days=2))
    for one, other in itertools.combinations_with_replacement(THE_FILTERS, 2):
        asked = {one: THE_FILTERS[one], other: THE_FILTERS[other]}
        assert listed(as_alice, asked) == {VARIED["request_id"]}, asked
    assert listed(as_alice, {"service": "search", "status": "400"}) == set()
    assert listed(as_alice, {"user": "-"}) == set()


def test_what_was_not_told_can_be_asked_for(tell: Tell, as_alice: Client) -> None:
    tell(VARIED, {"exception": "anthropic.APIConnectionError", "outcome": "failed"})
    for name in ("team", "environment", "streamed", "status"):
        assert listed(as_alice, {name: "-"}) == {""}, name


def test_the_tabs_count_what_the_other_filters_leave(tell: Tell, as_alice: Client) -> None:
    tell(VARIED, {**FINE, "service": "search"}, FINE)
    for query in ({"service": "search"}, {"service": "search", "window": "1h"}):
        tabs = as_alice.get("/requests/", query).context["tabs"]
        assert {name: number.value for name, _, number, _ in tabs} == {
            "failed": 1,
            "rescued": 0,
            "succeeded": 1,
            "all": 2,
        }
    tabs = as_alice.get("/requests/?user=ann").context["tabs"]
    assert [number.value for _, _, number, _ in tabs] == [1, 0, 0, 1]


def test_each_filter_is_a_chip_that_takes_only_itself_off(tell: Tell, as_alice: Client) -> None:
    tell(VARIED)
    sieve = as_alice.get("/requests/?service=search&slow=30&before=x").context["sieve"]
    assert [(chip.value, chip.without) for chip in sieve.chips] == [
        ("search", "?slow=30"),
        ("30 s or more", "?service=search"),
    ]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("status=4o4", "“4o4” is no HTTP status; they are 100 to 599."),
        ("slow=7", "10, 30, 60, 300 seconds"),
        ("streamed=perhaps", "it can be yes or no"),
        ("outcome=x", "choose one of failed, rescued, succeeded, all"),
        ("window=1y", "is no window"),
        (f"user={'u' * 81}", "more than 80 characters"),
    ],
)
def test_what_cannot_be_read_is_named_and_left_out(query: str, words: str, tell: Tell, as_alice: Client) -> None:
    tell(OVERLOADED)
    response = as_alice.get(f"/requests/?{query}")
    assert words in response.content.decode()
    assert len(response.context["requests"]) == 1


def test_more_than_can_be_counted_is_told_as_at_least(
    tell: Tell, as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "MOST_COUNTED", 2)
    monkeypatch.setattr(lookup, "_COUNTED_ONE_BY_ONE", 2)
    tell(*[{**VARIED, "id": f"n{n}"} for n in range(4)])
    for query in ("", "?window=1h", "?user=ann"):
        response = as_alice.get(f"/requests/{query}")
        assert all(number.capped for name, _, number, _ in response.context["tabs"] if name in ("failed", "all")), query
        assert "+</span>" in response.content.decode()


def test_a_filter_that_only_old_requests_meet_finds_them(
    tell: Tell, as_alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "_WALKED", 5)
    tell(*[{**VARIED, "id": f"old{n}", "request_id": f"old{n}"} for n in range(60)], ago=dt.timedelta(hours=3))
    tell(*[{**OVERLOADED, "id": f"new{n}", "user": "ann"} for n in range(20)])
    for query in ({"service": "search"}, {"service": "search", "user": "ann"}):
        first = as_alice.get("/requests/", query)
        assert len(first.context["requests"]) == 50
        rest = as_alice.get(f"/requests/{first.context['older']}").context["requests"]
        assert len(rest) == 10
        assert len({each.pk for each in [*first.context["requests"], *rest]}) == 60


def test_failures_like_this_one_are_counted_and_listed(tell: Tell, as_alice: Client) -> None:
    tell({**VARIED, "id": "earlier", "request_id": "earlier"}, ago=dt.timedelta(hours=5))
    tell(VARIED, NO_CREDIT)
    story = as_alice.get(f"/requests/{VARIED['request_id']}/").context["story"]
    assert [alike.number.value for alike in story.neighbours.alike] == [1, 2]
    day = as_alice.get(story.neighbours.alike[1].href)
    assert {each.api_request_id for each in day.context["requests"]} == {VARIED["request_id"], "earlier"}


def test_what_other_services_saw_in_the_same_minute_stands_beside(tell: Tell, as_bob: Client) -> None:
    tell(OVERLOADED, {**NO_CREDIT, "service": "other-service"})
    beside = as_bob.get(f"/requests/{OVERLOADED['request_id']}/").context["story"].neighbours.same_minute
    assert {(each.cause, each.service, each.failures) for each in beside} == {
        ("overloaded", "ticket-answerer", 1),
        ("credit_balance_too_low", "other-service", 1),
    }


def test_the_wait_between_two_tries_is_drawn_between_them(tell: Tell, as_alice: Client) -> None:
    at = timezone.now()
    tell(
        {**OVERLOADED, "call": "c", "attempt": 1, "at": at.isoformat(), "duration_ms": 1000},
        {**FINE, "call": "c", "attempt": 2, "at": (at + dt.timedelta(seconds=3)).isoformat(), "duration_ms": 1000},
    )
    response = as_alice.get(f"/requests/{OVERLOADED['request_id']}/")
    second = response.context["story"].tries[1]
    assert (second.waited_ms, second.waited_left, second.waited_width) == (2000, 25.0, 50.0)
    assert "span-wait" in response.content.decode()
    assert "Each try was reported by itself" in response.content.decode()
