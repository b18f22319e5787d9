"""The same checks, run at another place: what it sends here, and what becomes of that."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx2
from django.db import transaction

from triage.diagnosis import Diagnosis
from triage.health.outcome import Finding, Outcome
from triage.health.running import Job
from triage.health.storing import EVIDENCE, record
from triage.health.target import trust
from triage.ingest.scrub import scrub_text
from triage.knowledge import load
from triage.models import Check, Project

ADDRESS = "/api/v1/checks"
LONGEST_SITE = 60
"""Characters of a site's name."""
MOST_SITES = 50
"""Sites of one project that may report."""
MOST_CHECKS = 50
"""Checks of one site."""
DEEPEST = 20
"""Levels of an outcome's evidence, itself the first."""
APART = dt.timedelta(seconds=5)
"""What is reported sooner after a stored result gets no row of its own, or a key could fill the disk."""
KINDS = ("name", "reach", "edge", "auth", "model")
"""What another place checks: the road from there. The provider's word and this server are the same from everywhere."""
_PATIENCE = 20.0  # seconds


class ReportRefused(Exception):
    """The server didn't take the report; the message says why."""


class BeyondBounds(Exception):
    """There would be more sites, or more checks of one, than a project may have; the message names the limit."""


def as_report(site: str, every: int | None, results: Iterable[tuple[Job, Outcome]]) -> dict[str, Any]:
    """Return what a place called ``site`` tells; ``every`` is its interval in seconds, None where it has none."""
    checks = [{"kind": job.kind, "subject": job.subject, **outcome.as_dict()} for job, outcome in results]
    return {"site": site, "every": every, "checks": checks}


def send(report: Mapping[str, Any], url: str, key: str) -> None:
    """Send a report to the server at ``url``.

    Raises:
        ReportRefused: it wasn't delivered, or not taken.
    """
    address = url.rstrip("/") + ADDRESS
    try:
        with httpx2.Client(verify=trust(), timeout=_PATIENCE) as client:
            answer = client.post(address, json=dict(report), headers={"authorization": f"Bearer {key}"})
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise ReportRefused(f"{address} wasn't reached: {error}") from error
    if answer.status_code != 200:
        raise ReportRefused(f"{address} answered {answer.status_code}: {answer.text[:300]}")


def accept(
    project: Project, site: str, every: int, told: Sequence[tuple[Job, Outcome]], at: dt.datetime | None = None
) -> int:
    """Store what ``site`` reports with a key of ``project``; return how many checks that were.

    All of them are stored, or none. The time is this server's: clocks elsewhere are anybody's guess.

    Raises:
        BeyondBounds: the project would have more than ``MOST_SITES`` sites, or the site more than ``MOST_CHECKS``.
    """
    site = scrub_text(site)
    told = [(replace(job, subject=scrub_text(job.subject)), outcome) for job, outcome in told]
    known = set(project.checks.values_list("site", "kind", "subject"))
    then = known | {(site, job.kind, job.subject) for job, _ in told}
    if len({each[0] for each in then}) > MOST_SITES:
        raise BeyondBounds(f"project {project.slug} has {MOST_SITES} sites, which is the most that may report")
    if sum(each[0] == site for each in then) > MOST_CHECKS:
        raise BeyondBounds(f"{site} would have more than {MOST_CHECKS} checks, which is the most of one site")
    with transaction.atomic():
        # One report of a project after another: two that name the same checks in another order would lock each other.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        for job, outcome in told:
            check, _ = Check.objects.update_or_create(
                project=project, site=site, kind=job.kind, subject=job.subject, defaults={"every": every}
            )
            record(check, outcome, at, apart=APART)
    return len(told)


def told_outcome(
    *, state: Any, finding: Finding, words: str, latency_ms: float | None, cause: str, evidence: Mapping[str, Any]
) -> Outcome:
    """Return the outcome that another place tells of; a cause that the knowledge doesn't have is left out."""
    diagnosis = Diagnosis(cause=cause) if cause in load().causes else None
    return Outcome(state, finding, words, latency_ms, evidence, diagnosis)


def storable_evidence(evidence: dict[str, Any]) -> dict[str, Any]:
    """Return the evidence that another place tells, unchanged.

    Raises:
        ValueError: it is nested or longer than is kept, or holds a number that JSON doesn't have.
    """
    level: list[Any] = [evidence]
    for _ in range(DEEPEST):
        inside = (item for held in level for item in (held.values() if isinstance(held, dict) else held))
        level = [item for item in inside if isinstance(item, dict | list)]
    if level:
        raise ValueError(f"it is nested deeper than {DEEPEST} levels")
    try:
        size = len(json.dumps(evidence, allow_nan=False))
    except ValueError as error:
        raise ValueError("it holds NaN or an infinite number, which JSON doesn't have") from error
    if size > EVIDENCE:
        raise ValueError(f"it has {size} bytes of JSON; {EVIDENCE} is the most")
    return evidence
