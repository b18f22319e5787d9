"""What a chart and its table twin are drawn from."""

from __future__ import annotations

import datetime as dt
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


@dataclass(frozen=True)
class Chart:
    """A stacked chart of failed attempts over time: ``data`` for the script, ``rows`` for the table."""

    data: dict[str, Any]
    categories: list[str]
    rows: list[Row]
    peak: Row | None
    peak_category: str


def chart_of(series: Series, *, unit: str = "rate") -> Chart:
    """Return the chart of a series stacked by category; ``unit`` is ``rate`` (a share of the attempts) or ``count``."""
    categories = [name for name in CATEGORIES if name in series.failures]
    stacks = [series.failures[name] for name in categories]
    rows = [
        Row(start, totals, [stack[at] for stack in stacks])
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
        "words": {
            "attempts": gettext("Attempts"),
            "failed": gettext("failed"),
            "requests": gettext("Requests"),
            "rescued": gettext("rescued"),
            "failedRequests": gettext("Failed requests"),
            "nothing": gettext("nothing reported"),
        },
    }
    return Chart(data, categories, [row for row in rows if row.totals.attempts], peak, worst)
