"""How the API has been answering this process of late, shared by all clients that call the same host."""

from __future__ import annotations

import time
from collections import deque

_SECONDS = 60.0
_MOST = 1_000  # attempts that are remembered
_FEWEST = 5  # attempts from which a share says anything


class Weather:
    """The share of recent attempts that failed for reasons that pass.

    It takes no lock, which a fork could leave closed for ever: appending to a deque and copying one are single steps.
    """

    def __init__(self) -> None:
        self._attempts: deque[tuple[float, bool]] = deque(maxlen=_MOST)

    def note(self, *, failed: bool) -> None:
        """Remember how an attempt ended."""
        self._attempts.append((time.monotonic(), failed))

    def failing(self) -> float:
        """Return the share of failed attempts in the last minute, from 0 to 1; 0 where there were too few to tell."""
        since = time.monotonic() - _SECONDS
        recent = [failed for at, failed in self._attempts.copy() if at >= since]
        return sum(recent) / len(recent) if len(recent) >= _FEWEST else 0.0


_of_hosts: dict[str, Weather] = {}


def weather_of(host: str) -> Weather:
    """Return the weather at ``host``, the same for all that ask."""
    return _of_hosts.setdefault(host, Weather())
