"""What is kept of a run, and how checks stand by it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from triage.diagnosis import classify
from triage.health import Finding, Outcome, forget_old, record, standing, states, visible_checks
from triage.health.storing import EVIDENCE
from triage.models import Check, CheckResult, HourCount, Project

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
FINE = Outcome("ok", Finding.FINE, "It works.", 12.0, {"status": 200})
REFUSED = Outcome("fail", Finding.REFUSED, "Nobody listens.", 3.0, {"error": "x"}, classify(ConnectionRefusedError()))


@pytest.fixture
def check() -> Check:
    """A check of this server that runs every half minute."""
    return Check.objects.create(kind="edge", every=30, due_at=NOW + dt.timedelta(seconds=30))


def told(check: Check, *outcomes: Outcome, every: float = 30) -> list[dt.datetime]:
    """Record the outcomes at that pace, the last of them now."""
    moments = [NOW - dt.timedelta(seconds=every * number) for number in reversed(range(len(outcomes)))]
    for moment, outcome in zip(moments, outcomes, strict=True):
        record(check, outcome, moment)
    return moments


def test_the_newest_result_stands_on_the_check_and_each_is_a_row(check: Check) -> None:
    told(check, FINE, REFUSED)
    check.refresh_from_db()
    assert (check.state, check.finding, check.cause) == ("fail", "refused", "connection_refused")
    assert (check.words, check.latency_ms, check.ran_at) == ("Nobody listens.", 3.0, NOW)
    assert [each.state for each in check.results.order_by("at")] == ["ok", "fail"]


def test_words_and_evidence_are_kept_of_what_was_not_fine_only(check: Check) -> None:
    told(check, FINE, REFUSED)
    fine, refused = check.results.order_by("at")
    assert (fine.words, fine.evidence) == ("", {})
    assert (refused.words, refused.evidence) == ("Nobody listens.", {"error": "x"})


def test_a_first_failure_is_looked_at_again_soon(check: Check) -> None:
    told(check, FINE, REFUSED)
    check.refresh_from_db()
    assert check.due_at == NOW + dt.timedelta(seconds=10)
    regular = NOW + dt.timedelta(seconds=40)
    Check.objects.update(due_at=regular)
    record(check, REFUSED, NOW + dt.timedelta(seconds=10))
    check.refresh_from_db()
    assert check.due_at == regular


def test_one_failure_is_told_and_two_in_a_row_are_failing(check: Check) -> None:
    told(check, FINE, REFUSED)
    check.refresh_from_db()
    one = standing(check, NOW)
    assert (one.state, one.failing) == ("fail", False)
    record(check, REFUSED, NOW + dt.timedelta(seconds=1))
    check.refresh_from_db()
    two = standing(check, NOW)
    assert (two.state, two.failing, two.since) == ("fail", True, NOW)


def test_a_run_that_ended_late_changes_no_newer_word(check: Check) -> None:
    record(check, FINE, NOW)
    record(check, REFUSED, NOW - dt.timedelta(seconds=5))
    check.refresh_from_db()
    assert (check.state, check.ran_at) == ("ok", NOW)
    assert check.results.count() == 2


def test_a_check_that_fell_silent_is_not_known(check: Check) -> None:
    record(check, FINE, NOW)
    assert standing(check_again(check), NOW + dt.timedelta(minutes=2)).state == "ok"
    late = standing(check_again(check), NOW + dt.timedelta(minutes=4))
    assert (late.state, late.silent) == ("unknown", True)


def check_again(check: Check) -> Check:
    check.refresh_from_db()
    return check


def test_a_past_moment_is_read_from_the_results(check: Check) -> None:
    moments = told(check, FINE, FINE, REFUSED, REFUSED, REFUSED, FINE)
    then = [states([], at)[0] for at in moments]
    assert [each.state for each in then] == ["ok", "ok", "fail", "fail", "fail", "ok"]
    assert [each.failing for each in then] == [False, False, False, True, True, False]
    assert [each.since for each in then] == [moments[0], moments[0], *[moments[2]] * 3, moments[5]]
    assert (then[3].finding, then[3].cause) == ("refused", "connection_refused")
    before = states([], moments[0] - dt.timedelta(seconds=1))[0]
    assert (before.state, before.at, before.since) == ("unknown", None, None)
    assert states([], NOW + dt.timedelta(minutes=10))[0].silent


def test_the_present_costs_the_same_however_many_checks_there_are(
    project: Project, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        record(Check.objects.create(kind="edge", subject=str(number)), FINE, NOW)
    with django_assert_num_queries(2):
        assert {each.words for each in states([project.pk], NOW)} == {"It works."}


def test_secrets_are_masked_before_they_are_kept(check: Check) -> None:
    secret = "sk-ant-api03-abcdefghijklmnop"
    record(check, Outcome("fail", Finding.OTHER_ANSWER, f"said {secret}", None, {"body": secret, "token": "x"}))
    kept = CheckResult.objects.get()
    assert "abcdefghijklmnop" not in f"{kept.words}{kept.evidence}{check_again(check).evidence}"


def test_what_a_database_cannot_hold_is_left_out(check: Check) -> None:
    record(check, Outcome("fail", Finding.OTHER_ANSWER, "a\x00b", None, {"body": "c\x00d"}))
    kept = CheckResult.objects.get()
    assert (kept.words, kept.evidence) == ("ab", {"body": "cd"})


def test_what_is_too_long_is_cut(check: Check) -> None:
    record(check, Outcome("fail", Finding.OTHER_ANSWER, "long " * 1000, None, {"body": "x" * EVIDENCE}))
    kept = CheckResult.objects.get()
    assert len(kept.words) == 600
    assert kept.evidence == {"left_out": "too long to keep"}


def test_old_results_are_forgotten(check: Check) -> None:
    record(check, FINE, NOW - dt.timedelta(days=15))
    record(check, FINE, NOW)
    assert forget_old(NOW) == 1
    assert CheckResult.objects.get().at == NOW


def test_a_place_that_reports_no_more_is_gone_after_the_same_time(project: Project) -> None:
    for site, days in (("Lyon", 15), ("Oslo", 1)):
        record(Check.objects.create(kind="edge", project=project, site=site), FINE, NOW - dt.timedelta(days=days))
    forget_old(NOW)
    assert [each.site for each in Check.objects.all()] == ["Oslo"]


def test_models_and_sites_are_seen_by_those_whose_they_are(project: Project, check: Check) -> None:
    other = Project.objects.create(slug="other", name="Other")
    HourCount.objects.create(project=project, start=NOW, model="claude-opus-4-8", attempts=1)
    Check.objects.create(kind="model", subject="claude-opus-4-8")
    Check.objects.create(kind="reach", project=project, site="Lyon")
    assert [str(each) for each in visible_checks([project.pk])] == ["edge", "model claude-opus-4-8", "Lyon reach"]
    assert [str(each) for each in visible_checks([other.pk])] == ["edge"]
    assert [str(each) for each in visible_checks([])] == ["edge"]
