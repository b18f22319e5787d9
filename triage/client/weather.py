"""How the API has been answering this process of late, shared by all clients that call the same host."""

from __future__ import annotations

import threading
import time
from collections import deque

_SECONDS = 60.0
_MOST = 1_000  # attempts that are remembered
_FEWEST = 5  # attempts from which a share says anything


class Weather:
    """The share of recent attempts that failed for reasons that pass."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._attempts: deque[tuple[float, bool]] = deque(maxlen=_MOST)

    def note(self, *, failed: bool) -> None:
        """Remember how an attempt ended."""
        with self._lock:
            self._attempts.append((time.monotonic(), failed))

    def failing(self) -> float:
        """Return the share of failed attempts in the last minute, from 0 to 1; 0 where there were too few to tell."""
        since = time.monotonic() - _SECONDS
        with self._lock:
            while self._attempts and self._attempts[0][0] < since:
                self._attempts.popleft()
            if len(self._attempts) < _FEWEST:
                return 0.0
            return sum(failed for _, failed in self._attempts) / len(self._attempts)


_of_hosts: dict[str, Weather] = {}


def weather_of(host: str) -> Weather:
    """Return the weather at ``host``, the same for all that ask."""
    return _of_hosts.setdefault(host, Weather())
