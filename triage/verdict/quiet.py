"""Silence and slowness: what goes wrong without a single failure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from statistics import fmean, median

from triage.verdict.model import Evidence, Pace

_MINUTE = dt.timedelta(minutes=1)
_LOOKED_AT = 30
"""Minutes before the silence from which the usual pace of reports is taken."""
_LATELY = 5
_STEADY = 0.8
"""The part of these minutes that had reports; where fewer did, gaps are usual."""
_MISSING = 14.0
"""Reports that should have come: none of 14 expected is a chance of about one in a million."""
_SLOWER = 3.0
"""How many times the usual duration counts as slow, with many calls to tell by."""
_SLOWER_OF_FEW = 5.0
_MANY, _FEW = 20, 8
_NOTICEABLE = 2_000.0  # milliseconds


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing was reported since a minute; ``expected`` reports should have been."""

    since: dt.datetime
    expected: int


def find_silence(evidence: Evidence) -> Silence | None:
    """Return since when nothing at all was reported, where that can't be chance."""
    if evidence.last_at is None:
        return None
    requests: Counter[dt.datetime] = Counter()
    for each in evidence.tallies:
        requests[each.minute] += each.requests
    last = evidence.last_at.replace(second=0, microsecond=0)
    before = [requests[last - n * _MINUTE] for n in range(1, _LOOKED_AT + 1)]
    if sum(count > 0 for count in before) < _STEADY * _LOOKED_AT:
        return None
    # The slowest of what it was lately, right before, and at this hour of other days: work that ends is no silence.
    pace = min(fmean(before), fmean(before[:_LATELY]))
    if evidence.usual.same_hour:
        pace = min(pace, median(evidence.usual.same_hour) / 60)
    expected = pace * ((evidence.at - evidence.last_at) / _MINUTE)
    return Silence(evidence.last_at, round(expected)) if expected >= _MISSING else None


def is_slow(pace: Pace) -> bool:
    """Tell whether successful calls take clearly longer than they usually do."""
    if pace.ratio is None or pace.now_ms is None or pace.usual_ms is None or pace.now_ms - pace.usual_ms < _NOTICEABLE:
        return False
    if pace.count >= _MANY:
        return pace.ratio >= _SLOWER
    return pace.count >= _FEW and pace.ratio >= _SLOWER_OF_FEW
