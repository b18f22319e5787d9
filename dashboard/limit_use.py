"""Who used up a limit: what each service, team, model or user took of a window, and what the answers said was left.

Tries are counted, so their shares are exact as far as programs report. Tokens are known of those requests alone whose
client told them, and head-room of those failures alone that came with headers.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext_lazy as _

from dashboard.choice import shown
from dashboard.head_room import HeadRoom, head_room_of
from dashboard.lookup import Sought, page_of
from triage.models import Attempt, HourCount, MinuteCount, Project, Request

KINDS: Final[dict[str, Any]] = {
    "rate_limit_requests": _("Requests a minute"),
    "rate_limit_input_tokens": _("Input tokens a minute"),
    "rate_limit_output_tokens": _("Output tokens a minute"),
    "rate_limit_acceleration": _("Acceleration: use grew too fast"),
    "rate_limit_concurrency": _("Requests open at the same time"),
    "fast_mode_rate_limit": _("Fast mode"),
    "subscription_limit": _("The plan's usage window"),
    "extra_usage_required": _("The plan's extra usage"),
    "tier_spend_cap_reached": _("Spend: the tier's monthly cap"),
    "spend_limit_reached": _("Spend: a limit of your own"),
    "contract_spend_limit_reached": _("Spend: the contract's limit"),
    "gateway_spend_limit": _("Spend: the gateway's limit"),
    "rate_limit_unspecified": _("A limit that the answer didn't name"),
}
"""The causes that say a limit was reached, and what the limit counts."""
SIDES: Final[dict[str, Any]] = {
    "service": _("Service"),
    "team": _("Team"),
    "model": _("Model"),
    "user": _("User"),
}
"""What use can be told apart by."""
WIDEST = dt.timedelta(hours=24)
"""Tokens are summed from the requests themselves, so the window is bounded."""

_ROWS = 20
_READ = 200
_READINGS = 12
_BY_MINUTES = dt.timedelta(hours=12)
_BY_HEADER = {
    "requests": "rate_limit_requests",
    "input tokens": "rate_limit_input_tokens",
    "output tokens": "rate_limit_output_tokens",
}


@dataclass
class Taken:
    """What one service (or team, model, user) took; ``attempts`` and ``refused`` are tries."""

    value: str = ""
    label: str = ""
    attempts: int = 0
    refused: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class Reading:
    """What one answer's headers said was left, and for whom."""

    attempt: Attempt
    room: HeadRoom


@dataclass
class Use:
    """A window's use, told apart by ``side``; ``told`` is how many of ``requests`` came with tokens."""

    side: str
    rows: list[Taken]
    whole: Taken
    more: int
    requests: int
    told: int


@dataclass
class Refusals:
    """What the refused tries of a window say: how many met which kind of limit, for whom, and what was left."""

    kinds: list[tuple[str, int]] = field(default_factory=list)
    """Causes and tries, most first."""
    readings: list[Reading] = field(default_factory=list)
    """Newest first."""
    accounts: list[tuple[str, str, int]] = field(default_factory=list)
    """Organisation, workspace and refused tries, as far as headers name them; most first."""


def use_of(
    projects: Collection[Project], start: dt.datetime, end: dt.datetime, side: str, *, model: str | None = None
) -> Use:
    """Return who took how much of ``start`` to ``end``, those who took most tries first.

    ``side`` is one of ``SIDES``; ``model`` narrows it to one model, for limits are kept by model.
    """
    taken: dict[str, Taken] = defaultdict(Taken)
    requests = Request.objects.filter(project__in=projects, started_at__gte=start, started_at__lt=end)
    if model is not None:
        requests = requests.filter(model=model)
    if side == "user":
        _add_tries_of_users(taken, requests)
    else:
        _add_tries(taken, projects, start, end, side, model)
    number = told = 0
    sums = {"read": Sum("input_tokens"), "written": Sum("output_tokens")}
    numbers = {"number": Count("pk"), "with_tokens": Count("input_tokens")}
    for row in requests.order_by().values(side).annotate(**sums, **numbers):
        each = taken[row[side]]
        each.input_tokens += row["read"] or 0
        each.output_tokens += row["written"] or 0
        number += row["number"]
        told += row["with_tokens"]
    whole = Taken()
    for value, each in taken.items():
        each.value, each.label = value, shown(side, value)
        for name in ("attempts", "refused", "input_tokens", "output_tokens"):
            setattr(whole, name, getattr(whole, name) + getattr(each, name))
    rows = sorted(taken.values(), key=lambda each: (-each.attempts, -each.input_tokens, each.value))
    return Use(side, rows[:_ROWS], whole, len(rows[_ROWS:]), number, told)


def _add_tries(
    taken: dict[str, Taken],
    projects: Collection[Project],
    start: dt.datetime,
    end: dt.datetime,
    side: str,
    model: str | None,
) -> None:
    table = MinuteCount if end - start <= _BY_MINUTES else HourCount
    counts = table.objects.filter(project__in=projects, start__gte=start, start__lt=end)
    if model is not None:
        counts = counts.filter(model=model)
    for row in counts.order_by().values(side, "cause").annotate(tried=Sum("attempts"), failed=Sum("failures")):
        each = taken[row[side]]
        each.attempts += row["tried"]
        each.refused += row["failed"] if row["cause"] in KINDS else 0


def _add_tries_of_users(taken: dict[str, Taken], requests: Any) -> None:
    """The counts know no users, so these tries are summed from the requests."""
    refused = Sum("failures", filter=Q(cause__in=KINDS))
    for row in requests.order_by().values("user").annotate(tried=Sum("attempts_made"), refused=refused):
        each = taken[row["user"]]
        each.attempts += row["tried"]
        each.refused += row["refused"] or 0


def refusals_of(
    projects: Collection[Project], start: dt.datetime, end: dt.datetime, *, model: str | None = None
) -> Refusals:
    """Return what the newest tries that a limit refused in a window say; at most ``_READ`` requests are read."""
    facets = Q(cause__in=KINDS)
    if model is not None:
        facets &= Q(model=model)
    found = page_of(Sought(projects, facets, None, start, end), _READ).requests
    refused = list(
        Attempt.objects.filter(request__in=found, failed=True, cause__in=KINDS)
        .select_related("request__project")
        .order_by("-at", "-pk")
    )
    kinds: Counter[str] = Counter()
    accounts: Counter[tuple[str, str]] = Counter()
    readings: list[Reading] = []
    for attempt in refused:
        rooms, others = head_room_of(attempt.headers)
        kinds[kind_of(attempt.cause, rooms)] += 1
        named = dict(others)
        account = (named.get("anthropic-organization-id", ""), named.get("anthropic-workspace-id", ""))
        if any(account):
            accounts[account] += 1
        readings += [Reading(attempt, room) for room in rooms]
    return Refusals(
        kinds.most_common(), readings[:_READINGS], [(*account, number) for account, number in accounts.most_common()]
    )


def kind_of(cause: str, rooms: Iterable[HeadRoom]) -> str:
    """Return which limit was reached: what the words named, else the one of which the headers say nothing was left."""
    if cause != "rate_limit_unspecified":
        return cause
    empty = [_BY_HEADER[room.name] for room in rooms if room.remaining == 0 and room.name in _BY_HEADER]
    return empty[0] if len(empty) == 1 else cause
