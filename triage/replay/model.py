"""The words of a replay: calls with their tries, policies, and what a policy costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tried:
    """One try of a call."""

    ended: float
    """Seconds since 1970."""
    cause: str
    """Empty where it succeeded."""
    category: str = ""
    http_status: int | None = None
    error_type: str = ""
    retry_after: float | None = None
    """Seconds that the answer asked to wait."""
    took: float | None = None
    """Seconds; None where it wasn't told."""
    described: bool = True
    """Whether a report tells of it; else it is taken to have failed as the next one that is described."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that failed at least once."""

    pool: str
    """What shares a fate: one project's calls to one model."""
    tries: tuple[Tried, ...]
    """All tries, the first one first; the first is a failure."""
    lost: bool
    """Whether the last try failed as well."""


class Policy(Protocol):
    """A rule for what to do after a failure."""

    @property
    def name(self) -> str:
        """What results call it."""

    def wait(self, failure: Tried, tries: int, /) -> float | None:
        """Return the seconds to wait after so many tries, the last of which ended in ``failure``; None gives up."""


@dataclass(slots=True)
class Cost:
    """What a policy costs, over some calls; expected values where it was not the one in force."""

    lost: float = 0.0
    """Calls that failed in the end."""
    retries: float = 0.0
    in_vain: float = 0.0
    """Retries after a failure that the same request can't get past."""
    waited: float = 0.0
    """Seconds between the tries."""

    def add(self, other: Cost) -> None:
        """Add another cost to this one."""
        self.lost += other.lost
        self.retries += other.retries
        self.in_vain += other.in_vain
        self.waited += other.waited
