"""What a chart and its table twin are drawn from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from dashboard.templatetags.triage_ui import CATEGORIES, charted_category
from triage.rates import Series, Totals


@dataclass(frozen=True)
class Row:
    """One bucket of a chart, as a row of its table."""

    start: dt.datetime
    totals: Totals
    failures: list[int]
    incidents: Sequence[str] = ()
    """The titles of the incidents that went on then."""


@dataclass(frozen=True)
class Chart:
    """A stacked chart of failed attempts over time: ``data`` for the script, ``rows`` for the table.

    ``marks`` are the incidents that it shades (see ``incident_rows.marks_of``).
    """

    data: dict[str, Any]
    categories: list[str]
    rows: list[Row]
    peak: Row | None
    peak_category: str
    marks: Sequence[Mapping[str, Any]] = ()


def chart_of(series: Series, *, unit: str = "rate", marks: Sequence[Mapping[str, Any]] = ()) -> Chart:
    """Return the chart of a series stacked by category; ``unit`` is ``rate`` (a share of the attempts) or ``count``.

    ``marks`` are the incidents to shade.
    """
    categories = [name for name in CATEGORIES if name in series.failures]
    stacks = [series.failures[name] for name in categories]
    rows = [
        Row(start, totals, [stack[at] for stack in stacks], [each["title"] for each in marks if _covers(each, at)])
        for at, (start, totals) in enumerate(zip(series.starts, series.totals, strict=True))
    ]
    peak = max(rows, key=lambda row: row.totals.failures, default=None)
    if peak is not None and not peak.totals.failures:
        peak = None
    worst = categories[peak.failures.index(max(peak.failures))] if peak and categories else ""
    data = {
        "unit": unit,
        "starts": [row.start.isoformat() for row in rows],
        "end": series.window.end.isoformat(),
        "bucketSeconds": int(series.window.bucket.total_seconds()),
        "attempts": [row.totals.attempts for row in rows],
        "failures": [row.totals.failures for row in rows],
        "requests": [row.totals.requests for row in rows],
        "failedRequests": [row.totals.failed_requests for row in rows],
        "rescued": [row.totals.rescued_requests for row in rows],
        "categories": [
            {"name": name, "label": charted_category(name), "counts": stack}
            for name, stack in zip(categories, stacks, strict=True)
        ],
        "marks": [{name: each[name] for name in ("title", "from", "to")} for each in marks],
        "words": {
            "attempts": gettext("Attempts"),
            "failed": gettext("failed"),
            "requests": gettext("Requests"),
            "rescued": gettext("rescued"),
            "failedRequests": gettext("Failed requests"),
            "nothing": gettext("nothing reported"),
            "incident": gettext("Incident:"),
        },
    }
    return Chart(data, categories, [row for row in rows if row.totals.attempts], peak, worst, marks)


def _covers(mark: Mapping[str, Any], bucket: int) -> bool:
    return bool(mark["from"] < bucket + 1 and mark["to"] > bucket)
