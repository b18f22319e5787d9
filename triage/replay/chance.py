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
        self.check = Check()
        self._learn(list(_retries(calls)))

    def of(self, pool: str, cause: str, at: float, shift: float = 0.0) -> float:
        """Return the chance of a retry at ``at`` after ``cause``, moved by ``shift`` standard deviations."""
        share, tries = self._share(pool, cause, int(at // _MINUTE))
        chance = min(share * self._scales.get(cause, 1.0), _MOST)
        deviation = math.sqrt(chance * (1 - chance) / (tries + 1))
        return min(max(chance + shift * deviation, 0.0), _MOST)

    def _share(self, pool: str, cause: str, minute: int, own: tuple[int, int] = (0, 0)) -> tuple[float, float]:
        """Return the share of successes and how many tries it rests on; ``own`` are left out of them."""
        good = max(self._successes.get((pool, minute), 0) - own[0], 0)
        bad = max(self._failures.get((pool, minute, cause), 0) - own[1], 0)
        tries = good + bad + _PRIOR
        return (good + _PRIOR * self._rates.get(cause, 0.5)) / tries, tries

    def _learn(self, retries: list[_Retry]) -> None:
        made: Counter[str] = Counter(each.cause for each in retries)
        passed: Counter[str] = Counter(each.cause for each in retries if each.passed)
        self._rates = {cause: (passed[cause] + 1) / (made[cause] + 2) for cause in made}
        expected: dict[str, float] = defaultdict(float)
        for each in retries:
            # A retry must not be foretold from its own outcome.
            own = (1, 0) if each.passed else (0, int(each.failed_alike))
            expected[each.cause] += self._share(each.pool, each.cause, each.minute, own)[0]
        self._scales = {cause: (passed[cause] + 1) / (expected[cause] + 1) for cause in made}
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
