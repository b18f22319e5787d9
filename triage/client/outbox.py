"""What waits to be sent: single reports and counts, bounded in number and size, with a count of what found no room."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BATCH_REPORTS = 500
BATCH_BYTES = 512 * 1024
_MOST_COUNTS = 5_000  # minutes times models; more are made by a program that invents model names
_MOST_COUNTED = 1_000_000  # calls that the server takes in one report

QUEUE_FULL = "queue full"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report that waits: how to make it, and about how many bytes it holds in memory."""

    make: Callable[[], Mapping[str, Any]]
    size: int


@dataclass(frozen=True, slots=True)
class Line:
    """A report as it is sent, with how many calls or reports are lost if it is."""

    report: Mapping[str, Any]
    weight: int
    """0 for a report of what was lost: it can't be lost twice."""


class Outbox:
    """Collects reports from any thread without ever waiting for more than another thread's handful of instructions."""

    def __init__(self, *, most_reports: int, most_bytes: int) -> None:
        self._most_reports = most_reports
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._emptied = threading.Condition(self._lock)
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0
        self._counts: dict[tuple[int, str, bool], int] = {}
        self._dropped: Counter[str] = Counter()
        self._on_its_way = False
        self._closed = False
        self._instance = uuid.uuid4().hex
        self._told = 0

    def put(self, report: Waiting) -> None:
        """Take a report, or count it as dropped where there is no room."""
        with self._lock:
            if self._closed:
                return
            if len(self._waiting) >= self._most_reports or self._bytes + report.size > self._most_bytes:
                self._dropped[QUEUE_FULL] += 1
                return
            self._waiting.append(report)
            self._bytes += report.size

    def count(self, model: str, streamed: bool) -> None:
        """Count a call that succeeded at its first try."""
        key = (int(time.time()) // 60, model, streamed)
        with self._lock:
            if self._closed:
                return
            counts = self._counts
            if key in counts:
                counts[key] += 1
            elif len(counts) < _MOST_COUNTS:
                counts[key] = 1
            else:
                self._dropped[QUEUE_FULL] += 1

    def drop(self, number: int, reason: str) -> None:
        """Count reports that can't be delivered; the next batch tells of them."""
        with self._lock:
            if number and not self._closed:
                self._dropped[reason] += number

    def close(self) -> None:
        """Forget everything and take nothing more."""
        with self._lock:
            self._closed = True
            self._on_its_way = False
            self._waiting.clear()
            self._counts.clear()
            self._dropped.clear()
            self._bytes = 0
            self._emptied.notify_all()

    def take(self) -> list[Line]:
        """Take the next batch out; empty where nothing waits. The one before is done with.

        What was dropped is told beside other reports and never alone: a server that refuses them would refuse that
        too, and be told of it again.
        """
        lines: list[Line] = []
        with self._lock:
            taken, counts = self._taken_out()
            if not (taken or counts):
                self._on_its_way = False
                self._emptied.notify_all()
                return lines
            self._on_its_way = True
            dropped, self._dropped = self._dropped, Counter()
        for minute, model, streamed in counts:
            told = {"at": minute * 60, "model": model, "streamed": streamed}
            lines += self._parts("count", counts[minute, model, streamed], told)
        for reason, number in dropped.items():
            lines += self._parts("dropped", number, {"at": time.time(), "reason": reason})
        lines += (line for each in taken if (line := self._made(each)))
        return lines or self.take()

    def _taken_out(self) -> tuple[list[Waiting], dict[tuple[int, str, bool], int]]:
        taken: list[Waiting] = []
        size = 0
        while self._waiting and len(taken) < BATCH_REPORTS and size < BATCH_BYTES:
            taken.append(self._waiting.popleft())
            size += taken[-1].size
        self._bytes -= size
        counts, self._counts = self._counts, {}
        return taken, counts

    def _parts(self, kind: str, number: int, told: Mapping[str, Any]) -> Iterator[Line]:
        """Yield the reports of a number, each of no more than the server takes in one."""
        for start in range(0, number, _MOST_COUNTED):
            part = min(_MOST_COUNTED, number - start)
            self._told += 1
            name = f"{self._instance}-{self._told}"  # no other report of any process has it
            yield Line({"id": name, kind: part, **told}, part if kind == "count" else 0)

    def _made(self, waiting: Waiting) -> Line | None:
        try:
            return Line(waiting.make(), 1)
        except Exception:  # one odd answer must not cost the reports beside it
            self.drop(1, "could not be written")
            return None

    def wait_until_empty(self, timeout: float) -> bool:
        """Return True as soon as nothing waits and nothing is on its way, or False after ``timeout`` seconds."""
        with self._emptied:
            return self._emptied.wait_for(self._is_empty, timeout)

    def _is_empty(self) -> bool:
        return not (self._on_its_way or self._waiting or self._counts)
