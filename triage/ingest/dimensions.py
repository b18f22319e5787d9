"""Keeps what clients make up (users as services, ids in model names) from growing what is stored without bound.

Of each dimension a project has a bounded number of values a day. Those that come first keep their names; each further
one is stored as ``OTHER``, so that counts stay exact and a name alone is lost. The day is that of receipt: what is
delivered again meets the same day, and a client wins no room by dating its reports back.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.db.models import Count

from triage.ingest.adding import add_up
from triage.ingest.decoding import Decoded, SourceName
from triage.ingest.report import OTHER
from triage.models import DimensionValue, FoldedValues

DIMENSIONS = ("client", "service", "model", "team", "environment")
_OF_A_TALLY = DIMENSIONS[:4]
_SLICE = 500  # parameters of one query; SQLite's default build takes 999

_Value = tuple[str, str]
"""A dimension, and one of its values."""
_read = attrgetter(*DIMENSIONS)
_read_tally = attrgetter(*_OF_A_TALLY)


def bound(project_id: int, batch: Iterable[Decoded]) -> None:
    """Put ``OTHER`` in place of each value in ``batch`` that its day has no room for, and count the reports.

    To be called inside the transaction that stores the batch, which holds the project's lock: no other digest finds
    the same room free.
    """
    days: dict[dt.date, list[Decoded]] = defaultdict(list)
    for each in batch:
        days[each.entry.received.date()].append(each)
    for day, entries in days.items():
        homeless = _enter(project_id, day, _values_of(entries))
        if homeless:
            folded = Counter(dimension for each in entries for dimension in _fold(each, homeless))
            rows: dict[tuple[object, ...], tuple[object, ...]] = {
                (project_id, day, dimension): (reports,) for dimension, reports in folded.items()
            }
            add_up(FoldedValues, ("project_id", "day", "dimension"), rows, sums=["reports"])


def _values_of(entries: Iterable[Decoded]) -> list[_Value]:
    """Return what ``entries`` name, each once, in the order of arrival."""
    # Most reports are alike: looking at whole combinations first costs a quarter of looking at each name.
    combinations = dict.fromkeys(each for entry in entries for each in _combinations_of(entry))
    values = dict.fromkeys(pair for each in combinations for pair in zip(DIMENSIONS, each, strict=True))
    return [(dimension, value) for dimension, value in values if value not in ("", OTHER)]


def _combinations_of(entry: Decoded) -> Iterator[tuple[str, ...]]:
    """Yield the values of each report, each tally and each source, in the order of ``DIMENSIONS``."""
    yield from (_read(report) for report, _ in entry.reports)
    yield from ((*_read_tally(tally), "") for tally in entry.tallies)
    yield from ((client, service, "", "", "") for client, service, _ in sorted(entry.heard))


def _enter(project_id: int, day: dt.date, values: Sequence[_Value]) -> set[_Value]:
    """Remember ``values`` for ``day`` as far as there is room; return those for which there is none."""
    remembered = DimensionValue.objects.filter(project_id=project_id, day=day)
    known: set[_Value] = set()
    texts = list(dict.fromkeys(value for _, value in values))
    for start in range(0, len(texts), _SLICE):
        known.update(remembered.filter(value__in=texts[start : start + _SLICE]).values_list("dimension", "value"))
    new = [each for each in values if each not in known]
    if not new:
        return set()
    taken = dict(remembered.values_list("dimension").annotate(Count("pk")))
    entered: list[_Value] = []
    for dimension in DIMENSIONS:
        room = max(0, settings.TRIAGE_MAX_VALUES_PER_DAY - taken.get(dimension, 0))
        entered += islice((each for each in new if each[0] == dimension), room)
    DimensionValue.objects.bulk_create(
        DimensionValue(project_id=project_id, day=day, dimension=dimension, value=value) for dimension, value in entered
    )
    return set(new).difference(entered)


def _fold(entry: Decoded, homeless: set[_Value]) -> Iterator[str]:
    """Fold what ``entry`` names and has no room; yield a dimension for each report that loses its name there."""
    for report, _ in entry.reports:
        for dimension, value in zip(DIMENSIONS, _read(report), strict=True):
            if (dimension, value) in homeless:
                setattr(report, dimension, OTHER)
                yield dimension
    for number, tally in enumerate(entry.tallies):
        named = zip(_OF_A_TALLY, _read_tally(tally), strict=True)
        lost: dict[str, Any] = {each[0]: OTHER for each in named if each in homeless}
        if lost:
            entry.tallies[number] = replace(tally, **lost)
            yield from lost
    entry.reports = [(report, _folded(source, homeless)) for report, source in entry.reports]
    entry.heard = {_folded(source, homeless) for source in entry.heard}


def _folded(source: SourceName, homeless: set[_Value]) -> SourceName:
    client, service, signal = source
    return (
        OTHER if ("client", client) in homeless else client,
        OTHER if ("service", service) in homeless else service,
        signal,
    )
