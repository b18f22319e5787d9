"""How the checks stand, now or at a past moment: what verdicts, incidents and alerts build on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from triage.health.plan import used_models
from triage.models import Check, CheckResult

_SETTLED_AFTER = 2
"""Failures in a row from which a check counts as failing: a single one may be a dropped packet."""
_SILENT_AFTER = 3
"""Intervals without a result from which nothing is known any more; never less than the time below."""
_SILENT_AT_LEAST = dt.timedelta(minutes=3)


@dataclass(frozen=True)
class Standing:
    """How one check stands at a moment.

    ``state`` is that of its newest result (``unknown`` where that is too old); ``failing`` only once two results in a
    row failed. ``since`` is when the state began, ``at`` when the newest result came. ``site`` is empty for this
    server, ``project_id`` None.
    """

    check_id: int
    project_id: int | None
    site: str
    kind: str
    subject: str
    state: str
    failing: bool
    silent: bool
    finding: str
    cause: str
    words: str
    evidence: dict[str, Any]
    latency_ms: float | None
    since: dt.datetime | None
    at: dt.datetime | None


def visible_checks(projects: Collection[int], now: dt.datetime | None = None) -> QuerySet[Check]:
    """Return the checks that somebody who sees ``projects`` (ids) may see.

    This server's own, but of the models only those that these projects use; and what their sites report.
    """
    models = used_models(now or timezone.now(), projects)
    own = Q(project=None) & (~Q(kind="model") | Q(subject__in=models))
    return Check.objects.filter(own | Q(project__in=projects)).order_by("site", "kind", "subject")


def states(projects: Collection[int], at: dt.datetime | None = None) -> list[Standing]:
    """Return how every check that ``projects`` (ids) are concerned with stands, at ``at`` or now."""
    at = at or timezone.now()
    # What is noted on a check holds until its next result; only a moment before its newest one has to be looked up.
    return [
        standing(check, at) if check.ran_at is None or check.ran_at <= at else _standing_then(check, at)
        for check in visible_checks(projects, at)
    ]


def standing(check: Check, now: dt.datetime) -> Standing:
    """Return how ``check`` stands at ``now``, by what is noted on it."""
    silent = is_silent(check, check.ran_at, now)
    return Standing(
        check_id=check.pk,
        project_id=check.project_id,
        site=check.site,
        kind=check.kind,
        subject=check.subject,
        state="unknown" if silent or check.ran_at is None else check.state,
        failing=not silent and check.state == "fail" and check.in_a_row >= _SETTLED_AFTER,
        silent=silent,
        finding=check.finding,
        cause=check.cause,
        words=check.words,
        evidence=check.evidence,
        latency_ms=check.latency_ms,
        since=check.since if check.ran_at else None,
        at=check.ran_at,
    )


def is_silent(check: Check, ran_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Tell whether the newest result is so old that something must have stopped."""
    patience = max(_SILENT_AT_LEAST, dt.timedelta(seconds=check.every * _SILENT_AFTER))
    return ran_at is not None and now - ran_at > patience


def _standing_then(check: Check, at: dt.datetime) -> Standing:
    """Return how ``check`` stood at a past moment, by its results; words of fine runs aren't kept."""
    results = check.results.filter(at__lte=at).order_by("-at", "-pk")
    newest = results.first()
    silent = is_silent(check, newest.at if newest else None, at)
    if newest is None or silent:
        newest = newest or CheckResult(finding="")
        state, failing = "unknown", False
    else:
        last = list(results[:_SETTLED_AFTER])
        state = newest.state
        failing = len(last) == _SETTLED_AFTER and all(each.state == "fail" for each in last)
    return Standing(
        check_id=check.pk,
        project_id=check.project_id,
        site=check.site,
        kind=check.kind,
        subject=check.subject,
        state=state,
        failing=failing,
        silent=silent,
        finding=newest.finding,
        cause=newest.cause,
        words=newest.words,
        evidence=newest.evidence,
        latency_ms=newest.latency_ms,
        since=_began(results, newest) if newest.pk else None,
        at=newest.at if newest.pk else None,
    )


def _began(results: QuerySet[CheckResult], newest: CheckResult) -> dt.datetime:
    """Return when the run of results with the newest one's state began."""
    before = results.exclude(state=newest.state).first()
    same = results.filter(state=newest.state)
    first = same.filter(at__gt=before.at).last() if before else same.last()
    return first.at if first else newest.at
