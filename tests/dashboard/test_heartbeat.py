"""Signs of life, and the limit that a task of the solo pool has."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from celery.schedules import schedule
from redis import Redis

from dashboard import alive, heartbeat
from dashboard.beat import Scheduler
from dashboard.celery import app

ROOT = Path(__file__).resolve().parents[2]


def alive_says(part: str, address: str) -> int:
    """Run the containers' health check; return its exit code."""
    command = [sys.executable, "-m", "dashboard.alive", part]
    environment = {"PATH": os.environ["PATH"], "REDIS_URL": address}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False).returncode


def test_a_container_is_well_while_its_own_sign_lasts(valkey: Redis, valkey_server: str) -> None:
    assert alive_says("worker", valkey_server) == 1
    heartbeat.sign(valkey, heartbeat.WORKER_KEY)
    assert alive_says("worker", valkey_server) == 0
    assert alive_says("beat", valkey_server) == 1


def test_another_hosts_sign_says_nothing_of_this_one(valkey: Redis, valkey_server: str) -> None:
    heartbeat.sign(valkey, heartbeat.WORKER_KEY)
    valkey.rename(alive.of_this_host(heartbeat.WORKER_KEY), f"{heartbeat.WORKER_KEY}:another-host")
    assert alive_says("worker", valkey_server) == 1


def test_a_health_check_without_redis_fails(tmp_path: Path) -> None:
    assert alive_says("worker", f"unix://{tmp_path}/nobody.sock") != 0


def test_beat_signs_whenever_it_looks_for_due_work(valkey: Redis, tmp_path: Path) -> None:
    scheduler = Scheduler(app=app, schedule_filename=str(tmp_path / "schedule"), max_interval=300)
    try:
        scheduler.schedule = {}
        wait = scheduler.tick()
    finally:
        scheduler.close()
    assert valkey.exists(alive.BEAT_KEY)
    assert wait <= heartbeat.EVERY


def test_beat_goes_on_signing_while_nothing_is_due_for_long(valkey: Redis, tmp_path: Path) -> None:
    scheduler = Scheduler(app=app, schedule_filename=str(tmp_path / "schedule"), max_interval=300)
    try:
        yearly = scheduler.Entry(name="yearly", task="none", schedule=schedule(timedelta(days=365)))
        scheduler.schedule = {"yearly": yearly}
        assert scheduler.tick() <= heartbeat.EVERY
    finally:
        scheduler.close()


PROGRAM = """
import django; django.setup()
import time
from dashboard import heartbeat
heartbeat._LONGEST_TASK, heartbeat.EVERY = 0.5, 0.05
heartbeat._start()
heartbeat._task_begins()
{then}
time.sleep(1.5)
"""


def pulse(then: str, address: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a worker's pulse while a task begins and ``then`` happens."""
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "dashboard.settings"}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(then=then)],
        cwd=ROOT,
        env={**environment, "TRIAGE_HOME": str(home), "REDIS_URL": address},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_busy_worker_shows_signs_of_life(valkey: Redis, valkey_server: str, tmp_path: Path) -> None:
    done = pulse("heartbeat._task_ends()", valkey_server, tmp_path)
    assert done.returncode == 0, done.stderr
    assert valkey.exists(alive.WORKER_KEY)


def test_a_task_that_hangs_ends_its_worker(valkey_server: str, tmp_path: Path) -> None:
    done = pulse("", valkey_server, tmp_path)
    assert done.returncode == 1
    assert "longer than its limit" in done.stderr
