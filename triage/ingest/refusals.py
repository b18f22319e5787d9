"""Remembers which reports were refused and why, since an exporter's own log is where nobody looks.

Best effort and bounded: the receiver hands a refusal over and goes on; a thread writes what gathered, repetitions as
one, and what finds no place or no Valkey is forgotten.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import redis
from django.conf import settings

from triage.ingest.report import text
from triage.ingest.scrub import scrub_text

logger = logging.getLogger(__name__)

MOST = 50
"""Refusals that are remembered of each project, and of keys that open none."""
_REMEMBERED = 7 * 24 * 60 * 60  # seconds
_GATHERED = 0.1  # seconds
_MOST_WAITING = 200  # different ones
_PATIENCE = 2  # seconds

_NOTE = """
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
redis.call('HINCRBY', KEYS[3], ARGV[1], ARGV[3])
local over = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[5])
if over > 0 then
  local oldest = redis.call('ZPOPMIN', KEYS[1], over)
  for i = 1, #oldest, 2 do
    redis.call('HDEL', KEYS[2], oldest[i])
    redis.call('HDEL', KEYS[3], oldest[i])
  end
end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[6]) end
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A report that was refused, or several of them from one client for one reason."""

    project_id: int | None
    """``None`` where the key opens no project, or none was told."""
    wire: str
    path: str
    client: str
    """Its ``User-Agent``."""
    content_type: str
    key: str
    """The first and last four characters of the key that was told."""
    status: int
    reason: str
    size: int | None
    """Bytes that it said it would send; ``None`` where it sent chunks."""
    at: float
    """When it was refused last, in seconds since 1970."""
    count: int = 1

    @classmethod
    def of(cls, *, key: str, **told: Any) -> Refusal:
        """Return a refusal with what the client sent cut short and its secrets masked."""
        lengths = {"path": 200, "client": 120, "content_type": 80, "reason": 400}
        short = {name: scrub_text(text(told[name], most)) for name, most in lengths.items()}
        return cls(key=_masked(key), **{**told, **short})

    @property
    def last_at(self) -> dt.datetime:
        """When it was refused last."""
        return dt.datetime.fromtimestamp(self.at, dt.UTC)

    @property
    def identity(self) -> str:
        """What its repetitions have in common."""
        same = (self.project_id, self.path, self.client, self.content_type, self.key, self.status)
        return hashlib.sha256(json.dumps(same).encode()).hexdigest()[:24]


class Refusals:
    """Takes refusals from an event loop that must not wait, and writes them. One for a process."""

    def __init__(self) -> None:
        self._waiting: dict[str, Refusal] = {}
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="refusals")

    def note(self, refusal: Refusal) -> None:
        """Have ``refusal`` written soon. Returns at once and never fails."""
        with self._lock:
            idle = not self._waiting
            known = self._waiting.get(refusal.identity)
            if known is None and len(self._waiting) >= _MOST_WAITING:
                return
            self._waiting[refusal.identity] = replace(refusal, count=known.count + 1) if known else refusal
        if idle:
            self._thread.submit(self._write_soon)

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            refusals, self._waiting = self._waiting, {}
        if not refusals:
            return
        try:
            with _valkey(settings.REDIS_URL).pipeline(transaction=False) as pipeline:
                for identity, refusal in refusals.items():
                    told = json.dumps(asdict(refusal))
                    arguments = (identity, refusal.at, refusal.count, told, MOST, _REMEMBERED)
                    pipeline.eval(_NOTE, 3, *_names(refusal.project_id), *arguments)
                pipeline.execute()
        except redis.RedisError as error:
            logger.warning("%d refusals are forgotten: %s", len(refusals), error)

    def _write_soon(self) -> None:
        time.sleep(_GATHERED)
        self.flush()


def recent(projects: Iterable[int | None]) -> list[Refusal]:
    """Return what was refused of these projects, ``None`` for keys that open none; the last first.

    Without Valkey there are none to tell of.
    """
    found: list[Refusal] = []
    try:
        valkey = _valkey(settings.REDIS_URL)
        for project_id in projects:
            _, told, counts = _names(project_id)
            numbers: Any = valkey.hgetall(counts)
            rows: Any = valkey.hgetall(told)
            found += [
                replace(Refusal(**json.loads(row)), count=int(numbers.get(name, 1))) for name, row in rows.items()
            ]
    except redis.RedisError as error:
        logger.warning("refusals can't be read: %s", error)
    return sorted(found, key=lambda each: -each.at)


def _names(project_id: int | None) -> tuple[str, str, str]:
    where = f"triage:refused:{project_id or 'nobody'}"
    return where, f"{where}:told", f"{where}:count"


def _masked(key: str) -> str:
    if not key:
        return ""
    return f"{key[:4]}…{key[-4:]}" if len(key) >= 12 else "…"


@cache
def _valkey(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
