"""What alert rules look at, read once a look and shared by all rules of a project.

A look into the past reads the same counts over a longer span: the conditions can't tell the two apart.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from django.db.models import Case, F, IntegerField, Max, Q, QuerySet, Sum, Value, When

from triage import health
from triage.models import AlertRule, Attempt, HourCount, Incident, IssueEvent, MinuteCount, Project, Source

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
LONGEST = HOUR
"""The widest window that a condition may count in."""
_DAYS, _HOURS = 7, 24
"""How far back the same hour of other days is looked at, and how many of the hours before this one."""
_HEARD = dt.timedelta(days=1)
"""A source that has been silent for longer is gone, which is no news."""
_ANSWERS = 5_000
_HIT = F("failed_requests") + F("rescued_requests")
_Narrowing = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests of one window; ``hit`` are those that failed, or would have without a retry."""

    requests: int
    hit: int

    @property
    def share(self) -> float:
        """Return the share that was hit, 0 to 1; 0 where there were none."""
        return self.hit / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class FailingCheck:
    """A check that failed at least twice in a row."""

    kind: str
    site: str
    words: str


@dataclass(frozen=True, slots=True)
class HeadRoom:
    """What an answer's headers said was left of one rate limit, as a share of 1."""

    limit: str
    left: float


class Facts:
    """What was counted, checked and heard in a project up to ``end``, from ``start`` on and the window before it."""

    def __init__(self, project: Project, start: dt.datetime, end: dt.datetime) -> None:
        self.project = project
        self.start = minute_of(start) - LONGEST
        self.end = end
        self._sums: dict[_Narrowing, tuple[list[int], list[int]]] = {}
        self._hours: dict[_Narrowing, dict[dt.datetime, tuple[int, int]]] = {}

    def counted(self, rule: AlertRule, at: dt.datetime, minutes: int, category: str = "") -> Counted:
        """Return what the rule's part of the traffic met in the last ``minutes``, the present one included."""
        requests, hit = self._sums_of(_narrowing(rule, category))
        last = min((minute_of(at) - self.start) // MINUTE + 1, len(hit) - 1)
        first = max(0, last - minutes)
        return Counted(requests[last] - requests[first], hit[last] - hit[first])

    def last_minutes(self, rule: AlertRule, at: dt.datetime, minutes: int) -> list[int]:
        """Return how many requests were hit in each of the last ``minutes``, oldest first."""
        _requests, hit = self._sums_of(_narrowing(rule, ""))
        last = min((minute_of(at) - self.start) // MINUTE + 1, len(hit) - 1)
        return [hit[n] - hit[n - 1] for n in range(max(1, last - minutes + 1), last + 1)]

    def usual_shares(self, rule: AlertRule, at: dt.datetime) -> tuple[float, ...]:
        """Return the shares that were hit at this hour of other days and in the hours before.

        The hour before the present one is left out: what has gone wrong for that long is not usual yet.
        """
        hours = self._hours_of(_narrowing(rule, ""))
        this = at.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
        wanted = {this - n * HOUR for n in range(2, _HOURS + 2)} | {
            this - dt.timedelta(days=n) for n in range(1, _DAYS + 1)
        }
        told = (hours[hour] for hour in sorted(wanted) if hour in hours)
        return tuple(hit / requests for requests, hit in told if requests)

    def leading_cause(self, rule: AlertRule, at: dt.datetime, minutes: int, category: str = "") -> str:
        """Return the cause of most requests that were hit in the last ``minutes``; empty where none was."""
        found = (
            self._counts(rule.model, rule.service, rule.team)
            .filter(start__gt=minute_of(at) - minutes * MINUTE, start__lte=at, **_named(cause=rule.cause))
            .filter(**_named(category=category))
            .exclude(cause="")
            .values("cause")
            .annotate(hit=Sum(_HIT))
            .filter(hit__gt=0)
            .order_by("-hit", "cause")
            .first()
        )
        return str(found["cause"]) if found else ""

    def events(self, kind: IssueEvent.Kind, after: dt.datetime, cause: str = "") -> list[IssueEvent]:
        """Return the turning points of issues of one kind from ``after`` on, oldest first."""
        found = IssueEvent.objects.filter(issue__project=self.project, kind=kind, at__gte=after, at__lte=self.end)
        return list(found.filter(**_named(issue__cause=cause)).select_related("issue").order_by("at", "pk"))

    def failing_checks(self, at: dt.datetime) -> list[FailingCheck]:
        """Return the checks that fail for good at ``at``."""
        del at
        return [FailingCheck(each.kind, each.site, each.words) for each in self._standings if each.failing]

    def known_checks(self) -> set[str]:
        """Return the kinds of checks of which anything is known now."""
        return {each.kind for each in self._standings if each.state != "unknown"}

    def head_rooms(self, at: dt.datetime, minutes: int) -> list[HeadRoom]:
        """Return what the answers of the last ``minutes`` said was left of each limit, the least of each."""
        least: dict[str, float] = {}
        for ago in range(minutes):
            for limit, left in self._answers.get(minute_of(at) - ago * MINUTE, ()):
                least[limit] = min(left, least.get(limit, 1.0))
        return sorted((HeadRoom(*each) for each in least.items()), key=lambda each: each.left)

    def last_heard(self, at: dt.datetime) -> dict[str, dt.datetime]:
        """Return when each service was last heard, of those heard within a day."""
        sources = Source.objects.filter(project=self.project, last_seen_at__gt=at - _HEARD, last_seen_at__lte=at)
        return dict(sources.order_by().values_list("service").annotate(last=Max("last_seen_at")))

    def incidents(self, at: dt.datetime) -> list[Incident]:
        """Return the incidents that go on at ``at``, newest first."""
        return [
            each for each in self._incidents if each.opened_at <= at and (each.closed_at is None or each.closed_at > at)
        ]

    @cached_property
    def _standings(self) -> list[health.Standing]:
        return health.states([self.project.pk])

    @cached_property
    def _incidents(self) -> list[Incident]:
        lasted = Q(closed_at=None) | Q(closed_at__gte=self.start)
        return list(Incident.objects.filter(lasted, project=self.project).order_by("-opened_at", "-pk"))

    @cached_property
    def _answers(self) -> dict[dt.datetime, list[tuple[str, float]]]:
        """What the answers of each minute said was left."""
        attempts = Attempt.objects.filter(
            request__project=self.project, request__started_at__gte=self.start, at__lte=self.end
        ).exclude(headers={})
        newest = attempts.order_by("-request__started_at").values_list("at", "headers")[:_ANSWERS]
        told: dict[dt.datetime, list[tuple[str, float]]] = defaultdict(list)
        for at, headers in newest:
            told[minute_of(at)] += _rooms(headers)
        return told

    def _sums_of(self, narrowing: _Narrowing) -> tuple[list[int], list[int]]:
        """Return, for each minute from the start, how many requests there were before it, and how many were hit."""
        if narrowing not in self._sums:
            model, service, team, cause, category = narrowing
            rows = self._counts(model, service, team).filter(start__gte=self.start, start__lte=self.end)
            minutes = (minute_of(self.end) - self.start) // MINUTE + 1
            requests, hit = [0] * minutes, [0] * minutes
            for start, called, met in _summed(rows, cause, category):
                at = (start - self.start) // MINUTE
                requests[at], hit[at] = called, met
            self._sums[narrowing] = [0, *accumulate(requests)], [0, *accumulate(hit)]
        return self._sums[narrowing]

    def _hours_of(self, narrowing: _Narrowing) -> dict[dt.datetime, tuple[int, int]]:
        if narrowing not in self._hours:
            model, service, team, cause, category = narrowing
            rows = HourCount.objects.filter(
                project=self.project,
                start__gte=self.start - dt.timedelta(days=_DAYS),
                start__lte=self.end,
                **_named(model=model, service=service, team=team),
            )
            self._hours[narrowing] = {start: (called, met) for start, called, met in _summed(rows, cause, category)}
        return self._hours[narrowing]

    def _counts(self, model: str, service: str, team: str) -> QuerySet[MinuteCount]:
        return MinuteCount.objects.filter(project=self.project, **_named(model=model, service=service, team=team))


def _summed(rows: QuerySet, cause: str, category: str) -> Collection[tuple[dt.datetime, int, int]]:  # type: ignore[type-arg]
    """Return start, requests and requests hit of each bucket; cause and category narrow what counts as hit."""
    wanted = _named(cause=cause, category=category)
    met = Case(When(**wanted, then=_HIT), default=Value(0), output_field=IntegerField()) if wanted else _HIT
    found: list[tuple[dt.datetime, int, int]] = list(
        rows.order_by().values_list("start").annotate(called=Sum("requests"), met=Sum(met))
    )
    return found


def _rooms(headers: object) -> list[tuple[str, float]]:
    """Return what is left of each rate limit of which the headers tell both limit and rest."""
    if not isinstance(headers, dict):
        return []
    told = {str(name).lower(): str(value) for name, value in headers.items()}
    rooms: dict[str, dict[str, int]] = defaultdict(dict)
    for name, value in told.items():
        stem, _, part = name.removeprefix("anthropic-ratelimit-").rpartition("-")
        if name.startswith("anthropic-ratelimit-") and part in ("limit", "remaining") and value.isdecimal():
            rooms[stem.replace("-", " ")][part] = int(value)
    return [
        (stem, parts["remaining"] / parts["limit"])
        for stem, parts in rooms.items()
        if parts.get("limit") and "remaining" in parts
    ]


def _narrowing(rule: AlertRule, category: str) -> _Narrowing:
    return rule.model, rule.service, rule.team, rule.cause, category


def _named(**wanted: str) -> dict[str, str]:
    return {name: value for name, value in wanted.items() if value}


def minute_of(at: dt.datetime) -> dt.datetime:
    """Return the minute that holds ``at``."""
    return at.astimezone(dt.UTC).replace(second=0, microsecond=0)
