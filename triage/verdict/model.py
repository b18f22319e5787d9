"""What a verdict rests on, and what it says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from triage.knowledge.schema import FaultLine

Side = Literal["them", "us", "between", "unclear", "fine"]
"""Whose move it is: the provider's, ours, the gateway's between; or it can't be told; or nobody's."""

_OWN_TRAFFIC = ("surge", "tries")
"""Reasons that make it our own traffic's doing."""

Kind = Literal["fine", "failing", "slow", "silent"]


def family_of(category: str, cause: str) -> str:
    """Return what is counted together: an outage shows several causes of the server's, each other cause is a thing."""
    return category if category in ("server", "network", "billing") else f"{category}:{cause}"


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted in one minute for one model, service and team: what succeeded, or what failed for one cause."""

    minute: dt.datetime
    model: str
    service: str
    team: str
    category: str
    """Empty for successes, as is the cause."""
    cause: str
    attempts: int
    failures: int
    requests: int
    hit: int
    """Requests that failed, or would have without a retry: each call weighs once, however often it was tried."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How it was at this hour on other days and in the hours before."""

    rates: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """By cause, the share of requests that met it in each of the hours looked at."""
    requests: tuple[int, ...] = ()
    """How many requests each hour before this one had, newest first."""
    same_hour: tuple[int, ...] = ()
    """How many requests this hour of the day had on other days."""
    tries: float = 1.0
    """Attempts a request, in the hours looked at."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long successful calls take just now, beside the hours before, each call measured by its own model's usual."""

    now_ms: float | None = None
    usual_ms: float | None = None
    ratio: float | None = None
    """The middle of each call's duration over the usual one of its model."""
    count: int = 0
    """How many calls of the last minutes that rests on."""
    slow_services: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckFact:
    """One health check as it stood: what it is about, from where, and what it found."""

    kind: str
    subject: str
    site: str
    state: str
    finding: str
    words: str
    since: dt.datetime | None = None
    failing: bool = False
    """Whether it failed twice in a row, so that it's no dropped packet."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a verdict at one moment is made from."""

    at: dt.datetime
    tallies: Sequence[Tally] = ()
    """The last hour's."""
    last_at: dt.datetime | None = None
    """When the newest request ended."""
    usual: Usual = field(default_factory=Usual)
    pace: Pace = field(default_factory=Pace)
    checks: Sequence[CheckFact] = ()
    users: Sequence[tuple[str, int]] = ()
    """Whose requests failed in the last minutes, with how many those were, most first."""
    users_heard: int = 0
    """How many users made requests in the last minutes."""
    page_lag: dt.timedelta | None = None
    """How much later than our first sign the provider's status page admitted its last incident."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that the verdict rests on. ``slug`` names it for tests and styles; ``words`` tell it."""

    slug: str
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whose side a failure is on, in one sentence, with its reasons."""

    at: dt.datetime
    side: Side
    kind: Kind
    sentence: str
    reasons: tuple[Reason, ...] = ()
    cause: str = ""
    """The cause of most of the failures that are too many."""
    category: str = ""
    fault: FaultLine = "unknown"
    since: dt.datetime | None = None
    """The first sign of it."""
    last_at: dt.datetime | None = None
    """The end of the last minute with failures in number; None where nothing fails."""
    models: tuple[str, ...] = ()
    """The models concerned, where not all are."""
    services: tuple[str, ...] = ()
    """The services concerned, where not all are."""
    hit: int = 0
    requests: int = 0
    """Requests that met it, of all those of the same models and services, both from the first sign on."""

    @property
    def family(self) -> str:
        """Return what is counted together with this: a family of causes, or the kind where nothing fails."""
        return family_of(self.category, self.cause) if self.kind == "failing" else self.kind

    @property
    def subject(self) -> str:
        """Return what this is about, the same from one minute to the next: it tells one incident from another."""
        if self.side == "them":
            return "provider"
        if self.side == "between":
            return "gateway"
        if self.side == "unclear":
            return "silence" if self.kind == "silent" else "road"
        if any(each.slug in _OWN_TRAFFIC for each in self.reasons):
            return "own_traffic"
        return "own_network" if self.category == "network" else self.fault
