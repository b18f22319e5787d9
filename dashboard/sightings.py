"""What a reader's own projects saw of a cause or a status: read from the counts and the issues, never from attempts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Max, Sum

from triage.diagnosis.unknowns import make_template
from triage.knowledge import UNKNOWN
from triage.models import Attempt, Issue, Project
from triage.rates import Filters, Slice, breakdown, parse_window, totals

_MOST_ISSUES = 5
_MOST_UNKNOWN = 500


@dataclass(frozen=True)
class Sighting:
    """Failures of one cause within a day and a week, and what they have in common today."""

    day: int
    week: int
    day_rate: float | None
    """Failures of this cause among all attempts of the day, 0 to 1."""
    models: list[Slice]
    services: list[Slice]
    issues: list[Issue]

    @property
    def only_model(self) -> str:
        """The model that all of today's failures share, if there is one."""
        return self.models[0].value if len(self.models) == 1 else ""

    @property
    def only_service(self) -> str:
        """The service that all of today's failures share, if there is one."""
        return self.services[0].value if len(self.services) == 1 else ""


@dataclass(frozen=True)
class StatusSighting:
    """Failures with one HTTP status, over all time that issues are kept."""

    failures: int
    last_seen_at: dt.datetime | None
    issues: list[Issue]


@dataclass(frozen=True)
class TemplateSighting:
    """Failures without a known cause that read alike, among the newest that were stored."""

    equal: int
    looked_at: int
    last_seen_at: dt.datetime | None


def sighting_of_template(projects: Collection[Project], template: str) -> TemplateSighting | None:
    """Return how many of the newest unknown failures of ``projects`` read like ``template``; ``None`` without projects.

    A template is the message with its ids and numbers folded, so that equal failures have equal ones.
    """
    if not projects:
        return None
    failed = Attempt.objects.filter(project__in=projects, failed=True, cause__in=("", UNKNOWN)).exclude(message="")
    newest = list(failed.order_by("-at").values_list("message", "at")[:_MOST_UNKNOWN])
    equal = [at for message, at in newest if make_template(message, message) == template]
    return TemplateSighting(len(equal), len(newest), max(equal, default=None))


def sighting_of_cause(projects: Collection[Project], cause: str) -> Sighting | None:
    """Return what ``projects`` saw of ``cause``; ``None`` where there is no project to look into."""
    if not projects:
        return None
    filters = Filters([project.pk for project in projects], cause=cause)
    day = parse_window("24h")
    told = totals(day, filters)
    week = totals(parse_window("7d"), filters)
    models = [each for each in breakdown(day, filters, "model") if each.totals.failures] if told.failures else []
    services = [each for each in breakdown(day, filters, "service") if each.totals.failures] if told.failures else []
    issues = Issue.objects.filter(project__in=projects, cause=cause).select_related("project")
    newest = list(issues.order_by("-last_seen_at", "-pk")[:_MOST_ISSUES])
    return Sighting(told.failures, week.failures, told.attempt_rate, models, services, newest)


def sighting_of_status(projects: Collection[Project], status: int) -> StatusSighting | None:
    """Return what ``projects`` saw of an HTTP status; ``None`` where there is no project to look into."""
    if not projects:
        return None
    issues = Issue.objects.filter(project__in=projects, http_status=status).select_related("project")
    told = issues.aggregate(failures=Sum("failures"), last=Max("last_seen_at"))
    return StatusSighting(
        told["failures"] or 0, told["last"], list(issues.order_by("-last_seen_at", "-pk")[:_MOST_ISSUES])
    )
