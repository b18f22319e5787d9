"""What a rule would have told in a week, by the same conditions that look at the present."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.alerts.conftest import NOW, Count
from triage.alerts.conditions import CONDITIONS
from triage.alerts.preview import MOST, preview
from triage.models import (
    AlertChange,
    AlertRule,
    Attempt,
    Check,
    CheckResult,
    Incident,
    Issue,
    IssueEvent,
    Project,
    Request,
)

MINUTE = dt.timedelta(minutes=1)
HOUR = 60


def unsaved(project: Project, condition: str, rest: int = 0, **numbers: object) -> AlertRule:
    told = {each.name: each.default for each in CONDITIONS[condition].numbers} | numbers
    return AlertRule(project=project, condition=condition, numbers=told, rest=rest)


def minutes_ago(moment: dt.datetime | None) -> int | None:
    return None if moment is None else round((NOW - moment) / MINUTE)


def firings(rule: AlertRule) -> list[tuple[int | None, int | None]]:
    """Return when each firing began and ended, in minutes ago, oldest first."""
    return [(minutes_ago(each.began), minutes_ago(each.ended)) for each in preview(rule, NOW).firings[::-1]]


def test_each_outage_is_one_firing_with_its_end(project: Project, count: Count) -> None:
    for ago in range(6 * 24 * HOUR, 0, -10):
        count(100, 1, ago=ago)
    for begins in (5 * 24 * HOUR, 3 * 24 * HOUR):
        for ago in range(begins, begins - 20, -1):
            count(100, 60, ago=ago)
    told = firings(unsaved(project, "rate"))
    assert [began for began, _ in told] == [5 * 24 * HOUR, 3 * 24 * HOUR]
    assert [began - ended for began, ended in told if began and ended] == [26, 26]
    assert firings(unsaved(project, "rate", percent=99)) == []
    assert len(firings(unsaved(project, "unusual"))) == 2
    assert not AlertChange.objects.exists()


def test_what_goes_on_has_no_end_yet(project: Project, count: Count) -> None:
    count(100, 60, ago=3)
    assert firings(unsaved(project, "rate")) == [(3, None)]


def test_it_rests_as_the_rule_would(project: Project, count: Count) -> None:
    for ago in range(10 * HOUR, 0, -30):
        count(20, 20, ago=ago)
    often, seldom = firings(unsaved(project, "rate", minutes=1)), firings(unsaved(project, "rate", 120, minutes=1))
    assert len(often) == 20
    assert len(seldom) == 5


def test_a_week_of_firings_is_cut_and_counted(project: Project, count: Count) -> None:
    for ago in range(30 * HOUR, 0, -30):
        count(20, 20, ago=ago)
    told = preview(unsaved(project, "rate", minutes=1), NOW)
    assert (len(told.firings), told.count) == (MOST, 60)


def test_events(project: Project) -> None:
    then = NOW - 2 * HOUR * MINUTE
    issue = Issue.objects.create(
        project=project, cause="overloaded", category="server", fingerprint="x", first_seen_at=then, last_seen_at=then
    )
    for kind, ago in (("opened", 120), ("regressed", 60), ("regressed", 30), ("opened", 9 * 24 * HOUR)):
        IssueEvent.objects.create(issue=issue, kind=kind, at=NOW - ago * MINUTE)
    assert firings(unsaved(project, "new_cause")) == [(120, None)]
    assert firings(unsaved(project, "regression")) == [(60, None), (30, None)]
    assert firings(unsaved(project, "regression", 60)) == [(60, None)]


def test_a_check_that_failed(project: Project) -> None:
    check = Check.objects.create(project=project, site="Lyon", kind="edge", every=60)
    for ago in (300, 200, 199, 198, 197, 100):
        CheckResult.objects.create(of=check, at=NOW - ago * MINUTE, state="fail", finding="refused", words="Refused.")
    told = preview(unsaved(project, "check_down"), NOW).firings
    assert [(minutes_ago(each.began), each.words) for each in told] == [
        (199, "Checks that fail: edge from Lyon: Refused.")
    ]
    assert minutes_ago(told[0].ended) == 194
    assert firings(unsaved(project, "check_down", check="auth")) == []


def test_a_silence(project: Project, count: Count) -> None:
    for ago in (*range(300, 200, -1), *range(100, -1, -1)):
        count(1, ago=ago)
    assert firings(unsaved(project, "silence")) == [(186, 98)]


def test_head_room_and_incidents(project: Project) -> None:
    request = Request.objects.create(project=project, key="1", started_at=NOW - 61 * MINUTE)
    limit = "anthropic-ratelimit-requests"
    Attempt.objects.create(
        project=project,
        request=request,
        at=NOW - 60 * MINUTE,
        failed=True,
        headers={f"{limit}-limit": "100", f"{limit}-remaining": "1"},
    )
    assert firings(unsaved(project, "head_room")) == [(60, 48)]
    begins, ends = NOW - 60 * MINUTE, NOW - 50 * MINUTE
    told = {"first_sign_at": begins, "opened_at": begins, "last_seen_at": ends, "changed_at": begins, "closed_at": ends}
    Incident.objects.create(project=project, subject="x", side="us", kind="failing", sentence="You: 401.", **told)
    assert firings(unsaved(project, "trouble")) == [(60, 48)]
    assert firings(unsaved(project, "trouble", side="them")) == []


@pytest.mark.parametrize("slug", CONDITIONS)
def test_every_condition_can_be_previewed_of_nothing(project: Project, slug: str) -> None:
    assert preview(unsaved(project, slug), NOW).count == 0
