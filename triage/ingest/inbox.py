"""The inbox: a Valkey stream between accepting a report and understanding it.

Web processes append, digests read as one consumer group. An entry leaves the stream when its effects are committed; an
entry whose reader died is claimed by another.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff

from triage.ingest.limits import InboxFull, Limits
from triage.ingest.valkey_options import VALKEY_OPTIONS

__all__ = ["ASIDE", "GROUP", "STREAM", "VALKEY_OPTIONS", "Appender", "Entry", "InboxAway", "NewEntry", "Reader"]

STREAM = "triage:inbox"
BYTES = "triage:inbox:bytes"
ASIDE = "triage:inbox:aside"
SUSPECTS = "triage:inbox:suspects"
GROUP = "digest"

_PATIENCE = 5.0  # seconds that an append may take
_MOST_WAITING_BYTES = 64 * 1024 * 1024
_BUSY = 4  # bodies of one append from which on it pays to wait for more
_GATHERED = 0.003  # seconds of that wait; a round trip costs as much work as several bodies do
_BATCH_BYTES = 4 * 1024 * 1024
_OVERHEAD = 128  # bytes of an entry beside its body
_FEW_DELIVERIES = 3
_ASIDE_ENTRIES = 50
_ASIDE_BYTES = 64 * 1024

# Checks both bounds and appends in one step: several web processes share them.
_APPEND = """
local entries, bytes = redis.call('XLEN', KEYS[1]), tonumber(redis.call('GET', KEYS[2]) or '0')
if entries == 0 then bytes = 0 end
local results, added = {}, 0
for i = 3, #ARGV, 6 do
  local size = #ARGV[i + 5] + tonumber(ARGV[i])
  if entries >= tonumber(ARGV[1]) then results[#results + 1] = 'entries'
  elseif bytes + size > tonumber(ARGV[2]) and entries > 0 then results[#results + 1] = 'bytes'
  else
    redis.call('XADD', KEYS[1], '*', 'form', ARGV[i + 1], 'project', ARGV[i + 2], 'key', ARGV[i + 3],
               'received', ARGV[i + 4], 'body', ARGV[i + 5])
    entries, bytes = entries + 1, bytes + size
    results[#results + 1] = 'ok'
  end
end
redis.call('SET', KEYS[2], bytes)
return results
"""
# Whoever deletes an entry takes its size off the tally, so that two readers of it take it off once.
_SETTLE = """
for i = 2, #ARGV, 2 do
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
  if redis.call('XDEL', KEYS[1], ARGV[i]) == 1 then redis.call('DECRBY', KEYS[2], ARGV[i + 1]) end
end
return redis.call('XLEN', KEYS[1])
"""


class InboxAway(Exception):
    """Valkey did not confirm an append; whether it took place is not known."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A report on its way in, with its secrets masked."""

    form: str
    """``attempts``, ``sentry`` or a signal of OTLP's, a colon, and ``json``, ``lines`` or ``protobuf``."""
    project_id: int
    key_id: int
    received: float
    """Seconds since 1970."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A report as read from the stream."""

    id: str
    form: str
    project_id: int
    key_id: int
    received: dt.datetime
    body: bytes

    @property
    def size(self) -> int:
        """Return what the entry counts for in the bound on bytes."""
        return len(self.body) + _OVERHEAD


class Appender:
    """Appends bodies; those that wait while one append is under way go together in the next. One for an event loop."""

    def __init__(self, url: str, limits: Limits) -> None:
        # No retries of the client's own: an append whose answer was lost may have taken place.
        self._client = redis.asyncio.Redis.from_url(
            url, retry=AsyncRetry(NoBackoff(), 0), socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
        )
        self._script = self._client.register_script(_APPEND)
        self._limits = limits
        self._waiting: deque[tuple[NewEntry, asyncio.Future[None]]] = deque()
        self._waiting_bytes = 0
        self._running: asyncio.Task[None] | None = None

    async def append(self, entry: NewEntry) -> None:
        """Append ``entry`` and return once Valkey has it on disk.

        Raises:
            InboxFull: as much as may wait is waiting.
            InboxAway: Valkey didn't confirm it, or is so slow that too much waits for it.
        """
        if self._waiting_bytes > _MOST_WAITING_BYTES:
            raise InboxAway("too much waits to be appended")
        confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, confirmed))
        self._waiting_bytes += len(entry.body)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        await confirmed

    async def close(self) -> None:
        """Wait for what is under way, then close the connections."""
        if self._running is not None:
            await self._running
        await self._client.aclose()

    async def _run(self) -> None:
        while self._waiting:
            batch: list[tuple[NewEntry, asyncio.Future[None]]] = []
            size = 0
            while self._waiting and size < _BATCH_BYTES:
                batch.append(self._waiting.popleft())
                size += len(batch[-1][0].body)
            self._waiting_bytes -= size
            await self._append(batch)
            if len(batch) > _BUSY:
                await asyncio.sleep(_GATHERED)

    async def _append(self, batch: list[tuple[NewEntry, asyncio.Future[None]]]) -> None:
        arguments: list[Any] = [self._limits.inbox_entries, self._limits.inbox_bytes]
        for entry, _ in batch:
            arguments += (_OVERHEAD, entry.form, entry.project_id, entry.key_id, repr(entry.received), entry.body)
        try:
            results = await self._script(keys=[STREAM, BYTES], args=arguments)
        except (redis.RedisError, OSError, TimeoutError) as error:
            results = [error] * len(batch)
        for (_, confirmed), result in zip(batch, results, strict=True):
            if confirmed.done():  # its client went away
                continue
            if result == b"ok":
                confirmed.set_result(None)
            else:
                confirmed.set_exception(self._refusal(result))

    def _refusal(self, result: bytes | Exception) -> Exception:
        if result == b"entries":
            return InboxFull(f"TRIAGE_INBOX_MAX_ENTRIES is {self._limits.inbox_entries:,}, and as many reports wait")
        if result == b"bytes":
            return InboxFull(f"TRIAGE_INBOX_MAX_BYTES is {self._limits.inbox_bytes:,}, and as many bytes wait")
        return InboxAway(str(result))


class Reader:
    """Reads entries for one digest at a time, under a name of this thread."""

    def __init__(self, valkey: redis.Redis) -> None:
        self.valkey = valkey
        self._name = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
        self._settle = valkey.register_script(_SETTLE)

    def read(self, most: int) -> list[Entry]:
        """Return up to ``most`` new entries; empty where none waits."""
        try:
            answer: Any = self.valkey.xreadgroup(GROUP, self._name, {STREAM: ">"}, count=most)
        except redis.ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self._make_group()
            answer = self.valkey.xreadgroup(GROUP, self._name, {STREAM: ">"}, count=most)
        return self._entries(_messages(answer))

    def read_left_over(self, most: int) -> list[Entry]:
        """Return entries that were read before and never settled: by this reader, or by one that is gone."""
        try:
            own = _messages(self.valkey.xreadgroup(GROUP, self._name, {STREAM: "0"}, count=most))
            idle = int(settings.TRIAGE_CLAIM_AFTER_SECONDS * 1000)
            claimed: Any = self.valkey.xautoclaim(STREAM, GROUP, self._name, idle, count=most)
        except redis.ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self._make_group()
            return []
        left = dict([*own, *claimed[1]])
        return self._entries(list(left.items()))

    def often_delivered(self, entries: Sequence[Entry]) -> set[str]:
        """Return the ids of those entries that were delivered so often that they may be what ends the readers."""
        ids = sorted((entry.id for entry in entries), key=_order)
        pending: Any = self.valkey.xpending_range(STREAM, GROUP, ids[0], ids[-1], len(ids), self._name)
        return {each["message_id"].decode() for each in pending if each["times_delivered"] > _FEW_DELIVERIES}

    def begin_alone(self, entry: Entry) -> int:
        """Note that ``entry`` is about to be digested alone; return how many times that was begun and never ended."""
        return int(self.valkey.hincrby(SUSPECTS, entry.id, 1))

    def end_alone(self, entry: Entry) -> None:
        """Note that this process outlived ``entry``, however that went."""
        self.valkey.hdel(SUSPECTS, entry.id)

    def settle(self, entries: Sequence[Entry]) -> None:
        """Take entries off the stream. Their effects are committed."""
        sizes = (value for entry in entries for value in (entry.id, entry.size))
        self._settle(keys=[STREAM, BYTES], args=[GROUP, *sizes])

    def set_aside(self, entry: Entry, reason: str) -> None:
        """Keep a report that can't be understood for a person to look at; the newest ones, cut to a bounded length."""
        told: dict[Any, Any] = {
            "form": entry.form,
            "project": entry.project_id,
            "reason": reason,
            "body": entry.body[:_ASIDE_BYTES],
        }
        self.valkey.xadd(ASIDE, told, maxlen=_ASIDE_ENTRIES, approximate=False)

    def forget_gone_readers(self) -> None:
        """Remove names of readers that have been gone for an hour and left nothing behind."""
        hour = 60 * 60 * 1000  # milliseconds
        consumers: Any = self.valkey.xinfo_consumers(STREAM, GROUP)
        for each in consumers:
            if each["pending"] == 0 and each["idle"] > hour:
                self.valkey.xgroup_delconsumer(STREAM, GROUP, each["name"])

    def _make_group(self) -> None:
        try:
            self.valkey.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _entries(self, messages: Sequence[tuple[bytes, Any]]) -> list[Entry]:
        entries = []
        for name, told in messages:
            try:
                entries.append(_entry(name, told))
            except (KeyError, TypeError, ValueError):  # not written by an Appender
                self.valkey.xack(STREAM, GROUP, name)
                self.valkey.xdel(STREAM, name)
        return entries


def connect(url: str) -> redis.Redis:
    """Return a client for a digest."""
    return redis.Redis.from_url(url, socket_timeout=30, socket_connect_timeout=_PATIENCE)


def now() -> float:
    """Return the time of receipt, in seconds since 1970."""
    return time.time()


def _messages(answer: Any) -> list[tuple[bytes, Any]]:
    if isinstance(answer, dict):  # RESP3
        answer = [[name, [message for part in parts for message in part]] for name, parts in answer.items()]
    return [tuple(message) for _, messages in answer or () for message in messages]


def _entry(name: bytes, told: dict[bytes, bytes]) -> Entry:
    return Entry(
        id=name.decode(),
        form=told[b"form"].decode(),
        project_id=int(told[b"project"]),
        key_id=int(told[b"key"]),
        received=dt.datetime.fromtimestamp(float(told[b"received"]), dt.UTC),
        body=told[b"body"],
    )


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence)
