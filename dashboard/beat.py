"""The scheduler that beat runs: Celery's own, with a sign of life."""

from __future__ import annotations

import time
from typing import Any

from celery.beat import PersistentScheduler

from dashboard.alive import EVERY, sign, signing_client
from triage.signs import BEAT_KEY


class Scheduler(PersistentScheduler):
    """Celery's scheduler that shows that it is alive each time that it looks for due work."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Open the schedule as Celery does."""
        self._last_sign = 0.0
        super().__init__(*args, **kwargs)
        self._signs = signing_client(self.app.conf.signs_url)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, sign, and return the seconds until the next look."""
        wait = super().tick(*args, **kwargs)
        if time.monotonic() - self._last_sign >= EVERY / 2:
            self._last_sign = time.monotonic()
            sign(self._signs, BEAT_KEY)
        return float(min(wait, EVERY))
