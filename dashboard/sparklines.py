"""Small bar charts for rows, drawn as SVG on the server: no script, no layout shift."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Sum
from django.utils import timezone

from triage.models import HourCount, Issue

HOURS = 24


@dataclass(frozen=True)
class Bar:
    """One hour: its place from the left and its height, both in the drawing's units of 24 by 10."""

    x: float
    y: float
    height: float


@dataclass(frozen=True)
class Sparkline:
    """The failures of the last 24 hours."""

    bars: list[Bar]
    total: int


def sparklines_of(issues: Collection[Issue]) -> Mapping[int, Sparkline]:
    """Return the last day of each issue, by its id, read from the hourly counts of its project and cause.

    Issues that share project and cause (told apart by status) share the line as well: counts know no status.
    """
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    first = now - dt.timedelta(hours=HOURS - 1)
    rows = (
        HourCount.objects.filter(
            project__in={issue.project_id for issue in issues},
            cause__in={issue.cause for issue in issues},
            start__gte=first,
        )
        .order_by()
        .values_list("project_id", "cause", "start")
        .annotate(failures=Sum("failures"))
    )
    series: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * HOURS)
    for project, cause, start, failures in rows:
        at = int((start - first).total_seconds() // 3600)
        if 0 <= at < HOURS:
            series[project, cause][at] += failures
    return {issue.pk: _line(series[issue.project_id, issue.cause]) for issue in issues}


def _line(counts: list[int]) -> Sparkline:
    most = max(counts) or 1
    bars = [
        Bar(at, round(10 - (height := max(1.0, count / most * 10)), 2), round(height, 2))
        for at, count in enumerate(counts)
        if count
    ]
    return Sparkline(bars, sum(counts))
