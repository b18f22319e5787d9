"""How late the provider's status page is, summed up over the incidents that were the provider's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from statistics import median

from triage.models import Incident

_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Lag:
    """``middle`` is the median over the ``admitted`` incidents, None without any; ``never`` counts the others."""

    middle: dt.timedelta | None
    admitted: int
    never: int

    @property
    def incidents(self) -> int:
        """How many incidents that sums up."""
        return self.admitted + self.never


def lag(projects: Collection[int], before: dt.datetime | None = None) -> Lag:
    """Sum up how much later than our first sign the status page admitted the newest 200 incidents of the provider's.

    Only incidents that are over, or admitted, count: one that goes on may still be. Where the page couldn't be read,
    nothing is said of it. ``before`` leaves out what began later.
    """
    theirs = Incident.objects.filter(project__in=projects, side=Incident.Side.THEM, provider_heard=True)
    if before is not None:
        theirs = theirs.filter(first_sign_at__lt=before)
    lags: list[float] = []
    never = 0
    for each in theirs.order_by("-opened_at")[:_LOOKED_AT]:
        if each.lag is not None:
            lags.append(each.lag.total_seconds())
        elif not each.is_open:
            never += 1
    return Lag(dt.timedelta(seconds=median(lags)) if lags else None, len(lags), never)
