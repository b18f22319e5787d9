"""The recent past of health checks: latency as small bars, and what failed last."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from triage.models import Check, CheckResult

_PAST = dt.timedelta(hours=2)
_BARS = 60
_LATEST_FAILURES = 3
_LOOKED_AT = 60
"""Failed runs of a check among which its latest failures are sought."""
_WORST = ("ok", "unknown", "warn", "fail")


@dataclass(frozen=True)
class LatencyBar:
    """Two minutes of a check: place, height and worst state, in the drawing's units of 60 by 16."""

    x: int
    y: float
    height: float
    state: str


@dataclass(frozen=True)
class Past:
    """The last two hours of a check."""

    bars: list[LatencyBar]
    slowest_ms: float
    failed: int
    runs: int


@dataclass(frozen=True)
class Failure:
    """Runs in a row that found the same: the newest of them, when the first was, and how many."""

    newest: CheckResult
    began: dt.datetime
    runs: int


def failures_of(check: Check) -> list[Failure]:
    """Return the latest failures of this server's check; of other places the page shows the last word alone."""
    if check.project_id is not None:
        return []
    apart = dt.timedelta(seconds=3 * check.every)
    failures: list[Failure] = []
    for result in check.results.exclude(state="ok").exclude(finding="needs_key").order_by("-at")[:_LOOKED_AT]:
        last = failures[-1] if failures else None
        if last and last.newest.finding == result.finding and last.began - result.at <= apart:
            failures[-1] = Failure(last.newest, result.at, last.runs + 1)
        elif len(failures) == _LATEST_FAILURES:
            break
        else:
            failures.append(Failure(result, result.at, 1))
    return failures


def past_of(checks: Collection[int], now: dt.datetime) -> dict[int, Past]:
    """Return the last two hours of each of ``checks`` (ids)."""
    results: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    found = CheckResult.objects.filter(of__in=checks, at__gt=now - _PAST, at__lte=now)
    for check, *told in found.values_list("of_id", "at", "state", "latency_ms"):
        results[check].append(tuple(told))
    return {check: _past(results[check], now) for check in checks}


def _past(results: Iterable[tuple[Any, ...]], now: dt.datetime) -> Past:
    """Return the results as bars; the slowest of them reaches the top."""
    latency: dict[int, float] = defaultdict(float)
    worst: dict[int, int] = defaultdict(int)
    failed = runs = 0
    for at, state, milliseconds in results:
        bar = _BARS - 1 - int((now - at) / _PAST * _BARS)
        latency[bar] = max(latency[bar], milliseconds or 0.0)
        worst[bar] = max(worst[bar], _WORST.index(state))
        failed += state == "fail"
        runs += 1
    slowest = max(latency.values(), default=0.0)
    bars = []
    for bar in sorted(latency):
        height = max(1.5, round(latency[bar] / slowest * 16, 1)) if slowest else 1.5
        bars.append(LatencyBar(bar, round(16 - height, 1), height, _WORST[worst[bar]]))
    return Past(bars, slowest, failed, runs)
