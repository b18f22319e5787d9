"""Signs of life of the workers: keys in Valkey that expire when nobody renews them."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from celery.signals import task_postrun, task_prerun, worker_ready
from django.conf import settings
from redis import Redis

from dashboard.alive import EVERY, sign, signing_client
from triage.signs import BEAT_KEY, WATCHER, WATCHER_KEY, WORKER_KEY

__all__ = ["BEAT_KEY", "EVERY", "WATCHER_KEY", "WORKER_KEY", "client", "sign"]

_LONGEST_TASK = 600.0  # seconds, where a task says nothing else


def client() -> Redis:
    """Return a connection for signs of life; it gives up soon where Valkey is away."""
    return signing_client(settings.REDIS_URL)


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
