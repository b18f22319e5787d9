"""Wakes the digest after an append, unless it is about to run anyway."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import redis
from celery import current_app
from django.conf import settings
from kombu.exceptions import KombuError

logger = logging.getLogger(__name__)

TASK = "triage.tasks.digest"
PENDING = "triage:digest:pending"
"""Set while a digest is on its way that hasn't begun to read; it expires in case no worker takes it."""
_GOOD_FOR = 30  # seconds
_GATHERED = 0.05  # seconds in which appends share one wake-up

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="wake-digest")
_asked = False


def wake_digest() -> None:
    """Have a worker digest the inbox soon. Returns at once and never fails: beat sends the task now and then anyway."""
    global _asked  # noqa: PLW0603 - one flag for the one thread
    if not _asked:
        _asked = True
        _thread.submit(_wake)


def _wake() -> None:
    global _asked  # noqa: PLW0603 - as above
    time.sleep(_GATHERED)
    _asked = False  # first: an append from now on may come after the digest's last read
    try:
        if _valkey(settings.REDIS_URL).set(PENDING, 1, nx=True, ex=_GOOD_FOR):
            current_app.send_task(TASK, expires=_GOOD_FOR, ignore_result=True, retry=False)
    except (redis.RedisError, KombuError, OSError) as error:
        logger.warning("the digest was not woken: %s", error)


@cache
def _valkey(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
