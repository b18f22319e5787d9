"""Checks run side by side, each once, and what hangs is given up."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.dashboard.running import wait_until
from tests.health.conftest import faulty
from triage import tasks
from triage.health import plan, running
from triage.health.outcome import Finding, Outcome
from triage.health.running import Job, run_all, run_due
from triage.health.target import Target
from triage.models import Check, CheckResult, HourCount, Project

NOW = dt.datetime(2026, 11, 21, 22, 0, tzinfo=dt.UTC)


@pytest.fixture
def checks_of(upstream: str, settings: Settings) -> str:
    """Let the server's own target be the stand-in."""
    settings.ANTHROPIC_BASE_URL = f"{upstream}/s/ok"
    settings.ANTHROPIC_API_KEY = "made-up-key"
    settings.TRIAGE_CHECK_STATUS_URL = f"{upstream}/s/status_none/api/v2/summary.json"
    return upstream


def used(project: Project, model: str, at: dt.datetime) -> None:
    HourCount.objects.create(project=project, start=at, model=model, attempts=1, requests=1)


@pytest.mark.django_db
def test_every_kind_is_planned_once_and_each_model_of_the_last_day(project: Project) -> None:
    used(project, "claude-opus-4-8", NOW)
    used(project, "claude-haiku-4-5", NOW - dt.timedelta(days=2))
    used(project, "us.anthropic.claude-opus-4-8-v1:0", NOW)  # Bedrock's name, which the API doesn't have
    assert plan.sync(NOW) == 7
    assert plan.sync(NOW) == 0
    planned = {(check.kind, check.subject) for check in Check.objects.all()}
    assert planned == {(kind, "") for kind in plan.KINDS if kind != "model"} | {("model", "claude-opus-4-8")}
    assert set(Check.objects.values_list("due_at", flat=True)) == {NOW}
    plan.sync(NOW + dt.timedelta(days=3))
    assert not Check.objects.filter(kind="model").exists()


@pytest.mark.django_db
def test_another_interval_is_taken_over(settings: Settings) -> None:
    plan.sync(NOW)
    settings.TRIAGE_CHECK_SECONDS = 120
    plan.sync(NOW)
    assert Check.objects.get(kind="name").every == 120
    assert Check.objects.get(kind="auth").every == 240


@pytest.mark.django_db
def test_checks_have_places_of_their_own_in_the_interval() -> None:
    checks = [Check(kind="model", subject=f"claude-{number}", every=30) for number in range(40)]
    places = {plan.next_run(check, 30, NOW) for check in checks}
    assert len(places) > 35
    assert all(NOW < place <= NOW + dt.timedelta(seconds=30) for place in places)
    first = plan.next_run(checks[0], 30, NOW)
    assert plan.next_run(checks[0], 30, first) == first + dt.timedelta(seconds=30)


@pytest.mark.django_db
def test_of_two_schedulers_that_saw_the_same_only_one_gets_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    plan.sync(NOW)
    others: list[Check] = []
    next_run = plan.next_run

    def just_before(*arguments: Any) -> dt.datetime:
        """Let another scheduler claim in between this one's reading and its claiming."""
        monkeypatch.setattr(plan, "next_run", next_run)
        others.extend(plan.claim_due(NOW, 20))
        return next_run(*arguments)

    monkeypatch.setattr(plan, "next_run", just_before)
    assert plan.claim_due(NOW, 20) == []
    assert len(others) == 6


@pytest.mark.django_db
def test_a_check_that_runs_is_not_claimed_again_and_a_lost_one_comes_back_in_its_time() -> None:
    plan.sync(NOW)
    assert len(plan.claim_due(NOW, 20)) == 6
    Check.objects.update(due_at=NOW)
    assert plan.claim_due(NOW, 20) == []
    later = NOW + dt.timedelta(minutes=5)
    assert len(plan.claim_due(later, 20)) == 6


@pytest.mark.django_db
def test_a_button_is_no_hammer() -> None:
    plan.sync(NOW)
    every = list(Check.objects.values_list("pk", flat=True))
    Check.objects.update(due_at=NOW + dt.timedelta(seconds=20), ran_at=NOW - dt.timedelta(seconds=10))
    assert plan.make_due(every, NOW) == 6
    Check.objects.update(ran_at=NOW - dt.timedelta(seconds=1))
    assert plan.make_due(every, NOW) == 0


def test_what_hangs_is_given_up_and_holds_up_nobody(upstream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()

    def hang(target: Target, timeout: float, subject: str) -> Outcome:
        if subject == "hangs":
            free.wait(20)
        return Outcome("ok", Finding.FINE, "")

    monkeypatch.setitem(running._CHECKS, "name", hang)
    monkeypatch.setattr(running, "_GRACE", 0.1)
    monkeypatch.setattr(running, "AT_ONCE", 2)
    jobs = [Job("name", "hangs"), *(Job("name", str(number)) for number in range(5))]
    ended = [(job.subject, outcome) for job, outcome in run_all(jobs, faulty(upstream, "ok"), 0.3)]
    free.set()
    assert [subject for subject, _ in ended][-1] == "hangs"
    assert len(ended) == 6
    assert (ended[-1][1].state, ended[-1][1].finding) == ("fail", Finding.NO_ANSWER)


def test_a_check_that_breaks_says_so_and_says_nothing_of_the_api(
    upstream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Outcome:
        raise KeyError("sk-ant-api03-abcdefghijklmnop")

    monkeypatch.setitem(running._CHECKS, "edge", broken)
    [(_, outcome)] = run_all([Job("edge")], faulty(upstream, "ok"), 1)
    assert (outcome.state, outcome.finding) == ("unknown", Finding.CHECK_BROKE)
    assert "abcdefghijklmnop" not in outcome.words


@pytest.mark.django_db(transaction=True)
def test_what_is_due_is_run_and_kept(checks_of: str, valkey: object) -> None:
    plan.sync(timezone.now())
    assert run_due() == 6
    assert run_due() == 0
    found = {check.kind: check for check in Check.objects.all()}
    assert {kind: found[kind].state for kind in ("name", "reach", "edge", "auth", "provider")} == dict.fromkeys(
        ("name", "reach", "edge", "auth", "provider"), "ok"
    )
    assert found["server"].finding == "part_down"  # no worker signs here
    assert "worker" in found["server"].words
    assert all(check.due_at > timezone.now() - dt.timedelta(seconds=1) for check in found.values())
    assert all(check.runs_until is None for check in found.values())
    assert CheckResult.objects.count() == 6


@pytest.mark.django_db(transaction=True)
def test_the_task_returns_before_its_checks_end(
    checks_of: str, valkey: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def wait(*_: object) -> Outcome:
        go_on.wait(20)
        return Outcome("ok", Finding.FINE, "")

    monkeypatch.setitem(running._CHECKS, "edge", wait)
    tasks.run_checks()  # a new server needs no planning first
    assert not CheckResult.objects.filter(of__kind="edge").exists()
    go_on.set()
    wait_until(lambda: CheckResult.objects.count() == 6, "all checks have ended")
    assert tasks.plan_checks() == {"checks": 0, "results": 0}
