"""What a report tells of one call, in one shape for every wire format, and the helpers that read loose values."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

KEY_LENGTH = 96
MESSAGE_LENGTH = 4_000
"""Characters of an error's words that are read and stored; an edge's page says what it is in the first hundreds."""
MOST_ATTEMPTS = 10_000
OTHER = "(other)"
"""Stands for a service, a model and so on that its day had no room for (``dimensions``). It tells as little as none."""
_LARGEST = 2**31 - 1
_LONG_CONTEXT = re.compile(r"\[1m\]$", re.IGNORECASE)
_CLOCK_SLACK = dt.timedelta(minutes=10)
_OLDEST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


class Role(StrEnum):
    """What a kind of report sees of a call. Each format says it for each of its kinds.

    Reports of two kinds may tell of one call and then complete each other; two of one kind never do, tries apart.
    They are one call, the surest first, where

    1. one is the other's span or the child of it, in the same trace;
    2. they name the same API request id and their times overlap (our own JSON may be minutes late);
    3. both stand in one trace and their times overlap;
    4. both stand in one session and end within seconds of each other;
    5. service and folded model are the same, their roles differ, nothing that they tell is contradictory, and one's
       time lies inside the other's; unless their traces say that they are two.

    A format therefore fills in whatever it knows of ``trace_id``, ``span_id``, ``parent_span_id``, ``session_id``,
    ``service``, ``model``, ``started_at`` and ``last.at``. Ids that stand in an error's words are read by the digest.
    """

    CALL = "call"
    """The whole call from inside the SDK: its span. Sees the last status and how many tries there were."""
    WRAPPER = "wrapper"
    """A library's span around the SDK's call. Sees what was raised, often no status and never the tries: it is one
    report of number 1, and a higher number from elsewhere wins."""
    EVENT = "event"
    """A log record or an error event about how a call ended."""
    TRY = "try"
    """One HTTP try. A call may have several reports of such a kind: those with the same key (our own JSON), or the
    children of one span. ``last.number`` is 0 where the record doesn't know which try it is: their times decide."""


@dataclass(slots=True)
class Try:
    """One HTTP try of a call, as told. Empty text and ``None`` mean that nothing was told."""

    number: int
    """Which try it was, from 1; 0 where that isn't known (``Role.TRY`` alone)."""
    at: dt.datetime
    """When it ended."""
    failed: bool
    http_status: int | None = None
    error_type: str = ""
    error_code: str = ""
    exception: str = ""
    message: str = ""
    cause_chain: tuple[str, ...] = ()
    retry_after: float | None = None
    headers: dict[str, str] = field(default_factory=dict)
    duration_ms: int | None = None
    api_request_id: str = ""
    raw: Mapping[str, Any] | None = None
    """The record itself, of which a bounded number are kept."""
    model: str = ""
    """The model that it asked, where a program turned to another than the call's first."""
    category: str = ""
    cause: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a record came: when its bytes were received, and the inbox entry with its place in it."""

    received: dt.datetime
    entry_id: str
    position: int

    def key(self, kind: str) -> str:
        """Return a key for a record that tells nothing to recognise it by: told again, it counts again."""
        return make_key(kind, "entry", self.entry_id, self.position)


@dataclass(slots=True)
class Report:
    """What one record of a client tells of one call: the tries that it describes, and how the call stands after them.

    ``last`` is the last try that the record knows of; the numbers below it are tries that happened, described or not.
    """

    key: str
    """Recognises this record when it is delivered again. Its part before the first colon is its kind."""
    last: Try
    client: str
    started_at: dt.datetime
    model: str = ""
    long_context: bool = False
    service: str = ""
    team: str = ""
    environment: str = ""
    user: str = ""
    streamed: bool | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    trace_id: str = ""
    span_id: str = ""
    """Of the span that tells of the call; an event names the span that it happened in."""
    parent_span_id: str = ""
    session_id: str = ""

    @property
    def kind(self) -> str:
        """Return which form of telling this is. What it sees of a call is its role."""
        return self.key.partition(":")[0]

    @property
    def has_place(self) -> bool:
        """Return whether it names a service and a model, by which calls are told apart where nothing surer does."""
        return self.service not in ("", OTHER) and self.model not in ("", OTHER)


def make_key(kind: str, *parts: object) -> str:
    """Return a key of bounded length for a record of ``kind`` that ``parts`` identify."""
    key = ":".join([kind, *(str(part) for part in parts)])
    if len(key) <= KEY_LENGTH and key.isascii() and key.isprintable():
        return key
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kind}:#{digest}"


def fold_model(name: str) -> tuple[str, bool]:
    """Return a model's name without the mark of a long context, and whether it had one: ``claude-opus-4-8[1m]``."""
    folded = _LONG_CONTEXT.sub("", name)
    return folded, folded != name


def text(value: object, length: int) -> str:
    """Return ``value`` as text that every database takes, cut to ``length``; anything but text and numbers is empty."""
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return ""
        value = str(value)
    if len(value) > length:
        value = value[:length]
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode()
    return value.replace("\0", "") if "\0" in value else value


def whole(value: object) -> int | None:
    """Return ``value`` as a whole number from 0 to 2³¹-1; numbers come as int, float or text. Else ``None``."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = int(value) if not isinstance(value, str) else int(float(value[:24]))
    except (ValueError, OverflowError):
        return None
    return min(number, _LARGEST) if number >= 0 else None


def attempt_number(value: object) -> int:
    """Return ``value`` as the number of a try, 1 where it is none; bounded, since it is added to the counts."""
    return min(max(whole(value) or 1, 1), MOST_ATTEMPTS)


def seconds(value: object) -> float | None:
    """Return ``value`` as a finite number of seconds from 0 on, else ``None``."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value if not isinstance(value, str) else value[:24])
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def status(value: object) -> int | None:
    """Return ``value`` as an HTTP status, else ``None``."""
    number = whole(value)
    return number if number is not None and 100 <= number <= 599 else None


def moment(nanoseconds: object, received: dt.datetime) -> dt.datetime:
    """Return a client's time, given in nanoseconds since 1970; ``received`` where it is missing or can't be right."""
    if isinstance(nanoseconds, str):
        digits = nanoseconds.isascii() and nanoseconds.isdigit() and len(nanoseconds) < 20
        nanoseconds = int(nanoseconds) if digits else 0
    if isinstance(nanoseconds, bool) or not isinstance(nanoseconds, int | float) or not 0 < nanoseconds < 2**63:
        return received
    return plausible(dt.datetime.fromtimestamp(nanoseconds // 1000 / 1e6, dt.UTC), received)


def read_time(value: object) -> dt.datetime | None:
    """Return a time given in ISO 8601 (UTC where it names no offset) or in seconds since 1970, else ``None``."""
    try:
        if isinstance(value, str):
            at = dt.datetime.fromisoformat(value[:40])
            return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return dt.datetime.fromtimestamp(value, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def plausible(at: dt.datetime, received: dt.datetime) -> dt.datetime:
    """Return ``at``, or ``received`` where a client's clock is plainly wrong: ahead of ours, or years behind."""
    return at if _OLDEST <= at <= received + _CLOCK_SLACK else received


def first(attributes: Mapping[str, Any], *names: str) -> Any:
    """Return the first of ``names`` that ``attributes`` tells, else ``None``."""
    for name in names:
        value = attributes.get(name)
        if value is not None and value != "":
            return value
    return None
