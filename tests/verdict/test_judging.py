"""From evidence to a verdict: whose side, which words, and when it can't be told."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from triage.verdict.judging import judge
from triage.verdict.model import CheckFact, Evidence, Pace, Tally, Verdict

AT = dt.datetime(2026, 11, 20, 14, 5, 40, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def tally(ago: int, service: str, requests: int, cause: str = "", hit: int | None = None, **fields: Any) -> Tally:
    """Count ``requests`` of a minute; with a cause all of them were hit by it."""
    told = {"model": "claude-opus-4-8", "team": "", "category": "", **fields}
    hits = (requests if cause else 0) if hit is None else hit
    return Tally(
        minute=AT.replace(second=0) - ago * MINUTE,
        service=service,
        cause=cause,
        attempts=requests,
        failures=hits,
        requests=requests,
        hit=hits,
        **told,
    )


def usual_traffic(*services: str, model: str = "claude-opus-4-8") -> list[Tally]:
    """An hour in which nothing failed; the present minutes are each test's own."""
    return [tally(ago, service, 10, model=model) for ago in range(3, 60) for service in services]


def judged(tallies: list[Tally], **fields: Any) -> Verdict:
    return judge(Evidence(at=AT, last_at=AT, tallies=tallies, **fields))


def slugs(verdict: Verdict) -> set[str]:
    return {reason.slug for reason in verdict.reasons}


def test_without_a_report_nothing_is_wrong_and_the_sentence_says_what_that_rests_on() -> None:
    verdict = judge(Evidence(at=AT))
    assert (verdict.side, verdict.kind) == ("fine", "fine")
    assert "Nothing was reported" in verdict.sentence


def test_a_few_failures_of_many_requests_are_fine() -> None:
    verdict = judged([*usual_traffic("a"), tally(0, "a", 20), tally(0, "a", 1, "overloaded", category="server")])
    assert verdict.side == "fine"
    assert "1 of 591 requests" in verdict.sentence


def test_an_overload_in_several_services_is_theirs_and_began_with_its_first_minute() -> None:
    bad = [tally(ago, name, 8, "overloaded", category="server") for ago in (0, 1, 2) for name in ("a", "b")]
    verdict = judged([*usual_traffic("a", "b"), *bad])
    assert (verdict.side, verdict.cause, verdict.fault) == ("them", "overloaded", "anthropic_api")
    assert verdict.since == AT.replace(second=0) - 2 * MINUTE
    assert (verdict.hit, verdict.requests) == (48, 48)
    assert "in 2 of 2 services since 14:03 UTC" in verdict.sentence


def test_a_server_error_that_one_service_alone_sees_can_not_be_told() -> None:
    bad = tally(0, "a", 12, "internal_server_error", category="server")
    verdict = judged([*usual_traffic("a", "b"), bad, tally(0, "b", 12)])
    assert verdict.side == "unclear"
    assert "only a sees it, the other service is fine" in verdict.sentence


def test_the_providers_own_page_settles_what_one_service_sees() -> None:
    bad = tally(0, "a", 12, "internal_server_error", category="server")
    page = CheckFact("provider", "", "", "warn", "provider_major", "Major outage: elevated errors.")
    verdict = judged([*usual_traffic("a", "b"), bad, tally(0, "b", 12)], checks=[page])
    assert verdict.side == "them"
    assert "the status page says: Major outage: elevated errors" in verdict.sentence


def test_one_model_of_two_is_named() -> None:
    other = usual_traffic("a", "b", model="claude-haiku-4-5")
    bad = [tally(0, name, 8, "overloaded", category="server") for name in ("a", "b")]
    fine = [tally(0, name, 8, model="claude-haiku-4-5") for name in ("a", "b")]
    verdict = judged([*usual_traffic("a", "b"), *other, *bad, *fine])
    assert verdict.models == ("claude-opus-4-8",)
    assert verdict.services == ()
    assert "one_model" in slugs(verdict)


def test_a_small_service_is_not_drowned_by_a_large_one() -> None:
    large = [tally(ago, "large", 900) for ago in range(60)]
    small = [tally(ago, "small", 8) for ago in range(1, 60)]
    verdict = judged([*large, *small, tally(0, "small", 8, "api_key_invalid", category="client")])
    assert (verdict.side, verdict.services) == ("us", ("small",))


def test_what_has_stopped_is_over() -> None:
    bad = [tally(ago, "a", 10, "overloaded", category="server") for ago in range(4, 9)]
    fine = [tally(ago, "a", 10) for ago in (0, 1, 2, 3, *range(9, 60))]
    assert judged([*bad, *fine]).side == "fine"


@pytest.mark.parametrize(
    ("finding", "says"),
    [("name_unknown", "the check of the name fails"), ("proxy_sign_in", "a proxy answers"), ("refused", "is closed")],
)
def test_a_check_that_fails_on_our_side_makes_a_broken_connection_ours(finding: str, says: str) -> None:
    bad = [tally(0, name, 8, "connection_error_unspecified", category="network") for name in ("a", "b")]
    check = CheckFact("reach", "", "", "fail", finding, "")
    verdict = judged([*usual_traffic("a", "b"), *bad], checks=[check])
    assert verdict.side == "us"
    assert says in verdict.sentence


def test_the_same_check_passing_elsewhere_is_said() -> None:
    bad = [tally(0, name, 8, "connection_error_unspecified", category="network") for name in ("a", "b")]
    here = CheckFact("name", "", "", "fail", "name_unknown", "")
    there = CheckFact("name", "", "branch", "ok", "fine", "")
    assert "elsewhere" in slugs(judged([*usual_traffic("a", "b"), *bad], checks=[here, there]))


def test_a_broken_connection_without_any_check_can_not_be_told_and_says_why() -> None:
    bad = [tally(0, name, 8, "connection_error_unspecified", category="network") for name in ("a", "b")]
    verdict = judged([*usual_traffic("a", "b"), *bad])
    assert verdict.side == "unclear"
    assert "a broken connection has two ends" in verdict.sentence


def test_a_gateways_failure_is_in_between() -> None:
    bad = [tally(0, name, 8, "gateway_spend_limit", category="billing") for name in ("a", "b")]
    assert judged([*usual_traffic("a", "b"), *bad]).side == "between"


def test_one_user_among_several_is_named() -> None:
    bad = tally(0, "a", 10, "missing_field", category="client")
    verdict = judged([*usual_traffic("a"), bad], users=[("ann", 9), ("ben", 1)], users_heard=5)
    assert "9 of 10 failures are ann's" in verdict.sentence


def test_a_rate_limit_beside_a_surge_of_our_own_is_ours_and_says_so() -> None:
    bad = tally(0, "a", 150, "rate_limit_requests", category="client")
    verdict = judged([*usual_traffic("a"), bad])
    assert verdict.side == "us"
    assert {"surge"} <= slugs(verdict)


SLOW = Pace(now_ms=18_000, usual_ms=3_000, ratio=6.0, count=30, slow_services=("a", "b"), services=("a", "b"))


def test_slow_answers_everywhere_are_theirs() -> None:
    verdict = judged([*usual_traffic("a", "b"), tally(0, "a", 5)], pace=SLOW)
    assert (verdict.side, verdict.kind) == ("them", "slow")
    assert "6.0 times as long as usual: 18.0 s in the middle, usually 3.0 s" in verdict.sentence


def test_one_slow_service_of_several_can_not_be_told() -> None:
    verdict = judged([*usual_traffic("a", "b"), tally(0, "a", 5)], pace=replace(SLOW, slow_services=("a",)))
    assert (verdict.side, verdict.services) == ("unclear", ("a",))


@pytest.mark.parametrize("pace", [replace(SLOW, ratio=2.0), replace(SLOW, count=7), replace(SLOW, now_ms=4_000)])
def test_a_little_slower_is_not_slow(pace: Pace) -> None:
    assert judged([*usual_traffic("a", "b"), tally(0, "a", 5)], pace=pace).side == "fine"


def test_silence_is_said_where_reports_came_all_the_time() -> None:
    verdict = judge(Evidence(at=AT, last_at=AT - 3 * MINUTE, tallies=usual_traffic("a")))
    assert (verdict.side, verdict.kind, verdict.since) == ("unclear", "silent", AT - 3 * MINUTE)
    assert "nothing was heard since 14:02 UTC" in verdict.sentence


def test_a_gap_in_traffic_that_has_gaps_is_no_silence() -> None:
    now_and_then = [tally(ago, "a", 30) for ago in range(4, 60, 4)]
    assert judge(Evidence(at=AT, last_at=AT - 4 * MINUTE, tallies=now_and_then)).kind == "fine"
