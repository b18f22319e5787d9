"""Runs checks side by side, each within its time: one that hangs holds up nobody."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import connections
from django.utils import timezone

from triage.diagnosis import classify
from triage.health import plan
from triage.health.api import check_auth, check_model
from triage.health.edge import check_edge
from triage.health.outcome import Finding, Outcome
from triage.health.provider import check_provider
from triage.health.road import check_name, check_reach
from triage.health.server import check_server
from triage.health.storing import record
from triage.health.target import Target
from triage.ingest.scrub import scrub_text, scrub_value
from triage.models import Check

logger = logging.getLogger(__name__)

AT_ONCE = 20
"""Checks that run side by side."""
_GRACE = 1.0
"""Seconds beyond a check's own time after which it is given up: a resolver, for one, can't be interrupted."""


@dataclass(frozen=True)
class Job:
    """One check to run. ``name`` is for the caller: it comes back with the outcome."""

    kind: str
    subject: str = ""
    name: int = 0


_CHECKS: dict[str, Callable[[Target, float, str], Outcome]] = {
    "name": lambda target, timeout, _: check_name(target, timeout),
    "reach": lambda target, timeout, _: check_reach(target, timeout),
    "edge": lambda target, timeout, _: check_edge(target, timeout),
    "auth": lambda target, timeout, _: check_auth(target, timeout),
    "model": check_model,
    "provider": lambda target, timeout, _: check_provider(target, timeout),
    "server": lambda _target, timeout, _: check_server(timeout),
}


_ROAD = ("name", "reach", "edge", "auth", "model")


def run_one(job: Job, target: Target, timeout: float) -> Outcome:
    """Run one check and return its outcome with secrets masked. Never raises: what the check broke on is told."""
    if job.kind in _ROAD and not target.is_address:
        words = "ANTHROPIC_BASE_URL is no address: it has to begin with https:// or http:// and a host."
        return Outcome("unknown", Finding.NO_ADDRESS, words)
    try:
        outcome = _CHECKS[job.kind](target, timeout, job.subject)
    except Exception as error:
        logger.exception("the check %s %s broke", job.kind, job.subject)
        words = f"The check itself failed: {type(error).__name__}: {error}"
        outcome = Outcome("unknown", Finding.CHECK_BROKE, words)
    if outcome.state == "ok" and outcome.latency_ms is not None and outcome.latency_ms > target.slow_after * 1000:
        words = f"{outcome.words} It took {outcome.latency_ms / 1000:.1f} s."
        outcome = replace(outcome, state="warn", finding=Finding.SLOW, words=words)
    return replace(outcome, words=scrub_text(outcome.words), evidence=scrub_value(dict(outcome.evidence)))


def run_all(jobs: Sequence[Job], target: Target, timeout: float) -> Iterator[tuple[Job, Outcome]]:
    """Run ``jobs`` side by side and yield each with its outcome as it ends; a hanging one ends as ``no_answer``."""
    waiting = deque(jobs)
    done: queue.SimpleQueue[tuple[Job, Outcome]] = queue.SimpleQueue()
    given_up_at: dict[Job, float] = {}

    def run(job: Job) -> None:
        try:
            done.put((job, run_one(job, target, timeout)))
        finally:
            connections.close_all()

    while waiting or given_up_at:
        while waiting and len(given_up_at) < AT_ONCE:
            job = waiting.popleft()
            given_up_at[job] = time.monotonic() + timeout + _GRACE
            threading.Thread(target=run, args=(job,), name=f"check-{job.kind}", daemon=True).start()
        try:
            job, outcome = done.get(timeout=max(0.01, min(given_up_at.values()) - time.monotonic()))
        except queue.Empty:
            pass
        else:
            if given_up_at.pop(job, None) is not None:
                yield job, outcome
        for job in [job for job, limit in given_up_at.items() if limit <= time.monotonic()]:
            del given_up_at[job]
            yield job, _hung(timeout)


def run_due() -> int:
    """Run what is due on this server and store it; return how many checks those were."""
    claimed = plan.claim_due(timezone.now(), AT_ONCE)
    _run_claimed(claimed)
    return len(claimed)


def start_due() -> int:
    """Do as :func:`run_due`, in a thread: who calls has other work than to wait for what hangs."""
    now = timezone.now()
    if not Check.objects.filter(project=None).exists():
        plan.sync(now)  # a new server doesn't wait for the first planning
    claimed = plan.claim_due(now, AT_ONCE)
    if claimed:
        threading.Thread(target=_run_in_thread, args=(claimed,), name="checks", daemon=True).start()
    return len(claimed)


def _run_in_thread(claimed: Sequence[Check]) -> None:
    try:
        _run_claimed(claimed)
    except Exception:
        logger.exception("results of checks were not stored")
    finally:
        connections.close_all()


def _run_claimed(claimed: Sequence[Check]) -> None:
    checks = {check.pk: check for check in claimed}
    jobs = [Job(check.kind, check.subject, check.pk) for check in claimed]
    for job, outcome in run_all(jobs, Target.from_settings(), settings.TRIAGE_CHECK_TIMEOUT_SECONDS):
        record(checks[job.name], outcome)


def _hung(timeout: float) -> Outcome:
    words = f"No answer within {timeout:g} s; the check was given up."
    return Outcome("fail", Finding.NO_ANSWER, words, diagnosis=classify(TimeoutError("timed out")))
