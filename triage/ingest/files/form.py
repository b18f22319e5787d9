"""What every form of file offers, and the helpers that its readers share."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from triage.ingest.limits import Malformed

Told = dict[str, Any]
"""A report in our own JSON format."""

_REMEMBERED = 20_000


class Reader(Protocol):
    """Reads one file of a form, in order; it may hold a report back until it knows how that ends."""

    def read(self, text: str, /) -> Iterator[Told]:
        """Yield what a line tells; nothing where it is known to tell of no call.

        Raises:
            Malformed: the line isn't what the form says.
        """

    def end(self) -> Iterator[Told]:
        """Yield what was held back when the file ended."""


class Form(Protocol):
    """What a module of a form offers."""

    NAME: str
    """As ``--format`` takes it."""

    Reader: type[Reader]

    def claims(self, text: str, /) -> bool:
        """Return whether a line can only be of this form."""


class Identities:
    """Names lines by what they say: a line is known wherever it is read again, in a longer file, a copy or a part.

    Lines that say the same are told apart by how many came before; the last 20,000 are remembered, since lines with a
    time in them repeat close together or not at all.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[str, int] = OrderedDict()

    def name(self, text: str) -> str:
        """Return the name of the next line that says ``text``."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
        before = self._seen.pop(digest, 0)
        self._seen[digest] = before + 1
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return f"line-{digest}" + (f"-{before}" if before else "")


def load_object(text: str) -> Mapping[str, Any]:
    """Return the JSON object that ``text`` is.

    Raises:
        Malformed: it is none.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise Malformed("nested too deep") from None
    except ValueError:
        raise Malformed("no JSON") from None
    if not isinstance(value, dict):
        raise Malformed("no JSON object")
    return value


def try_object(text: str) -> Mapping[str, Any]:
    """Return the JSON object that ``text`` is, an empty one where it is none."""
    try:
        return load_object(text)
    except Malformed:
        return {}


def part(value: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the object that stands under ``names``, one inside the other; an empty one where there is none."""
    for name in names:
        inner = value.get(name)
        if not isinstance(inner, dict):
            return {}
        value = inner
    return value


def said(value: Mapping[str, Any], *names: str) -> str:
    """Return the first of the fields ``names`` that holds text, or an empty text."""
    return next((value[name] for name in names if isinstance(value.get(name), str) and value[name]), "")


def moment(value: object, zone: dt.tzinfo) -> dt.datetime | None:
    """Return a time as logs write it: ISO 8601 (in ``zone`` where it names no offset), or seconds or ms since 1970."""
    try:
        if isinstance(value, str):
            at = dt.datetime.fromisoformat(value[:40])
            return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(dt.UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1_000 if value > 1e11 else value
            return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def without_empty(told: Told) -> Told:
    """Return ``told`` without the fields that say nothing."""
    return {name: value for name, value in told.items() if value not in (None, "", [], {})}
