"""Where the processes' lines go: the terminal, and a log file that is kept small."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST_LOG = 10 * 1024 * 1024  # bytes; then a new file is begun
_KEPT_LOGS = 3
_LONGEST_LINE = 16 * 1024  # bytes; what is longer is cut into several lines
_ROUTINE = b": INFO/"  # in Celery's lines: a task that did its work, several a second


class Log:
    """A log file of one line an event, shown on the terminal as well: all but the routine, which would flood it."""

    def __init__(self, path: Path, terminal: int = 1) -> None:
        """Append to ``path``, whose folder is made for its owner alone; show lines at the descriptor ``terminal``."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        self._file = self._open()
        self._terminal: int | None = terminal

    def _open(self) -> BinaryIO:
        return self._path.open("ab", buffering=0)

    def close(self) -> None:
        """Close the file; nothing may be written after it."""
        self._file.close()

    def say(self, line: str) -> None:
        """Write a line of the supervisor's own."""
        self.write("triage", line.encode())

    def write(self, name: str, line: bytes) -> None:
        """Write one line of the process called ``name``."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").encode()
        self._file.write(moment + b" " + name.encode().ljust(8) + line + b"\n")
        if self._file.tell() > _LARGEST_LOG:
            self._rotate()
        if _ROUTINE not in line:
            self.show(f"{name:<8}| ".encode() + line)

    def show(self, line: bytes) -> None:
        """Write a line to the terminal only; a terminal that has gone away is no reason to stop."""
        if self._terminal is None:
            return
        try:
            os.write(self._terminal, line + b"\n")
        except OSError:
            self._terminal = None

    def _rotate(self) -> None:
        self._file.close()
        for number in range(_KEPT_LOGS - 1, 0, -1):
            older = self._path.with_suffix(f".{number}.log")
            newer = self._path if number == 1 else self._path.with_suffix(f".{number - 1}.log")
            with contextlib.suppress(FileNotFoundError):
                newer.replace(older)
        self._file = self._open()


class Lines:
    """Cuts a stream of bytes into lines."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that ``chunk`` completes, without their ends."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        while len(self._rest) > _LONGEST_LINE:
            lines.append(self._rest[:_LONGEST_LINE])
            self._rest = self._rest[_LONGEST_LINE:]
        return [line.rstrip(b"\r") for line in lines]

    def rest(self) -> list[bytes]:
        """Return what was left when the stream ended."""
        return [self._rest] if self._rest else []
