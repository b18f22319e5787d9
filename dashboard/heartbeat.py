"""Signs of life of the workers and of beat: keys in Valkey that expire when nobody renews them."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from typing import Any

from celery.signals import task_postrun, task_prerun, worker_ready
from django.conf import settings
from redis import Redis, RedisError

from dashboard.alive import of_this_host
from triage.signs import BEAT_KEY, WATCHER_KEY, WORKER_KEY
from triage.work import WATCHER

__all__ = ["BEAT_KEY", "EVERY", "WATCHER_KEY", "WORKER_KEY", "client", "sign"]

EVERY = 2.0
"""Seconds between two signs of life."""
_GOOD_FOR = 10  # seconds; long enough for a machine that is busy elsewhere
_LONGEST_TASK = 600.0  # seconds, where a task says nothing else


def client() -> Redis:
    """Return a connection for signs of life; it gives up soon where Valkey is away."""
    return Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def sign(connection: Redis, key: str) -> None:
    """Renew the sign ``key``, for all and for this host; Valkey being away is for others to report."""
    with contextlib.suppress(RedisError, OSError):
        value = json.dumps({"pid": os.getpid(), "at": time.time()})
        with connection.pipeline(transaction=False) as pipeline:
            pipeline.set(key, value, ex=_GOOD_FOR)
            pipeline.set(of_this_host(key), value, ex=_GOOD_FOR)
            pipeline.execute()


class _Pulse(threading.Thread):
    """The worker's sign of life, independent of its tasks: digesting a large batch is work, not death.

    The solo pool can't interrupt a task, so this thread also keeps the time limit: a task that
    hangs ends the process. What it held is claimed by the next one; nothing was acknowledged.
    """

    def __init__(self) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.key = WORKER_KEY
        self.task_ends_by: float | None = None

    def run(self) -> None:
        connection = client()
        while True:
            limit = self.task_ends_by
            if limit is not None and time.monotonic() > limit:
                os.write(2, b"a task took longer than its limit; ending the worker\n")
                os._exit(1)
            sign(connection, self.key)
            time.sleep(EVERY)


_pulse = _Pulse()


@worker_ready.connect
def _start(sender: Any = None, **_: Any) -> None:
    if str(getattr(sender, "hostname", "")).startswith(f"{WATCHER}@"):
        _pulse.key = WATCHER_KEY
    _pulse.start()


@task_prerun.connect
def _task_begins(task: Any = None, **_: Any) -> None:
    _pulse.task_ends_by = time.monotonic() + (getattr(task, "time_limit", None) or _LONGEST_TASK)


@task_postrun.connect
def _task_ends(**_: Any) -> None:
    _pulse.task_ends_by = None
