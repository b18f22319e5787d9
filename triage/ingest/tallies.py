"""Tallies: what a client counted itself, told as numbers in place of single reports.

A program that calls often tells its successes by the minute, and how many reports it had to drop. Both are applied
once per id, as a report is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triage.ingest import attempts_json
from triage.ingest.adding import add_up
from triage.ingest.calls import COUNTERS
from triage.ingest.report import Delivery, fold_model, text
from triage.models import DigestedEntry, HourCount, MinuteCount

_KEY = ("project_id", "start", "model", "service", "team", "category", "cause")
_RAISED = ("attempts", "requests")
_ID_LENGTH = 40  # what DigestedEntry.entry_id takes
_SLICE = 500  # parameters of one query


@dataclass(frozen=True, slots=True)
class Tally:
    """Numbers that one report tells: calls that succeeded at their first try, and reports that were dropped."""

    name: str
    """The report's id; empty where it has none, and then it is as unique as its delivery."""
    minute: dt.datetime
    model: str
    service: str
    team: str
    client: str
    succeeded: int
    dropped: int
    reason: str

    @property
    def source(self) -> tuple[str, str, str]:
        """Return who told it: client, service, signal."""
        return self.client, self.service, "attempts"


def read(report: Mapping[str, Any], delivery: Delivery) -> Tally | None:
    """Return the numbers of a checked report, or ``None`` where it tells of a single try."""
    succeeded, dropped = report.get("count") or 0, report.get("dropped") or 0
    if not (succeeded or dropped):
        return None
    return Tally(
        name=text(report.get("id"), 200),
        minute=attempts_json.ended_at(report, delivery).replace(second=0, microsecond=0),
        model=fold_model(text(report.get("model"), 80))[0],
        service=text(report.get("service"), 80),
        team=text(report.get("team"), 80),
        client=attempts_json.client(report),
        succeeded=succeeded,
        dropped=dropped,
        reason=text(report.get("reason"), 60) or "no reason given",
    )


def enter(project_id: int, tallies: Sequence[Tally]) -> list[Tally]:
    """Return those of ``tallies`` that weren't applied before, each once, and remember that they are.

    To be called inside the transaction that applies them, which holds the project's lock.
    """
    named = {_entry_id(project_id, tally): tally for tally in tallies if tally.name}
    ids = list(named)
    for start in range(0, len(ids), _SLICE):
        known = DigestedEntry.objects.filter(entry_id__in=ids[start : start + _SLICE])
        for entry_id in known.values_list("entry_id", flat=True):
            del named[entry_id]
    DigestedEntry.objects.bulk_create(DigestedEntry(entry_id=entry_id) for entry_id in named)
    return [*named.values(), *(tally for tally in tallies if not tally.name)]


def count(project_id: int, tallies: Iterable[Tally]) -> None:
    """Add the successes of ``tallies`` to the counts by the minute and by the hour."""
    minutes: Counter[tuple[object, ...]] = Counter()
    hours: Counter[tuple[object, ...]] = Counter()
    for tally in tallies:
        dimensions = (tally.model, tally.service, tally.team, "", "")
        minutes[project_id, tally.minute, *dimensions] += tally.succeeded
        hours[project_id, tally.minute.replace(minute=0), *dimensions] += tally.succeeded
    for table, counts in ((MinuteCount, minutes), (HourCount, hours)):
        rows = {key: tuple(n if name in _RAISED else 0 for name in COUNTERS) for key, n in counts.items() if n}
        add_up(table, _KEY, rows, sums=COUNTERS)


def _entry_id(project_id: int, tally: Tally) -> str:
    digest = hashlib.sha256(f"{project_id}:{tally.name}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"tally:{digest}"[:_ID_LENGTH]
