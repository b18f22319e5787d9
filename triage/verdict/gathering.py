"""Reads what a verdict rests on: the last hour by the minute, the same hour of other days, durations, users, checks."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from django.db.models import F, QuerySet, Sum

from triage import health
from triage.ingest.calls import ended_at
from triage.models import HourCount, Incident, MinuteCount, Project, Request
from triage.verdict.model import CheckFact, Evidence, Pace, Tally, Usual

_HOUR = dt.timedelta(hours=1)
_SUMS = {
    "n_attempts": Sum("attempts"),
    "n_failures": Sum("failures"),
    "n_requests": Sum("requests"),
    "n_hit": Sum(F("failed_requests") + F("rescued_requests")),
}
_DAYS, _HOURS = 14, 24
"""How far back the same hour of other days is looked at, and how many of the hours right before this one."""
_JUST_NOW = dt.timedelta(minutes=1)
_LONGEST = dt.timedelta(minutes=10)
"""How long a call may have taken that is looked at: the SDKs' own timeout."""
_BEFORE = dt.timedelta(hours=3)
_SAMPLE = 400
"""Calls whose durations or users are looked at; the newest stand for the rest."""
_SAMPLE_BEFORE = 150
"""Calls of the hours before from which the usual duration of each model is taken."""
_NEWEST = 20
"""Requests among which the one that ended last is looked for: the last to begin need not be it."""
_OTHERS = 2.0
"""How many times its own usual duration makes a single service count as slow."""


@dataclass(frozen=True, slots=True)
class _Timed:
    """A call by what its pace is told from; ``took`` is in milliseconds."""

    model: str
    service: str
    took: int
    ended: dt.datetime


def gather(project: Project, at: dt.datetime) -> Evidence:
    """Return all that is known of ``project`` at ``at`` that a verdict is made from."""
    users, heard = _users(project, at)
    checks = _checks(project, at)
    return Evidence(
        at=at,
        tallies=_tallies(project, at),
        last_at=_last_at(project, at),
        usual=_usual(project, at),
        pace=_pace(project, at),
        checks=checks,
        page_lag=_page_lag(project, at) if any(each.kind == "provider" for each in checks) else None,
        users=users,
        users_heard=heard,
    )


def _tallies(project: Project, at: dt.datetime) -> list[Tally]:
    by = ("start", "model", "service", "team", "category", "cause")
    minutes = MinuteCount.objects.filter(project=project, start__gt=at - _HOUR, start__lte=at)
    rows = minutes.order_by("start").values_list(*by).annotate(**_SUMS)
    return [Tally(*row) for row in rows]


def _last_at(project: Project, at: dt.datetime) -> dt.datetime | None:
    newest = Request.objects.filter(project=project, started_at__lte=at).order_by("-started_at", "-id")[:_NEWEST]
    return max((min(at, ended_at(each)) for each in newest), default=None)


def _usual(project: Project, at: dt.datetime) -> Usual:
    """Return the shares of the same hour on other days and of the hours before this one, each hour once.

    The hour before the present one is left out as well: what has gone wrong for that long is not usual yet.
    """
    this = at.replace(minute=0, second=0, microsecond=0)
    looked_at = {this - n * _HOUR for n in range(2, _HOURS + 2)} | {
        this - dt.timedelta(days=n) for n in range(1, _DAYS)
    }
    hours_before = HourCount.objects.filter(project=project, start__in=looked_at).order_by()
    rows = hours_before.values_list("start", "cause").annotate(**_SUMS)
    attempts: Counter[dt.datetime] = Counter()
    requests: Counter[dt.datetime] = Counter()
    hits: dict[str, Counter[dt.datetime]] = defaultdict(Counter)
    for start, cause, tried, _failed, called, hit in rows:
        attempts[start] += tried
        requests[start] += called
        if hit:
            hits[cause][start] += hit
    hours = sorted((start for start, count in requests.items() if count), reverse=True)
    return Usual(
        rates={cause: tuple(counts[start] / requests[start] for start in hours) for cause, counts in hits.items()},
        requests=tuple(requests[start] for start in hours),
        same_hour=tuple(requests[start] for start in hours if start.hour == this.hour),
        tries=sum(attempts.values()) / (sum(requests.values()) or 1) or 1.0,
    )


def _pace(project: Project, at: dt.datetime) -> Pace:
    calls = Request.objects.filter(project=project, outcome=Request.Outcome.SUCCEEDED, duration_ms__gt=0)
    # No index tells when calls ended, so all that began within the longest time are looked at, or an even part of them:
    # the newest alone would be the quick ones, since the slow ones that began beside them haven't ended.
    recent = calls.filter(started_at__gt=at - _LONGEST, started_at__lte=at)
    part = max(1, recent.count() // _SAMPLE)
    ended = [each for each in _timed(recent.annotate(part=F("id") % part).filter(part=0)) if each.ended <= at]
    now = [each for each in ended if each.ended > at - _JUST_NOW]
    past = calls.filter(started_at__gt=at - _BEFORE, started_at__lte=at - _LONGEST).order_by("-started_at", "-id")
    before = _timed(past[:_SAMPLE_BEFORE])
    by_model: dict[str, list[int]] = defaultdict(list)
    for each in before:
        by_model[each.model].append(each.took)
    usual = {model: median(times) for model, times in by_model.items()}
    told = [(each, each.took / usual[each.model]) for each in now if each.model in usual]
    if not told:
        return Pace()
    by_service: dict[str, list[float]] = defaultdict(list)
    for each, ratio in told:
        by_service[each.service].append(ratio)
    return Pace(
        now_ms=median(each.took for each, _ in told),
        usual_ms=median(each.took for each in before),
        ratio=median(ratio for _, ratio in told),
        count=len(told),
        slow_services=tuple(sorted(name for name, ratios in by_service.items() if median(ratios) >= _OTHERS)),
        services=tuple(sorted(by_service)),
    )


def _timed(calls: QuerySet[Request]) -> list[_Timed]:
    rows = calls.values_list("model", "service", "duration_ms", "started_at")
    return [
        _Timed(model, service, took, start + dt.timedelta(milliseconds=took))
        for model, service, took, start in rows
        if took
    ]


def _users(project: Project, at: dt.datetime) -> tuple[list[tuple[str, int]], int]:
    """Return whose requests failed in the last minutes, and how many users made any."""
    recent = Request.objects.filter(
        project=project, started_at__gt=at - 5 * dt.timedelta(minutes=1), started_at__lte=at
    )
    told: Iterable[tuple[str, str]] = recent.order_by("-started_at", "-id").values_list("user", "outcome")[:_SAMPLE]
    heard: set[str] = set()
    failed: Counter[str] = Counter()
    for user, outcome in told:
        heard.add(user)
        if outcome != Request.Outcome.SUCCEEDED:
            failed[user] += 1
    return [each for each in failed.most_common() if each[0]], len(heard - {""})


def _checks(project: Project, at: dt.datetime) -> list[CheckFact]:
    return [
        CheckFact(each.kind, each.subject, each.site, each.state, each.finding, each.words, each.since, each.failing)
        for each in health.states([project.pk], at)
        if each.state != "unknown"
    ]


def _page_lag(project: Project, at: dt.datetime) -> dt.timedelta | None:
    theirs = Incident.objects.filter(
        project=project, side=Incident.Side.THEM, provider_said_at__lte=at, closed_at__lte=at
    )
    last = theirs.order_by("-opened_at").first()
    return last.lag if last else None
