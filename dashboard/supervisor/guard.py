"""A second pair of eyes: ends the server's processes when the supervisor itself is killed.

A process killed by SIGKILL can't clean up, and the kernel hands its children to init, still
holding the port and the database. So a small fork of the supervisor listens at a pipe; when
the pipe closes without a farewell, it ends every process group that it was told of. This
works wherever there are pipes and process groups, and reaches grandchildren as well.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time

_PATIENCE = 8.0  # seconds between asking and forcing
_FAREWELL = "farewell"


class Guard:
    """The supervisor's end of the pipe."""

    def __init__(self) -> None:
        """Fork the guard. To be called before any thread is started."""
        reader, self._writer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._writer)
            with contextlib.suppress(BaseException):
                _watch(reader)
            os._exit(0)
        os.close(reader)

    def began(self, group: int) -> None:
        """Tell the guard of a process group that must not outlive the supervisor."""
        self._tell(f"+{group}")

    def ended(self, group: int) -> None:
        """Tell the guard that a process group is no more."""
        self._tell(f"-{group}")

    def dismiss(self) -> None:
        """End the guard: everything was stopped in good order."""
        self._tell(_FAREWELL)
        os.close(self._writer)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def _tell(self, word: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._writer, f"{word}\n".encode())


def _watch(reader: int) -> None:
    """Follow the supervisor's words until its end of the pipe closes; then end what is left."""
    os.setsid()  # a Ctrl-C at the terminal is for the supervisor
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    with os.fdopen(reader, encoding="ascii") as words:
        for word in words:
            match word[0]:
                case "+":
                    groups.add(int(word[1:]))
                case "-":
                    groups.discard(int(word[1:]))
                case _:
                    return
    end_groups(groups, _PATIENCE)


def end_groups(groups: set[int], patience: float) -> None:
    """Ask every group's leader to end, wait up to ``patience`` seconds, then kill what is left of the groups."""
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(group, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and any(_signal_group(group, 0) for group in groups):
        time.sleep(0.05)
    for group in groups:
        _signal_group(group, signal.SIGKILL)


def _signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; return whether there was anyone to receive it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
