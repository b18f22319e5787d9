"""Whether more fails than usual: decided so that a quiet week of ten thousand looks raises no alarm."""

from __future__ import annotations

import math
from statistics import median

_FLOOR = 0.01
"""The share below which no history makes us expect less: a clean week proves no rate of zero."""
_SPREADS = 4.0
"""How many robust standard deviations above the usual share still count as usual."""
_MAD_TO_SIGMA = 1.4826
_CHANCE = 1e-7
"""How unlikely the count must be under the usual share. A week of a look a minute, at each cause,
service and model, makes a million looks."""
_LEAST = 4
"""Requests hit below which nothing is said, however unlikely."""
_TIMES = 3.0
"""How many times the usual share it has to be as well, or half-way from it to all where that is less: in a large
service even small differences are certain."""


def usual_share(hours: tuple[float, ...]) -> float:
    """Return the largest share of requests, 0 to 1, that is still usual, from the shares of past hours.

    The median and its spread, not mean and variance: an outage among the past hours must not make the next one usual.
    """
    if not hours:
        return _FLOOR
    middle = median(hours)
    spread = median(abs(share - middle) for share in hours) * _MAD_TO_SIGMA
    return min(0.9, max(_FLOOR, middle + _SPREADS * spread))


def is_excess(hit: int, requests: int, share: float) -> bool:
    """Tell whether ``hit`` of ``requests`` are too many where ``share`` of them is still usual."""
    if hit < _LEAST or requests <= 0 or hit < min(_TIMES * share, (1 + share) / 2) * requests:
        return False
    return log_tail(hit, requests, share) < math.log(_CHANCE)


def log_tail(hit: int, requests: int, share: float) -> float:
    """Return the logarithm of an upper bound of the chance that at least ``hit`` of ``requests`` are hit.

    The Chernoff bound for the binomial distribution: never smaller than the chance itself, and a closed form.
    """
    told = hit / requests
    if told <= share:
        return 0.0
    if told >= 1:
        return requests * math.log(share)
    return -requests * (told * math.log(told / share) + (1 - told) * math.log((1 - told) / (1 - share)))
