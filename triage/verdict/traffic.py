"""Our own traffic: whether we send many more requests than usual, or try each many more times."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from statistics import median

from triage.verdict.model import Evidence

_MINUTE = dt.timedelta(minutes=1)
_WINDOWS = (1, 2, 5)
"""Minutes looked at, the one that is still filling included."""
_LEAST = dt.timedelta(seconds=20)
"""How much of the present minute must have passed before its requests are taken for a pace."""
_ENOUGH = 20
"""Requests below which no pace is told."""
_SURGE = 3.0
"""How many times the usual counts as our own doing."""


@dataclass(frozen=True, slots=True)
class Surge:
    """How much more we do than usual, each None where it isn't clearly more."""

    times: float | None = None
    tries: float | None = None


def find_surge(evidence: Evidence, since: dt.datetime) -> Surge:
    """Return how our own traffic has grown beside the usual hours and the part of this hour before ``since``."""
    requests: Counter[dt.datetime] = Counter()
    attempts: Counter[dt.datetime] = Counter()
    for each in evidence.tallies:
        requests[each.minute] += each.requests
        attempts[each.minute] += each.attempts
    earlier = [count for minute, count in requests.items() if minute < since]
    usual = max(
        median(evidence.usual.requests) / 60 if evidence.usual.requests else 0,
        median(earlier) if earlier else 0,
    )
    pace, tries = 0.0, 0.0
    for minutes in _WINDOWS:
        first = evidence.at.replace(second=0, microsecond=0) - (minutes - 1) * _MINUTE
        called = sum(count for minute, count in requests.items() if minute >= first)
        if evidence.at - first >= _LEAST and called >= _ENOUGH:
            pace = max(pace, called / ((evidence.at - first) / _MINUTE))
            tries = max(tries, sum(count for minute, count in attempts.items() if minute >= first) / called)
    return Surge(
        times=pace / usual if usual and pace >= _SURGE * usual else None,
        tries=tries if tries >= _SURGE * evidence.usual.tries else None,
    )
