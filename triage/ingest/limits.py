"""The bounds of what is accepted, and the refusals that name them."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings


class Refused(Exception):
    """A body that is not accepted: the HTTP status to answer with, and a sentence for the client's log."""

    def __init__(self, status: int, message: str, *, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


class Malformed(ValueError):
    """A body that can't be read; the message says what is wrong, and where in the body."""


class BeyondLimit(Exception):
    """A body that is larger than a limit allows; the message names the setting, its value and what was seen."""

    def __init__(self, setting: str, limit: int, seen: str) -> None:
        super().__init__(f"{setting} is {limit:,}; {seen}")


class InboxFull(Exception):
    """As much as may wait for the digest is waiting; the message names the setting."""


@dataclass(frozen=True)
class Limits:
    """Every bound of the receiver; each is a setting and an environment variable of the same name."""

    body_bytes: int
    decompressed_bytes: int
    nesting: int
    records: int
    inbox_entries: int
    inbox_bytes: int

    @classmethod
    def from_settings(cls) -> Limits:
        """Return the bounds that the settings state."""
        return cls(
            body_bytes=settings.TRIAGE_MAX_BODY_BYTES,
            decompressed_bytes=settings.TRIAGE_MAX_DECOMPRESSED_BYTES,
            nesting=settings.TRIAGE_MAX_NESTING,
            records=settings.TRIAGE_MAX_RECORDS,
            inbox_entries=settings.TRIAGE_INBOX_MAX_ENTRIES,
            inbox_bytes=settings.TRIAGE_INBOX_MAX_BYTES,
        )
