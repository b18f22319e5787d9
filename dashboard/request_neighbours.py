"""What stood around a request: the same minute, alike failures, and who used the limit that refused it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, Sum
from django.urls import reverse
from django.utils.translation import gettext

from dashboard import lookup
from dashboard.choice import NOT_TOLD
from dashboard.limit_use import KINDS, Refusals, Use, refusals_of, use_of
from triage.models import MinuteCount, Request

_MINUTE = dt.timedelta(minutes=1)
_HEAD_ROOM = dt.timedelta(minutes=10)
_SPANS = (dt.timedelta(hours=1), dt.timedelta(days=1))
_MOST = 8


@dataclass(frozen=True)
class Beside:
    """What failed in the same minute of the same project, by cause and service; ``failures`` are tries."""

    cause: str
    category: str
    service: str
    failures: int


@dataclass(frozen=True)
class Alike:
    """How many requests failed at least once as this one did, before it and with it, and where they are listed."""

    label: str
    number: lookup.Number
    href: str


@dataclass(frozen=True)
class LimitUse:
    """Who used the limit that refused the request, from the minute before to its own minute's end."""

    use: Use
    refusals: Refusals
    href: str


@dataclass(frozen=True)
class Neighbours:
    """All of it; ``limit`` only where a limit refused the request."""

    same_minute: list[Beside]
    minute_link: str
    alike: list[Alike]
    limit: LimitUse | None


def neighbours_of(request: Request, *, failed_at: dt.datetime | None) -> Neighbours:
    """Return what stood around a request, whose last failed try ended at ``failed_at``."""
    minute = request.started_at.astimezone(dt.UTC).replace(second=0, microsecond=0)
    limit = _limit_use(request, failed_at) if failed_at is not None and request.cause in KINDS else None
    return Neighbours(
        same_minute=_same_minute(request, minute),
        minute_link=_link("requests", request, minute, minute + _MINUTE, outcome="all"),
        alike=[_alike(request, minute + _MINUTE, span) for span in _SPANS] if request.cause else [],
        limit=limit,
    )


def _same_minute(request: Request, minute: dt.datetime) -> list[Beside]:
    rows = (
        MinuteCount.objects.filter(project_id=request.project_id, start=minute, failures__gt=0)
        .order_by()
        .values_list("cause", "category", "service")
        .annotate(n=Sum("failures"))
        .order_by("-n", "cause", "service")
    )
    return [Beside(*row) for row in rows[:_MOST]]


def _alike(request: Request, end: dt.datetime, span: dt.timedelta) -> Alike:
    told = {name: getattr(request, name) for name in ("cause", "model", "service")}
    sought = lookup.Sought([request.project], Q(**told), None, end - span, end)
    number = sum(lookup.counts_of(sought).values(), lookup.Number(0))
    hours = int(span.total_seconds() // 3600)
    label = gettext("in the hour up to it") if hours == 1 else gettext("in the %(n)d hours up to it") % {"n": hours}
    values = {name: value or NOT_TOLD for name, value in told.items()}
    return Alike(label, number, _link("requests", request, end - span, end, outcome="all", **values))


def _limit_use(request: Request, failed_at: dt.datetime) -> LimitUse:
    end = failed_at.astimezone(dt.UTC).replace(second=0, microsecond=0) + _MINUTE
    start = end - 2 * _MINUTE
    model = {"model": request.model or NOT_TOLD}
    return LimitUse(
        use_of([request.project], start, end, "service", model=request.model),
        refusals_of([request.project], end - _HEAD_ROOM, end, model=request.model),
        _link("limits", request, start, end, **model),
    )


def _link(page: str, request: Request, start: dt.datetime, end: dt.datetime, **more: Any) -> str:
    """Return the address of a page that shows this request's project from ``start`` to ``end``."""
    ends = {"from": start.strftime("%Y-%m-%dT%H:%MZ"), "to": end.strftime("%Y-%m-%dT%H:%MZ")}
    return f"{reverse(page)}?{urlencode({'project': request.project.slug, **more, **ends})}"
