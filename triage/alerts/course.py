"""How a rule goes from quiet to firing and back: the same for a look now and for a week played again. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

from triage.alerts.conditions.model import Reading

STEADY = dt.timedelta(minutes=2)
"""How long a condition has to have clearly ended before that is told: what comes and goes is one firing."""

Turn = Literal["fired", "resolved"]


@dataclass(frozen=True, slots=True)
class Course:
    """Where a rule stands; ``fired_at`` is when it last fired, ``clear_since`` only matters while it fires."""

    firing: bool = False
    since: dt.datetime | None = None
    fired_at: dt.datetime | None = None
    clear_since: dt.datetime | None = None

    def after(self, reading: Reading, at: dt.datetime, rest: dt.timedelta) -> tuple[Course, Turn | None]:
        """Return where it stands after a reading at ``at``, and what turned; ``rest`` keeps it from firing again."""
        if not self.firing:
            resting = self.fired_at is not None and at < self.fired_at + rest
            if not reading.holds or resting:
                return self, None
            return Course(True, at, at), "fired"
        if not reading.clear:
            return replace(self, clear_since=None), None
        clear_since = self.clear_since or at
        if at - clear_since < STEADY:
            return replace(self, clear_since=clear_since), None
        return Course(False, at, self.fired_at), "resolved"
