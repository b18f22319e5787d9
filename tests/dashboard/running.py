"""A real server under test: ``manage.py up`` in a folder and at a port of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
_NOBODY = "http://127.0.0.1:9"  # the discard port
_CHECKS_NOBODY = {"TRIAGE_CHECKS": "off", "ANTHROPIC_BASE_URL": _NOBODY, "TRIAGE_CHECK_STATUS_URL": _NOBODY}
PATIENCE = 45.0  # seconds; a start takes a few, on a machine that does nothing else


def free_port() -> int:
    """Return a port of the loopback that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(home: Path, port: int, **environment: str) -> subprocess.Popen[str]:
    """Start ``manage.py up``; its output can be read line by line."""
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "HOME", "TMPDIR"}}
    return subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env={**inherited, "TRIAGE_HOME": str(home), "PORT": str(port), **_CHECKS_NOBODY, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


class Server:
    """A server that was started and answers."""

    def __init__(self, home: Path, **environment: str) -> None:
        """Start it, with more settings where given, and wait until it greets."""
        self.home = home
        self.port = free_port()
        self.process = start(home, self.port, **environment)
        self.greeting = self._read_greeting()

    def _read_greeting(self) -> str:
        lines = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            lines.append(line)
            if "/sign-in/" in line:
                return "".join(lines)
        self.stop()
        raise AssertionError("the server did not greet:\n" + "".join(lines))

    @property
    def log(self) -> str:
        """What the log file holds."""
        return (self.home / "logs" / "triage.log").read_text(encoding="utf-8")

    def health(self) -> tuple[int, dict[str, Any]]:
        """Return status and body of /healthz; (0, {}) where nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except OSError:
            return 0, {}

    def processes(self) -> list[psutil.Process]:
        """Return every living process that was started for this server's folder."""
        return processes_of(self.home)

    def last_pid_of(self, name: str) -> int:
        """Return the process id that the log tells of the program ``name``'s last start."""
        starts = [line for line in self.log.splitlines() if f"{name} started (pid " in line]
        return int(starts[-1].rpartition("pid ")[2].rstrip(")"))

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE)
        finally:
            for process in self.processes():
                process.kill()
            assert self.process.stdout is not None
            self.process.stdout.close()


def processes_of(home: Path) -> list[psutil.Process]:
    """Return every living process whose environment names ``home``."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TRIAGE_HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def wait_until(question: Any, what: str) -> None:
    """Wait until ``question()`` is true; fail with ``what`` where it doesn't become so."""
    deadline = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {what}"
        time.sleep(0.1)
