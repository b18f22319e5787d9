"""The overview (``/``): whether requests fail now, more than usual, and whether it is us or them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.answer import answer
from dashboard.charts import chart_of
from dashboard.check_rows import strip_of
from dashboard.choice import DIMENSIONS, NOT_TOLD, Choice, choice_of, shown
from dashboard.incident_rows import marks_of
from dashboard.sources import reporters
from dashboard.us_or_them import tone_of, troubles_now
from dashboard.views.common import render_page, team_page
from triage import rates
from triage.models import Issue

_BREAKDOWNS: tuple[rates.Dimension, ...] = ("cause", "model", "service", "team")
_ROWS = 7
_TOP_ISSUES = 6
_SOURCES = 6


@dataclass(frozen=True)
class BreakdownRow:
    """One value of a dimension: what failed, its share of all that failed, and the address that narrows to it."""

    value: str
    label: str
    totals: rates.Totals
    category: str
    chosen: bool
    href: str


@dataclass(frozen=True)
class Breakdown:
    """The rows of one dimension; ``rest`` values more are left out."""

    name: str
    label: Any
    rows: list[BreakdownRow]
    most: int
    rest: int


@require_safe
@team_page
def overview(request: HttpRequest) -> HttpResponse:
    """Answer the question in a sentence, then show what it rests on."""
    choice = choice_of(request)
    unit = "count" if request.GET.get("unit") == "count" else "rate"
    window, filters = choice.window, choice.filters
    series = rates.series(window, filters)
    comparison = rates.Comparison(_sum(series), rates.totals(window.before(), filters))
    slices = rates.breakdowns(window, filters, ("category", *_BREAKDOWNS))
    heard = rates.last_heard(filters.projects)
    now = timezone.now()
    told = answer(window, comparison, slices["category"], heard)
    # The verdict is on all of a project and on this moment, so it answers neither for a part nor for another time.
    troubles = troubles_now(choice.projects, now) if window.name and not choice.values else []
    context = {
        "choice": choice,
        "unit": unit,
        "comparison": comparison,
        "checks": strip_of(filters.projects),
        "answer": told,
        "troubles": troubles,
        "tone": tone_of(troubles[0].verdict) if troubles else told.tone,
        "chart": chart_of(series, unit=unit, marks=marks_of(filters.projects, window, now)),
        "breakdowns": [breakdown_of(choice, name, slices[name]) for name in _BREAKDOWNS],
        "issues": _top_issues(choice),
        "reporters": reporters(heard[:_SOURCES], slices["service"], filters, now),
        "silent_sources": len(heard[_SOURCES:]),
        "last_heard": heard[0].last_seen_at if heard else None,
    }
    return render_page(request, "overview/page.html", "overview/_live.html", context)


def _sum(series: rates.Series) -> rates.Totals:
    whole = rates.Totals()
    for each in series.totals:
        whole.add(each)
    return whole


def breakdown_of(choice: Choice, name: rates.Dimension, told: Iterable[rates.Slice]) -> Breakdown:
    """Return what failed by one dimension, each row with the address that narrows the page to it."""
    slices = [each for each in told if each.totals.failures]
    rows = [
        BreakdownRow(
            each.value,
            shown(name, each.value),
            each.totals,
            each.category or "other",
            choice.values.get(name) == (each.value or NOT_TOLD),
            choice.narrowed_to(name, each.value),
        )
        for each in slices[:_ROWS]
    ]
    most = max((row.totals.failures for row in rows), default=0)
    return Breakdown(name, DIMENSIONS[name], rows, most, len(slices[_ROWS:]))


def _top_issues(choice: Choice) -> list[Issue]:
    """Return the open issues seen in the window, those that failed most in all first."""
    filters = choice.filters
    issues = Issue.objects.filter(
        project__in=choice.projects,
        state__in=[Issue.State.OPEN, Issue.State.REGRESSED],
        last_seen_at__gte=choice.window.start,
    )
    if filters.cause is not None:
        issues = issues.filter(cause=filters.cause)
    if filters.category is not None:
        issues = issues.filter(category=filters.category)
    return list(issues.select_related("project", "assignee").order_by("-failures", "-last_seen_at")[:_TOP_ISSUES])
