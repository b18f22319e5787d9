"""Head-room: what an answer's headers say was left of each rate limit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.dateparse import parse_datetime

LIMIT_HEADER = "anthropic-ratelimit-"


@dataclass(frozen=True)
class HeadRoom:
    """What was left of one rate limit when the answer was sent."""

    name: str
    """As the header names it, ``input-tokens`` as "input tokens"."""
    limit: int
    remaining: int
    resets_at: dt.datetime | None


def head_room_of(headers: Any) -> tuple[list[HeadRoom], list[tuple[str, str]]]:
    """Split stored headers into the rate limits of which both limit and rest are told, and all others by name."""
    if not isinstance(headers, dict):
        return [], []
    told = {str(name).lower(): str(value) for name, value in headers.items()}
    rooms: list[HeadRoom] = []
    used: set[str] = set()
    for name in sorted(told):
        if not (name.startswith(LIMIT_HEADER) and name.endswith("-limit")):
            continue
        stem = name.removesuffix("-limit")
        limit, rest = told[name], told.get(f"{stem}-remaining", "")
        if limit.isdecimal() and rest.isdecimal() and int(limit):
            label = stem.removeprefix(LIMIT_HEADER).replace("-", " ")
            rooms.append(HeadRoom(label, int(limit), int(rest), _moment(told.get(f"{stem}-reset", ""))))
            used |= {name, f"{stem}-remaining", f"{stem}-reset"}
    return rooms, [(name, value) for name, value in sorted(told.items()) if name not in used]


def _moment(text: str) -> dt.datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=dt.UTC)
