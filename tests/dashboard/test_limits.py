"""Who used up the limit: shares of tries and tokens, kinds of limits, and what can't be known."""

import datetime as dt

import pytest
from django.test import Client

from dashboard.head_room import HeadRoom
from dashboard.limit_use import kind_of
from tests.dashboard.conftest import FINE, OVERLOADED, Tell
from triage.models import Issue, Project

TOO_MANY_TOKENS = {
    "status": 429,
    "error": {
        "type": "rate_limit_error",
        "message": "This request would exceed the rate limit for your organization of 30,000 input tokens per minute.",
    },
    "request_id": "req_011CaaaaaaaaaaaaaaTokens",
    "service": "greedy",
    "user": "ann",
    "headers": {
        "anthropic-ratelimit-input-tokens-limit": "30000",
        "anthropic-ratelimit-input-tokens-remaining": "0",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-21T22:00:12Z",
        "anthropic-organization-id": "11111111-2222-3333-4444-555555555555",
    },
}
GREEDY = {**FINE, "service": "greedy", "team": "data", "user": "ann", "tokens": {"input": 27_000, "output": 100}}
MODEST = {**FINE, "service": "modest", "team": "web", "user": "ben", "tokens": {"input": 3_000, "output": 300}}


def shares(client: Client, query: str = "") -> dict[str, tuple[int, int, int]]:
    use = client.get(f"/limits/{query}").context["use"]
    return {row.value: (row.attempts, row.input_tokens, row.refused) for row in use.rows}


@pytest.fixture
def told(tell: Tell) -> None:
    tell({**GREEDY, "id": "a"}, {**MODEST, "id": "b"}, {**FINE, "id": "c", "service": "modest"}, TOO_MANY_TOKENS)


def test_each_service_is_shown_with_its_tries_tokens_and_refusals(told: None, as_alice: Client) -> None:
    assert shares(as_alice) == {"greedy": (2, 27_000, 1), "modest": (2, 3_000, 0)}
    page = as_alice.get("/limits/").content.decode()
    assert "90.0\u00a0%" in page
    assert "Tokens were told of 2 of 4 requests" in page


def test_use_is_told_apart_by_team_model_and_user_as_well(told: None, as_bob: Client) -> None:
    assert shares(as_bob, "?by=user") == {"ann": (2, 27_000, 1), "ben": (1, 3_000, 0), "": (1, 0, 0)}
    assert shares(as_bob, "?by=team")["data"] == (1, 27_000, 0)
    assert shares(as_bob, "?by=model") == {"claude-opus-4-8": (4, 30_000, 1)}
    assert shares(as_bob, "?model=claude-haiku-4-5") == {}


def test_the_kind_of_limit_its_organisation_and_what_was_left_are_named(told: None, as_alice: Client) -> None:
    response = as_alice.get("/limits/")
    refusals = response.context["refusals"]
    assert refusals.kinds == [("rate_limit_input_tokens", 1)]
    assert refusals.accounts == [("11111111-2222-3333-4444-555555555555", "", 1)]
    assert [(each.room.remaining, each.room.limit) for each in refusals.readings] == [(0, 30_000)]
    assert "Input tokens a minute" in response.content.decode()


def test_headers_name_the_limit_where_words_do_not() -> None:
    empty = HeadRoom("output tokens", 1000, 0, None)
    some = HeadRoom("requests", 50, 3, None)
    assert kind_of("rate_limit_unspecified", [empty, some]) == "rate_limit_output_tokens"
    assert kind_of("rate_limit_unspecified", [some]) == "rate_limit_unspecified"
    assert kind_of("rate_limit_acceleration", [empty]) == "rate_limit_acceleration"


def test_a_refused_request_shows_who_used_the_window(told: None, as_alice: Client) -> None:
    response = as_alice.get(f"/requests/{TOO_MANY_TOKENS['request_id']}/")
    limit = response.context["story"].neighbours.limit
    assert [row.value for row in limit.use.rows] == ["greedy", "modest"]
    assert "Who used the window" in response.content.decode()
    assert shares(as_alice, limit.href.removeprefix("/limits/")) == {
        "greedy": (2, 27_000, 1),
        "modest": (2, 3_000, 0),
    }


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?window=7d", "at most 24 hours"),
        ("?window=1y", "is no window"),
        ("?from=2026-01-01T00:00Z&to=2026-01-03T00:00Z", "at most 24 hours"),
        ("?from=9999-12-31T23:00Z&to=9999-12-31T23:59:59Z", "years 2000 to 2100"),
        ("?by=colour", "Nothing was sent in this window"),
    ],
)
def test_what_cannot_be_shown_is_said(query: str, words: str, project: Project, as_alice: Client) -> None:
    response = as_alice.get(f"/limits/{query}")
    assert response.status_code == 200
    assert words in response.content.decode()


def test_a_window_of_hours_is_counted_from_hours(tell: Tell, as_alice: Client) -> None:
    tell({**GREEDY, "id": "old"}, ago=dt.timedelta(hours=15))
    assert shares(as_alice, "?window=24h") == {"greedy": (1, 27_000, 0)}
    assert shares(as_alice, "?window=1h") == {}


def test_a_stranger_sees_nothing_of_it(told: None, project: Project, as_charlie: Client, as_nobody: Client) -> None:
    assert shares(as_charlie) == {}
    assert as_charlie.get(f"/limits/?project={project.slug}").status_code == 404
    assert as_nobody.get("/limits/").status_code == 302


def test_an_issue_of_a_limit_leads_to_who_used_it_and_no_other_issue_does(
    told: None, tell: Tell, as_bob: Client
) -> None:
    tell(OVERLOADED)
    limited, overloaded = Issue.objects.get(http_status=429), Issue.objects.get(http_status=529)
    assert "?project=alices-project&amp;window=24h" in as_bob.get(f"/issues/{limited.pk}/").content.decode()
    assert "See who took how much" not in as_bob.get(f"/issues/{overloaded.pk}/").content.decode()
