"""The digest: takes reports from the inbox and applies each exactly once, in batches of one transaction each.

The transaction that stores an entry's effects also stores its id, and the entry leaves the stream after the commit: one
that is delivered again is known. An entry that can't be understood is counted, kept aside, and stops nothing.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import redis
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from triage.ingest import dimensions, tallies
from triage.ingest.adding import add_up
from triage.ingest.calls import Call
from triage.ingest.decoding import Decoded, SourceName, decode
from triage.ingest.inbox import Entry, Reader, connect
from triage.ingest.ledger import Ledger
from triage.ingest.store import told_since, write
from triage.ingest.tallies import Tally
from triage.models import DigestedEntry, DropCount, IngestKey, Project, Source

logger = logging.getLogger(__name__)

TICKS = "triage:ticks"
"""Valkey channel that says which project has news: ``{"project": id}``."""

_BATCH = 500  # entries of one read
_BATCH_REPORTS = 2_000  # reports of one transaction, as far as entries are that small
_MOST_DEATHS = 2  # workers that a report may end before it is set aside
_MOST_REASONS = 30  # a project and day
_STATE_ERRORS = (OperationalError, InterfaceError, redis.RedisError)
"""The database or Valkey is away or busy: no entry is to blame, and all of them are digested later."""


def digest_waiting(*, patience: float = 10.0) -> int:
    """Digest what waits in the inbox, for about ``patience`` seconds at most; return how many entries were digested.

    Raises:
        OperationalError, InterfaceError, redis.RedisError: a part is away; what was read is read again next time.
    """
    until = time.monotonic() + patience
    with connect(settings.REDIS_URL) as valkey:
        reader = Reader(valkey)
        done = _digest_left_over(reader)
        while time.monotonic() < until:
            entries = reader.read(_BATCH)
            if not entries:
                break
            _digest(reader, entries)
            done += len(entries)
    return done


def _digest_left_over(reader: Reader) -> int:
    """Digest what readers left behind. What was left several times goes alone: it may be what ends them."""
    entries = reader.read_left_over(_BATCH)
    if not entries:
        return 0
    suspects = reader.often_delivered(entries)
    _digest(reader, [entry for entry in entries if entry.id not in suspects])
    for entry in (each for each in entries if each.id in suspects):
        if reader.begin_alone(entry) > _MOST_DEATHS:
            _set_aside(reader, entry, "report that ended several workers")
            reader.end_alone(entry)
        else:
            try:
                _digest(reader, [entry])
            finally:
                reader.end_alone(entry)
    return len(entries)


def _digest(reader: Reader, entries: Sequence[Entry]) -> None:
    for batch in _batches(_decoded(reader, entries)):
        _apply(reader, batch)


def _decoded(reader: Reader, entries: Iterable[Entry]) -> Iterator[Decoded]:
    for entry in entries:
        try:
            yield decode(entry)
        except Exception as error:
            logger.exception("entry %s can't be understood", entry.id)
            _set_aside(reader, entry, f"report that can't be understood: {type(error).__name__}")


def _batches(decoded: Iterable[Decoded]) -> Iterator[list[Decoded]]:
    batch: list[Decoded] = []
    size = 0
    for each in decoded:
        batch.append(each)
        size += len(each.reports)
        if size >= _BATCH_REPORTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _apply(reader: Reader, batch: list[Decoded]) -> None:
    """Store a batch and take it off the stream; where an entry spoils it, find that one by going one at a time."""
    try:
        touched = _store(reader.valkey, batch)
    except _STATE_ERRORS:
        raise
    except Exception as error:
        if len(batch) > 1:
            for each in batch:  # decoded anew: storing completes reports by each other
                _apply(reader, [decode(each.entry)])
            return
        entry = batch[0].entry
        logger.exception("entry %s can't be stored", entry.id)
        _set_aside(reader, entry, f"report that can't be stored: {type(error).__name__}")
        return
    reader.settle([each.entry for each in batch])
    for project_id in touched:
        reader.valkey.publish(TICKS, json.dumps({"project": project_id}))


def store_directly(valkey: redis.Redis, decoded: Decoded) -> None:
    """Store what was read from a file and never was in the inbox; what was stored before changes nothing.

    Raises:
        OperationalError, InterfaceError: the database is away or busy, and nothing of it is stored.
    """
    touched = _store(valkey, [decoded])
    with contextlib.suppress(redis.RedisError):  # no server has to run
        for project_id in touched:
            valkey.publish(TICKS, json.dumps({"project": project_id}))


def _store(valkey: redis.Redis, batch: list[Decoded]) -> list[int]:
    """Apply the entries that weren't applied before, in one transaction; return the projects that have news."""
    with transaction.atomic():
        asked = {each.entry.project_id for each in batch}
        # Two workers must not begin the same call at once. Batches of one project are stored one after the other;
        # decoding and diagnosing, the greater part of the work, is done before.
        locked = Project.objects.select_for_update(no_key=True).filter(pk__in=asked).order_by("pk")
        projects = [project.pk for project in locked]
        ids = [each.entry.id for each in batch]
        applied = set(DigestedEntry.objects.filter(entry_id__in=ids).values_list("entry_id", flat=True))
        fresh = [each for each in batch if each.entry.id not in applied]
        DigestedEntry.objects.bulk_create(DigestedEntry(entry_id=each.entry.id) for each in fresh)
        for project_id in projects:
            _store_project(project_id, [each for each in fresh if each.entry.project_id == project_id], valkey)
    return projects


def _store_project(project_id: int, batch: list[Decoded], valkey: redis.Redis) -> None:
    if not batch:
        return
    dimensions.bound(project_id, batch)
    ledger = Ledger(project_id, [report for each in batch for report, _ in each.reports])
    calls_of: dict[SourceName, dict[int, Call]] = defaultdict(dict)
    sources: dict[int, SourceName] = {}
    for each in batch:
        for report, source in each.reports:
            for call in ledger.enter(report):  # a call that two sources tell of counts for the first
                calls_of[sources.setdefault(id(call), source)][id(call)] = call
    write(project_id, ledger, valkey)
    told = tallies.enter(project_id, [tally for each in batch for tally in each.tallies])
    tallies.count(project_id, told)
    _write_sources(project_id, batch, calls_of, told)
    _write_drops(project_id, batch, told)
    _write_keys(batch)


def _write_sources(
    project_id: int,
    batch: list[Decoded],
    calls_of: dict[SourceName, dict[int, Call]],
    told: list[Tally],
) -> None:
    heard_at = {name: each.entry.received for each in batch for name in each.heard}
    for each in batch:
        for name in each.heard:
            heard_at[name] = max(heard_at[name], each.entry.received)
    counted: Counter[SourceName] = Counter()
    for tally in told:
        counted[tally.source] += tally.succeeded
    rows: dict[tuple[object, ...], tuple[object, ...]] = {}
    for name, at in heard_at.items():
        attempts, failures = told_since(calls_of[name].values())
        rows[project_id, *name] = (attempts + counted[name], failures, at, at)
    key = ("project_id", "client", "service", "signal")
    counters = ("attempts", "failures")
    add_up(Source, key, rows, sums=counters, latest=["last_seen_at"], only_new=["first_seen_at"])


def _write_drops(project_id: int, batch: list[Decoded], told: list[Tally]) -> None:
    """Count what was dropped. Reasons name what clients send, so there are a bounded number of them a day."""
    dropped: Counter[tuple[dt.date, str]] = Counter()
    for tally in told:
        if tally.dropped:
            dropped[tally.minute.date(), f"by the client: {tally.reason}"[:80]] += tally.dropped
    for each in batch:
        for reason, number in each.drops.items():
            dropped[each.entry.received.date(), reason[:80]] += number
    if not dropped:
        return
    days = {day for day, _ in dropped}
    known = set(DropCount.objects.filter(project_id=project_id, day__in=days).values_list("day", "reason"))
    rows: Counter[tuple[object, ...]] = Counter()
    for (day, reason), number in dropped.items():
        listed = (day, reason) in known or len(known) < _MOST_REASONS
        known.add((day, reason if listed else "other"))
        rows[project_id, day, reason if listed else "other"] += number
    add_up(DropCount, ("project_id", "day", "reason"), {key: (n,) for key, n in rows.items()}, sums=["count"])


def _write_keys(batch: list[Decoded]) -> None:
    used: dict[int, list[Entry]] = defaultdict(list)
    for each in batch:
        used[each.entry.key_id].append(each.entry)
    for key_id, entries in used.items():
        at = max(entry.received for entry in entries)
        earlier = Q(last_used_at__isnull=True) | Q(last_used_at__lt=at)
        IngestKey.objects.filter(earlier, pk=key_id).update(last_used_at=at)


def _set_aside(reader: Reader, entry: Entry, reason: str) -> None:
    """Count an entry as dropped and keep it for a person to look at; once, however often it is delivered."""
    with transaction.atomic():
        _, is_new = DigestedEntry.objects.get_or_create(entry_id=entry.id)
        if is_new and Project.objects.filter(pk=entry.project_id).exists():
            key = (entry.project_id, entry.received.date(), reason[:80])
            add_up(DropCount, ("project_id", "day", "reason"), {key: (1,)}, sums=["count"])
    if is_new:
        reader.set_aside(entry, reason)
    reader.settle([entry])
