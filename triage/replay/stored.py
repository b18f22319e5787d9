"""Reads the calls of a window from the database, for a replay."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import F, Sum

from triage.knowledge import load
from triage.models import Attempt, MinuteCount, Request
from triage.rates import Filters, Window
from triage.replay.comparing import Comparison, compare
from triage.replay.model import Call, Tried

_SLICE = 500
_Row = dict[str, Any]


@dataclass(frozen=True)
class Replay:
    """A comparison, and what it rests on."""

    comparison: Comparison
    undescribed: int
    """Calls that were left out since no report describes any failure of theirs."""
    failing: int
    """Calls of the window that failed at least once, ``undescribed`` among them."""

    @property
    def unread(self) -> int:
        """Return how many of them, the oldest, were left out since there are too many."""
        return self.failing - self.undescribed - self.comparison.calls


def replay(window: Window, filters: Filters, *, most: int | None = None) -> Replay:
    """Compare the policies over the calls that began in ``window``, the newest ``most`` of them.

    The filters narrow the calls, not what their chances are estimated from: a model's hour is the same for all.
    """
    requests = Request.objects.filter(
        project_id__in=filters.projects,
        outcome__in=[Request.Outcome.FAILED, Request.Outcome.RESCUED],
        started_at__gte=window.start,
        started_at__lt=window.end,
    )
    for name in ("model", "service", "team", "cause", "category"):
        value = getattr(filters, name)
        if value is not None:
            requests = requests.filter(**{name: value})
    calls: list[Call] = []
    undescribed = 0
    for call in _calls(requests.order_by("-started_at", "-id"), most):
        if call is None:
            undescribed += 1
        else:
            calls.append(call)
    successes, failures = _minutes(window, filters)
    failing = requests.count() if most is not None else undescribed + len(calls)
    return Replay(compare(calls, successes, failures, load()), undescribed, failing)


def _calls(requests: Any, most: int | None) -> Iterator[Call | None]:
    """Yield each request's call, None where no failure of it is described."""
    names = ("id", "project_id", "model", "attempts_made", "outcome", "started_at", "duration_ms")
    rows = requests.values(*names)[:most] if most is not None else requests.values(*names)
    reading = rows.iterator(chunk_size=_SLICE)
    columns = ("request_id", "number", "at", "failed", "cause", "category", "http_status", "error_type")
    while part := list(islice(reading, _SLICE)):
        tries: dict[int, dict[int, _Row]] = defaultdict(dict)
        found = Attempt.objects.filter(request_id__in=[row["id"] for row in part])
        for row in found.values(*columns, "retry_after", "duration_ms"):
            tries[row["request_id"]][row["number"]] = row
        for row in part:
            yield _call(row, tries[row["id"]])


def _call(request: _Row, described: dict[int, _Row]) -> Call | None:
    failures = [number for number, row in described.items() if row["failed"]]
    if not failures:
        return None
    lost = request["outcome"] == Request.Outcome.FAILED
    made = request["attempts_made"]
    tries = []
    for number in range(1, made + 1):
        if number in described:
            tries.append(_tried(described[number]))
        elif number == made and not lost:  # a success at the end may have no row of its own
            took = dt.timedelta(milliseconds=request["duration_ms"] or 0)
            tries.append(Tried((request["started_at"] + took).timestamp(), ""))
        else:
            told = min((each for each in failures if each > number), default=max(failures))
            tries.append(_tried(described[told], described=False))
    return Call(_pool(request["project_id"], request["model"]), tuple(tries), lost)


def _tried(row: _Row, *, described: bool = True) -> Tried:
    return Tried(
        ended=row["at"].timestamp(),
        cause=row["cause"] if row["failed"] else "",
        category=row["category"],
        http_status=row["http_status"],
        error_type=row["error_type"],
        retry_after=row["retry_after"],
        took=row["duration_ms"] / 1_000 if row["duration_ms"] is not None else None,
        described=described,
    )


def _minutes(window: Window, filters: Filters) -> tuple[Counter[tuple[str, int]], Counter[tuple[str, int, str]]]:
    """Return successes and failures by the minute, in the window and for half an hour after it, for late retries."""
    rows = (
        MinuteCount.objects.filter(
            project_id__in=filters.projects,
            start__gte=window.start,
            start__lt=window.end + dt.timedelta(minutes=30),
        )
        .order_by()
        .values("project_id", "model", "start", "cause")
        .annotate(successes=Sum(F("attempts") - F("failures")), failures=Sum("failures"))
    )
    successes: Counter[tuple[str, int]] = Counter()
    failures: Counter[tuple[str, int, str]] = Counter()
    for row in rows.iterator(chunk_size=2_000):
        pool, minute = _pool(row["project_id"], row["model"]), int(row["start"].timestamp() // 60)
        successes[pool, minute] += row["successes"]
        if row["failures"]:
            failures[pool, minute, row["cause"]] += row["failures"]
    return successes, failures


def _pool(project_id: int, model: str) -> str:
    return f"{project_id}/{model}"
