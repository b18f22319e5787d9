"""How this server itself is: its parts one by one, each within a short time, and the check that is made of them."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import time
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from redis import RedisError
from redis.asyncio import Redis

from triage.health.outcome import Finding, Outcome
from triage.ingest.inbox import STREAM
from triage.signs import BEAT_KEY, WATCHER_KEY, WORKER_KEY

PATIENCE = 2.0
"""Seconds for each part."""
_LATE = 300.0  # seconds an entry may wait before the inbox counts as stuck
_LEAST_FREE = 256 * 1024 * 1024  # bytes without which the database and Valkey soon can't write

_logger = logging.getLogger(__name__)

Part = dict[str, Any]


def check_server(timeout: float) -> Outcome:
    """Look at all parts of this server; one that is down fails the check."""
    began = time.monotonic()
    parts = asyncio.run(asyncio.wait_for(look(), timeout))
    down = {name: part["error"] for name, part in parts.items() if not part["ok"]}
    latency = _milliseconds_since(began)
    if down:
        words = "Not well: " + ", ".join(f"{name} ({error})" for name, error in down.items()) + "."
        return Outcome("fail", Finding.PART_DOWN, words, latency, {"parts": parts})
    waiting = parts["inbox"]["entries"]
    words = f"All parts are well; {waiting} reports wait." if waiting else "All parts are well; no report waits."
    return Outcome("ok", Finding.FINE, words, latency, {"parts": parts})


async def look() -> dict[str, Part]:
    """Return every part's state: ``ok`` and its details. Never raises: what is down says so."""
    database, valkey = await asyncio.gather(_database(), _valkey())
    return {"web": {"ok": True}, "database": database, **valkey, "disk": _disk()}


async def _database() -> Part:
    began = time.monotonic()
    try:
        # A thread of its own: one that hangs in a dead connection must not hold up the answer.
        await asyncio.wait_for(sync_to_async(_ask_database, thread_sensitive=False)(), PATIENCE)
    except Exception as error:
        return _down("database", error)
    return {"ok": True, "vendor": connection.vendor, "ms": _milliseconds_since(began)}


def _ask_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


async def _valkey() -> dict[str, Part]:
    """Return the parts that are read from Valkey: itself, the workers, beat, inbox."""
    began = time.monotonic()
    client = Redis.from_url(settings.REDIS_URL)
    try:
        async with asyncio.timeout(PATIENCE), client.pipeline(transaction=False) as pipeline:
            pipeline.time()
            pipeline.mget(WORKER_KEY, WATCHER_KEY, BEAT_KEY)
            pipeline.xlen(STREAM)
            pipeline.xrange(STREAM, count=1)
            now, (worker, watcher, beat), waiting, oldest = await pipeline.execute()
    except (RedisError, OSError, TimeoutError) as error:
        unknown = {"ok": False, "error": "not known while valkey is down"}
        return {"valkey": _down("valkey", error), **dict.fromkeys(("worker", "watcher", "beat", "inbox"), unknown)}
    finally:
        await client.aclose()
    seconds = now[0] + now[1] / 1e6
    return {
        "valkey": {"ok": True, "ms": _milliseconds_since(began)},
        "worker": _alive(worker, seconds),
        "watcher": _alive(watcher, seconds),
        "beat": _alive(beat, seconds),
        "inbox": _inbox(waiting, oldest, seconds),
    }


def _alive(sign: bytes | None, now: float) -> Part:
    if sign is None:
        return {"ok": False, "error": "no sign of life"}
    return {"ok": True, "seen_seconds_ago": round(max(0.0, now - json.loads(sign)["at"]), 1)}


def _inbox(waiting: int, oldest: list[tuple[bytes, Any]], now: float) -> Part:
    """Say how much waits and since when; a stream entry's id begins with its milliseconds."""
    age = max(0.0, now - int(oldest[0][0].split(b"-")[0]) / 1000) if oldest else 0.0
    part: Part = {"ok": age <= _LATE, "entries": waiting, "oldest_seconds": round(age, 1)}
    if not part["ok"]:
        part["error"] = f"the oldest entry waits longer than {_LATE:g} s"
    return part


def _disk() -> Part:
    """Say how much is free where this server keeps its data."""
    free = shutil.disk_usage(settings.TRIAGE_HOME).free
    part: Part = {"ok": free >= _LEAST_FREE, "free_gb": round(free / 1e9, 1)}
    if not part["ok"]:
        part["error"] = f"{free // 1_000_000} MB are free"
    return part


def _down(part: str, error: Exception) -> Part:
    """Say that ``part`` is down. Strangers may read this, so the error's own text stays in the log."""
    _logger.warning("%s is down: %s", part, error)
    return {"ok": False, "error": "timed out" if isinstance(error, TimeoutError) else type(error).__name__}


def _milliseconds_since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
