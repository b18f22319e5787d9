"""Ingest keys: where a request tells one, and what it opens, by a small memory in front of the database."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import parse_qs

from django.db import DatabaseError, close_old_connections

from triage.models import IngestKey, digest_of

GOOD_FOR = 5.0
"""Seconds that an answer is remembered: how long a revoked key may still be accepted."""
_SENTRY_KEY = re.compile(r"\bsentry_key=([^\s,]+)")
_MOST = 10_000  # keys remembered, unknown ones included


class LookupFailed(Exception):
    """The database didn't answer, and nothing is remembered of the key."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A good key and what it opens."""

    key_id: int
    project_id: int


@dataclass(frozen=True, slots=True)
class Revoked:
    """A key that was good once, and what it opened."""

    project_id: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """What is no key of this server's."""


Answer = Granted | Revoked | Unknown


def key_told(headers: Mapping[bytes, bytes], query: bytes, wire: str) -> str:
    """Return the key that a request tells, or empty text: as ``Authorization: Bearer KEY``, or as Sentry's SDKs do.

    They send a DSN's public key in ``X-Sentry-Auth`` (Python) or in the address (JavaScript).
    """
    scheme, _, told = headers.get(b"authorization", b"").decode("latin-1").strip().partition(" ")
    if scheme.lower() == "bearer":
        return told.strip()
    if wire == "sentry":
        sent = headers.get(b"x-sentry-auth", b"").decode("latin-1") or (told if scheme.lower() == "sentry" else "")
        if found := _SENTRY_KEY.search(sent):
            return found[1]
        return parse_qs(query.decode("latin-1")).get("sentry_key", [""])[0]
    return ""


def look_up(digest: str) -> Answer:
    """Return what the database says of the key with this digest.

    Raises:
        django.db.DatabaseError: the database didn't answer.
    """
    close_old_connections()  # this runs outside of Django's requests, which would see to it before and after
    try:
        row = IngestKey.objects.filter(digest=digest).values_list("pk", "project_id", "revoked_at").first()
    finally:
        close_old_connections()
    if row is None:
        return Unknown()
    key_id, project_id, revoked_at = row
    return Granted(key_id, project_id) if revoked_at is None else Revoked(project_id)


class KeyRing:
    """Remembers keys, so that a storm of reports asks the database once in ``GOOD_FOR`` seconds. One for a process."""

    def __init__(self, look_up: Callable[[str], Answer] = look_up) -> None:
        self._look_up = look_up
        self._known: dict[str, tuple[float, Answer]] = {}
        # A thread of its own: views that hold Django's shared one must not keep reports waiting.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ingest-keys")

    async def find(self, key: str) -> Answer:
        """Return what ``key`` opens, or why it opens nothing.

        Raises:
            LookupFailed: the database is away, and the key wasn't seen before.
        """
        digest = digest_of(key)
        known = self._known.get(digest)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._ask, digest)
        except DatabaseError as error:
            if known is not None:  # accepting doesn't need the database: a key that was good still is
                return known[1]
            raise LookupFailed from error

    def _ask(self, digest: str) -> Answer:
        """Ask the database, unless one of the reports that came at the same time just did."""
        known = self._known.get(digest)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        answer = self._look_up(digest)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[digest] = (time.monotonic() + GOOD_FOR, answer)
        return answer
