"""Requests (``/requests/``, ``/requests/<request id>/``): what happened to this very request."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from dashboard import lookup
from dashboard.choice import DIMENSIONS, Choice, choice_of
from dashboard.options import options_of
from dashboard.request_story import story_of
from dashboard.views.common import covered_projects, render_page, team_page
from triage import rates
from triage.models import Request

_PAGE = 50

OUTCOMES: dict[str, Any] = {
    "failed": gettext_lazy("Failed"),
    "rescued": gettext_lazy("Rescued"),
    "succeeded": gettext_lazy("Succeeded"),
    "all": gettext_lazy("All"),
}


@require_safe
@team_page
def requests(request: HttpRequest) -> HttpResponse:
    """List requests, newest first; those that failed unless the address asks for others."""
    choice = choice_of(request)
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in OUTCOMES else "failed"
    in_window = any(request.GET.get(name) for name in ("window", "from", "to"))
    status = _status(request)
    place = lookup.Place.read(request.GET.get("before", ""))
    if place is not None and _moment(place.started_at) is None:
        place = None
    conditions = lookup.conditions_of(choice.filters)
    if outcome != "all":
        conditions &= Q(outcome=outcome)
    if status is not None:
        conditions &= Q(http_status=status)
    if in_window:
        conditions &= Q(started_at__gte=choice.window.start, started_at__lt=choice.window.end)
    found = lookup.newest_requests(choice.projects, conditions, place, _PAGE + 1)
    shown = found[:_PAGE]
    older = str(lookup.Place(shown[-1].started_at.isoformat(), shown[-1].pk)) if len(found) > _PAGE else ""
    context = {
        "choice": choice,
        "requests": shown,
        "outcome": outcome,
        "outcomes": [(name, label, _outcome_link(choice, name)) for name, label in OUTCOMES.items()],
        "status": status,
        "in_window": in_window,
        "selects": options_of(choice, DIMENSIONS),
        "older": older,
        "newest": place is None,
        "narrowed": bool(choice.values or in_window or status or outcome != "failed"),
    }
    return render_page(request, "requests/page.html", "requests/_list.html", context)


@require_safe
@team_page
def one_request(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show one request, found by the API's id of any of its attempts or by our own number.

    An id that nobody reported answers 404, with what may be the reason; another team's looks the same.
    """
    projects = covered_projects(request)
    found = lookup.find_requests(projects, identifier)
    if not found:
        page = "requests/not_found.html"
        return render_page(request, page, page, {"identifier": identifier[:96]}, status=404)
    chosen = found[0]
    context = {
        "found": chosen,
        "namesakes": found[1:],
        "story": story_of(chosen),
        "same_minute": _same_minute(chosen),
    }
    return render_page(request, "requests/one.html", "requests/_one.html", context)


def _outcome_link(choice: Choice, name: str) -> str:
    return choice.link(outcome=None if name == "failed" else name)


def _status(request: HttpRequest) -> int | None:
    text = request.GET.get("status", "")
    return int(text) if text.isdecimal() and len(text) == 3 else None


def _moment(text: str) -> dt.datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None


def _same_minute(found: Request) -> list[rates.Slice]:
    """Return what failed in the same project within the minute in which the request started, by cause."""
    start = found.started_at.replace(second=0, microsecond=0)
    window = rates.window_between(start, start + dt.timedelta(minutes=1))
    return rates.breakdown(window, rates.Filters([found.project_id]), "cause")
