"""What the overview says of each source, where silence would be misread: no errors, no reports, or no way to tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard.clients import cannot_tell, shown_client
from triage import rates

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_KNOWN_AFTER = 20  # attempts, from which on a source has a rhythm
_SHORTEST_SILENCE = dt.timedelta(minutes=15)
_LONGEST_SILENCE = dt.timedelta(days=1)
_A_DAY = dt.timedelta(hours=20)
_BEATS = 10  # of its usual pause


@dataclass(frozen=True)
class Reporter:
    """A source with what is to be said of it."""

    name: str
    service: str
    last_seen_at: dt.datetime
    silent: bool
    """Nothing is heard where reports used to come regularly."""
    lately: bool
    """The time of day says when it was last heard."""
    flawless: int | None
    """How many requests of its service were counted in the window, where none of them failed; else ``None``."""
    cannot: str | _StrPromise


def reporters(
    heard: Iterable[rates.Heard], services: Sequence[rates.Slice], filters: rates.Filters, now: dt.datetime
) -> list[Reporter]:
    """Return what to say of the sources in ``heard``; ``services`` are the window's counts by service."""
    counted = {} if filters.narrows_failures else {each.value: each.totals for each in services}
    return [
        Reporter(
            shown_client(each.client),
            each.service,
            each.last_seen_at,
            _is_silent(each, now),
            each.silent_for(now) < _A_DAY,
            _flawless(each.service, counted),
            cannot_tell(each.client, direct=each.direct),
        )
        for each in heard
    ]


def _is_silent(heard: rates.Heard, now: dt.datetime) -> bool:
    """Return whether a source pauses for many times as long as it usually does."""
    if heard.attempts < _KNOWN_AFTER:
        return False
    usual = (heard.last_seen_at - heard.first_seen_at) / heard.attempts
    return heard.silent_for(now) > min(max(_BEATS * usual, _SHORTEST_SILENCE), _LONGEST_SILENCE)


def _flawless(service: str, counted: Mapping[str, rates.Totals]) -> int | None:
    totals = counted.get(service)
    return totals.requests if totals is not None and totals.requests and not totals.failures else None
