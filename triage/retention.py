"""What is kept for how long: bodies go first, then requests with their attempts, then minutes, then hours.

Deleting goes in small batches, each in a transaction of its own, so that a digest never waits long for the database.
Issues and their history stay: there are few of them, and what they say of the past is the point of them. What a name of
the past was remembered for goes with it: sources with the requests, the day's values when no report of it can come.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, QuerySet

from triage.models import (
    Attempt,
    DimensionValue,
    FacetSet,
    FoldedValues,
    HourCount,
    MinuteCount,
    Project,
    Request,
    Source,
)

_BATCH = 500  # rows of one transaction
_VALUES_DAYS = 7
"""How long a day's values are remembered; reports wait in the inbox for minutes, after a bad week end for days."""
_Rows = QuerySet[Any, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that grows with time and is kept for a number of days."""

    name: str
    setting: str
    """The setting with the number of days."""
    rows: Callable[[Project], _Rows]
    """What a project has of it."""
    moment: str
    """The field that tells a row's age."""
    end: Callable[[_Rows], int]
    """Ends the rows of one batch and returns how many that were."""

    @property
    def days(self) -> int:
        """How many days it is kept."""
        return int(getattr(settings, self.setting))


@dataclass(frozen=True, slots=True)
class Holding:
    """What there is of one kind in one project."""

    kind: Kind
    rows: int
    oldest: dt.datetime | None


def _delete(rows: _Rows) -> int:
    """Delete ``rows``; what hangs on them goes too and isn't counted."""
    _, by_model = rows.delete()
    model: type[Model] = rows.model
    return by_model.get(model._meta.label, 0)


KINDS = (
    Kind(
        "bodies",
        "TRIAGE_KEEP_BODIES_DAYS",
        lambda project: Attempt.objects.filter(project=project).exclude(body=""),
        "at",
        lambda rows: rows.update(body=""),
    ),
    Kind(
        "requests",
        "TRIAGE_KEEP_REQUESTS_DAYS",
        lambda project: Request.objects.filter(project=project),
        "started_at",
        _delete,
    ),
    Kind(
        "minutes",
        "TRIAGE_KEEP_MINUTES_DAYS",
        lambda project: MinuteCount.objects.filter(project=project),
        "start",
        _delete,
    ),
    Kind(
        "hours", "TRIAGE_KEEP_HOURS_DAYS", lambda project: HourCount.objects.filter(project=project), "start", _delete
    ),
)


def holdings(project: Project) -> list[Holding]:
    """Return what ``project`` has of every kind, and since when."""
    found = []
    for kind in KINDS:
        rows = kind.rows(project)
        oldest = rows.order_by(kind.moment).values_list(kind.moment, flat=True).first()
        found.append(Holding(kind, rows.count() if oldest else 0, oldest))
    return found


def clean_up(now: dt.datetime, *, patience: float) -> dict[str, int]:
    """End what is older than its setting allows at ``now``, for about ``patience`` seconds; return how much, by kind.

    What is left when the time is up is found by the next call.
    """
    until = time.monotonic() + patience
    ended = {kind.name: 0 for kind in KINDS}
    for project in Project.objects.order_by("pk"):
        for kind in KINDS:
            old = kind.rows(project).filter(**{f"{kind.moment}__lt": now - dt.timedelta(days=kind.days)})
            while time.monotonic() < until:
                # Named by their ids: neither database deletes or updates a limited number of rows by itself.
                batch = list(old.order_by(kind.moment).values_list("pk", flat=True)[:_BATCH])
                ended[kind.name] += kind.end(kind.rows(project).filter(pk__in=batch)) if batch else 0
                if len(batch) < _BATCH:
                    break
        _forget_unused_facets(project)
        _forget_names(project, now)
    return ended


def _forget_unused_facets(project: Project) -> None:
    """Delete the facet sets that no request has any more, while no digest files one under them."""
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).filter(pk=project.pk).first()
        used = Request.objects.filter(facets=OuterRef("pk"))
        FacetSet.objects.filter(~Exists(used), project=project).delete()


def _forget_names(project: Project, now: dt.datetime) -> None:
    """Delete the values of days that are over, what was folded in counts that are gone, and sources long silent."""
    values, counts, requests = (
        now - dt.timedelta(days=days)
        for days in (_VALUES_DAYS, settings.TRIAGE_KEEP_HOURS_DAYS, settings.TRIAGE_KEEP_REQUESTS_DAYS)
    )
    DimensionValue.objects.filter(project=project, day__lt=values.date()).delete()
    FoldedValues.objects.filter(project=project, day__lt=counts.date()).delete()
    Source.objects.filter(project=project, last_seen_at__lt=requests).delete()
