"""How likely a retry was to succeed, from what the same minute's tries tell.

Among the tries of a pool in one minute that either succeeded or failed by the cause in question, the share of successes
is the chance. Few tries say little, so the share is drawn towards how often retries after that cause succeeded in the
whole window; and since what has just failed fails more easily than what has not, all chances of a cause are then scaled
so that the retries that were really made come out right on average.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from triage.replay.model import Call

_PRIOR = 2.0
"""Tries that the window's own rate weighs as much as."""
_MOST = 0.99
_STEEPEST = 2.0
"""What has just failed seldom passes more easily than others do, so the scale is bounded upwards."""
_MINUTE = 60

Successes = Mapping[tuple[str, int], int]
"""Tries of a pool that succeeded, by the minute (seconds since 1970, divided by 60)."""
Failures = Mapping[tuple[str, int, str], int]
"""Tries of a pool that failed, by the minute and cause."""


@dataclass(frozen=True)
class Check:
    """How the estimate does on the retries that were made: how many it expects to succeed before scaling, and did."""

    retries: int = 0
    expected: float = 0.0
    succeeded: int = 0


class Chances:
    """Estimates for one window."""

    def __init__(self, successes: Successes, failures: Failures, calls: Iterable[Call]) -> None:
        self._successes = successes
        self._failures = failures
        self._rates: dict[str, float] = {}
        self._scales: dict[str, float] = {}
        self._known: dict[tuple[str, str, int], tuple[float, float]] = {}
        self.check = Check()
        self._learn(list(_retries(calls)))

    def of(self, pool: str, cause: str, at: float, shift: float = 0.0) -> float:
        """Return the chance of a retry at ``at`` after ``cause``, moved by ``shift`` standard deviations."""
        place = pool, cause, int(at // _MINUTE)
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = self._estimate(*place)
        chance, deviation = known
        return min(max(chance + shift * deviation, 0.0), _MOST)

    def _estimate(self, pool: str, cause: str, minute: int) -> tuple[float, float]:
        """Return the chance in a minute and its standard deviation."""
        good, bad = self._tries(pool, cause, minute)
        chance = self._chance(cause, good, bad, self._scales.get(cause, 1.0))
        return chance, math.sqrt(chance * (1 - chance) / (good + bad + _PRIOR + 1))

    def _tries(self, pool: str, cause: str, minute: int) -> tuple[int, int]:
        return self._successes.get((pool, minute), 0), self._failures.get((pool, minute, cause), 0)

    def _chance(self, cause: str, good: int, bad: int, scale: float) -> float:
        """Draw the minute's share of successes, scaled, towards the window's rate, the more so the fewer its tries."""
        tries = good + bad
        share = min(scale * good / tries, 1.0) if tries else 0.0
        return min((tries * share + _PRIOR * self._rates.get(cause, 0.5)) / (tries + _PRIOR), _MOST)

    def _learn(self, retries: list[_Retry]) -> None:
        made: Counter[str] = Counter(each.cause for each in retries)
        passed: Counter[str] = Counter(each.cause for each in retries if each.passed)
        self._rates = {cause: (passed[cause] + 1) / (made[cause] + 2) for cause in made}
        expected: dict[str, float] = defaultdict(float)
        for each in retries:
            good, bad = self._tries(each.pool, each.cause, each.minute)
            # A retry must not be foretold from its own outcome.
            good, bad = max(good - each.passed, 0), max(bad - each.failed_alike, 0)
            expected[each.cause] += self._chance(each.cause, good, bad, 1.0)
        scales = {cause: (passed[cause] + 1) / (expected[cause] + 1) for cause in made}
        self._scales = {cause: min(scale, _STEEPEST) for cause, scale in scales.items()}
        self.check = Check(len(retries), sum(expected.values()), passed.total())


@dataclass(frozen=True, slots=True)
class _Retry:
    """A retry that was made: after which cause, and what became of it."""

    pool: str
    cause: str
    minute: int
    passed: bool
    failed_alike: bool


def _retries(calls: Iterable[Call]) -> Iterable[_Retry]:
    """Yield the retries of which both the failure before and the outcome are known."""
    for call in calls:
        for before, after in zip(call.tries, call.tries[1:], strict=False):
            if before.described and after.described:
                minute = int(after.ended // _MINUTE)
                yield _Retry(call.pool, before.cause, minute, not after.cause, after.cause == before.cause)
