"""A real server for a benchmark: ``manage.py up`` in a folder of its own, watched through /proc."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_START_PATIENCE = 60.0  # seconds
PARTS = ("web", "worker", "watcher", "valkey", "beat")


@dataclass(frozen=True)
class Server:
    """A running server: where it is and which process groups it is made of."""

    port: int
    home: Path
    environment: dict[str, str]

    @property
    def base(self) -> str:
        """The address that pages and reports go to."""
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str) -> str:
        """Run ``manage.py`` against this server's data; return what it printed.

        Raises:
            subprocess.CalledProcessError: it failed.
        """
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def health(self) -> dict[str, dict[str, float]]:
        """Return what ``/healthz`` answers.

        Raises:
            OSError: nothing answers.
        """
        with urllib.request.urlopen(f"{self.base}/healthz", timeout=5) as answer:
            health: dict[str, dict[str, float]] = json.load(answer)
            return health

    def wait_until_digested(self, waiting: int = 0, patience: float = 120) -> None:
        """Return when no more than ``waiting`` reports are in the inbox.

        Raises:
            TimeoutError: there are more after ``patience`` seconds.
        """
        deadline = time.monotonic() + patience
        while (left := self.health()["inbox"]["entries"]) > waiting:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{left} reports still wait in the inbox after {patience:g} s")
            time.sleep(0.05)

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU seconds, user and system, that each part has used so far, its children included."""
        used = dict.fromkeys(PARTS, 0.0)
        for part, fields in self._processes():
            used[part] += (int(fields[11]) + int(fields[12])) / _TICKS
        return used

    def resident_megabytes(self) -> float:
        """Return the resident memory of all parts together."""
        return sum(int(fields[21]) * _PAGE for _, fields in self._processes()) / 1e6

    def _processes(self) -> Iterator[tuple[str, list[str]]]:
        log = (self.home / "logs" / "triage.log").read_text(encoding="utf-8")
        part_of = {int(pid): part for part, pid in re.findall(r"(\w+) started \(pid (\d+)\)", log)}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rsplit(")", 1)[1].split()
                if part := part_of.get(int(fields[2])):
                    yield part, fields


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """Start a server on a free port with empty data; stop it at the end.

    Raises:
        TimeoutError: it is not healthy within a minute.
    """
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = {**os.environ, "TRIAGE_HOME": folder, "PORT": str(port)}
        for foreign in ("DATABASE_URL", "REDIS_URL"):
            environment.pop(foreign, None)
        server = Server(port, Path(folder), environment)
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )
        try:
            _wait_until_healthy(server)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def _wait_until_healthy(server: Server) -> None:
    deadline = time.monotonic() + _START_PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            server.health()
            return
        time.sleep(0.1)
    raise TimeoutError(f"no health at {server.base} after {_START_PATIENCE:g} s")
