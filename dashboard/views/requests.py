"""Requests (``/requests/``, ``/requests/<request id>/``): what happened to this very request."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard import lookup
from dashboard.options import selects_of
from dashboard.request_filters import OUTCOMES, Sieve, sieve_of
from dashboard.request_story import story_of
from dashboard.us_or_them import Then, known_then
from dashboard.views.common import covered_projects, render_page, team_page
from triage.ingest.calls import ended_at
from triage.models import Request
from triage.verdict.model import family_of

_PAGE = 50
_FIRST = {"cause", "status", "model", "service"}
"""The filters that are always in sight."""


@require_safe
@team_page
def requests(request: HttpRequest) -> HttpResponse:
    """List requests, newest first; those that failed unless the address asks for others."""
    sieve = sieve_of(request)
    before, after = (lookup.Place.read(request.GET.get(name, "")) for name in ("before", "after"))
    page = lookup.page_of(sieve.sought(sieve.outcome), _PAGE, before=before, after=after)
    ends = page.requests or None
    selects = selects_of(sieve)
    context = {
        "sieve": sieve,
        "page": page,
        "requests": page.requests,
        "tabs": _tabs(sieve),
        "first_selects": [select for select in selects if select.name in _FIRST],
        "more_selects": [select for select in selects if select.name not in _FIRST],
        "more_chosen": not _FIRST.issuperset(sieve.values),
        "newer": ends and page.has_newer and sieve.link(after=str(lookup.Place.of(ends[0]))),
        "older": ends and page.has_older and sieve.link(before=str(lookup.Place.of(ends[-1]))),
        "newest": before is None and after is None,
    }
    return render_page(request, "requests/page.html", "requests/_list.html", context)


def _tabs(sieve: Sieve) -> list[tuple[str, str, lookup.Number, str]]:
    """Return the outcomes with how many requests fit the other filters: name, label, number, address."""
    numbers = lookup.counts_of(sieve.sought("all"))
    numbers["all"] = sum(numbers.values(), lookup.Number(0))
    return [
        (name, str(label), numbers[name], sieve.link(outcome=None if name == "failed" else name))
        for name, label in OUTCOMES.items()
    ]


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
        "then": _then(chosen),
    }
    return render_page(request, "requests/one.html", "requests/_one.html", context)


def _then(found: Request) -> Then | None:
    """Return what was known when ``found`` failed; None where no try of it did."""
    if not found.cause:
        return None
    return known_then(found.project, ended_at(found), family_of(found.category, found.cause))
