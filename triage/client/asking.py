"""How long an answer asks to wait: ``Retry-After`` in all its forms, of the API and of the server alike."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping


def seconds_asked(value: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks to wait, given in seconds or as a date; else ``None``."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError, OSError):
            return None
    return seconds if 0 <= seconds < float("inf") else None


def asked_by(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that an answer asks to wait, by ``retry-after-ms`` or ``retry-after``, else ``None``."""
    milliseconds = seconds_asked(headers.get("retry-after-ms"))
    return milliseconds / 1000 if milliseconds is not None else seconds_asked(headers.get("retry-after"))
