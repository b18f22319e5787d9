"""Each condition holds, has ended or lies between, by what was counted, checked and heard."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from tests.alerts.conftest import NOW, Count, rule_of
from triage.alerts.conditions import CONDITIONS, Reading
from triage.alerts.facts import Facts
from triage.health import Finding, Outcome, record
from triage.models import AlertRule, Attempt, Check, Incident, Project, Request, Source


def reading_of(rule: AlertRule) -> Reading:
    read = CONDITIONS[rule.condition].read
    assert read is not None
    return read(NOW, rule, Facts(rule.project, NOW, NOW))


def stands(rule: AlertRule) -> str:
    reading = reading_of(rule)
    assert not (reading.holds and reading.clear)
    return "holds" if reading.holds else "clear" if reading.clear else "between"


@pytest.mark.parametrize(
    ("requests", "hit", "expected"),
    [(100, 20, "holds"), (100, 19, "between"), (100, 17, "between"), (100, 15, "clear"), (19, 19, "clear")],
)
def test_a_rate(project: Project, count: Count, requests: int, hit: int, expected: str) -> None:
    count(requests, hit, ago=1)
    count(1000, 1000, ago=5)  # before the window
    assert stands(rule_of(project, "rate")) == expected


def test_a_rate_counts_its_own_part_of_the_traffic_alone(project: Project, count: Count) -> None:
    count(100, 50, ago=1)
    count(100, 0, ago=1, service="billing", team="payments", model="claude-haiku-4-5")
    assert stands(rule_of(project, "rate", service="billing")) == "clear"
    assert stands(rule_of(project, "rate", model="claude-haiku-4-5")) == "clear"
    assert stands(rule_of(project, "rate", team="payments")) == "clear"
    assert stands(rule_of(project, "rate", cause="rate_limit_requests")) == "clear"
    reading = reading_of(rule_of(project, "rate", service="chat", cause="overloaded", numbers={"percent": 50}))
    assert reading.holds
    assert reading.cause == "overloaded"
    assert reading.words == "50 of 100 requests met an error in 5 minutes: 50 %, the rule says 50 %."


def test_another_project_is_another_matter(project: Project, count: Count) -> None:
    count(100, 90)
    assert stands(rule_of(Project.objects.create(slug="other", name="Other"), "rate")) == "clear"


def test_more_than_usual(project: Project, count: Count) -> None:
    for hour in range(2, 26):
        count(100, 10, ago=60 * hour)
    count(60, 6, ago=1)
    rule = rule_of(project, "unusual")
    assert stands(rule) == "clear"
    count(60, 55, ago=2)
    assert stands(rule) == "holds"
    assert "up to 10 % is usual" in reading_of(rule).words


@pytest.mark.parametrize(("hit", "expected"), [(10, "holds"), (9, "between"), (8, "between"), (7, "clear")])
def test_a_count(project: Project, count: Count, hit: int, expected: str) -> None:
    count(1000, hit, ago=59)
    count(1000, 1000, ago=60)
    assert stands(rule_of(project, "count")) == expected


def test_a_budget(project: Project, count: Count) -> None:
    rule = rule_of(project, "budget")
    count(100, 50)
    assert stands(rule) == "clear"
    count(1, 1, ago=14, cause="credit_balance_too_low", category="billing")
    reading = reading_of(rule)
    assert reading.holds
    assert reading.cause == "credit_balance_too_low"


def test_a_check_that_fails_for_good(project: Project) -> None:
    check = Check.objects.create(project=project, site="Lyon", kind="edge")
    fails = Outcome("fail", Finding.REFUSED, "Nobody listens there.")
    at = timezone.now()
    rule, other = rule_of(project, "check_down"), rule_of(project, "check_down", numbers={"check": "auth"})
    record(check, fails, at - dt.timedelta(seconds=30))
    assert stands(rule) == "clear"
    record(check, fails, at)
    assert reading_of(rule).words == "Checks that fail: edge from Lyon: Nobody listens there."
    assert stands(rule) == "holds"
    assert stands(other) == "between"  # nothing is known of that check


def test_little_head_room(project: Project) -> None:
    request = Request.objects.create(project=project, key="1", started_at=NOW - dt.timedelta(minutes=2))
    headers = {
        "anthropic-ratelimit-requests-limit": "1000",
        "anthropic-ratelimit-requests-remaining": "900",
        "anthropic-ratelimit-input-tokens-limit": "1000",
        "anthropic-ratelimit-input-tokens-remaining": "99",
    }
    attempt = Attempt.objects.create(
        project=project, request=request, at=NOW - dt.timedelta(minutes=1), failed=True, headers=headers
    )
    rule = rule_of(project, "head_room")
    assert reading_of(rule).words == "9.9 % of the limit of input tokens was left; the rule wants 10 %."
    assert stands(rule) == "holds"
    for remaining, expected in (("110", "between"), ("130", "clear")):
        attempt.headers["anthropic-ratelimit-input-tokens-remaining"] = remaining
        attempt.save()
        assert stands(rule) == expected
    attempt.at = NOW - dt.timedelta(minutes=11)
    attempt.save()
    assert stands(rule) == "clear"


def test_a_silent_source(project: Project) -> None:
    def heard(service: str, ago: dt.timedelta) -> None:
        seen = {"first_seen_at": NOW - dt.timedelta(days=9), "last_seen_at": NOW - ago}
        Source.objects.update_or_create(project=project, client="x", service=service, signal="logs", defaults=seen)

    rule = rule_of(project, "silence")
    heard("chat", dt.timedelta(minutes=14))
    heard("gone", dt.timedelta(days=2))
    assert stands(rule) == "clear"
    heard("chat", dt.timedelta(minutes=15))
    assert stands(rule) == "holds"
    assert "Nothing is heard of chat since" in reading_of(rule).words
    assert stands(rule_of(project, "silence", service="billing")) == "clear"


def test_trouble(project: Project) -> None:
    at = NOW - dt.timedelta(minutes=1)
    told = {"first_sign_at": at, "opened_at": at, "last_seen_at": at, "changed_at": at}
    incident = Incident.objects.create(
        project=project, subject="provider", side="them", kind="failing", sentence="Them: 529.", **told
    )
    assert reading_of(rule_of(project, "trouble")).incident == incident.pk
    assert stands(rule_of(project, "trouble", numbers={"side": "them"})) == "holds"
    assert stands(rule_of(project, "trouble", numbers={"side": "us"})) == "clear"
    incident.closed_at = NOW
    incident.save()
    assert stands(rule_of(project, "trouble")) == "clear"
