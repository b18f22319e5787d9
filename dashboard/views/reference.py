"""The reference: what does this code, type or message mean? (``/reference/``)."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard import wording
from dashboard.handbook_search import search_handbook
from dashboard.search import LONGEST, Found, search
from dashboard.sightings import sighting_of_cause, sighting_of_status
from dashboard.templatetags.triage_ui import CATEGORIES
from dashboard.views.common import covered_projects, open_page, render_page
from triage.diagnosis.walk import encode_answers, path_to
from triage.knowledge import UNKNOWN, Cause, Code, load


@require_safe
@open_page
def reference(request: HttpRequest) -> HttpResponse:
    """List all codes and causes, narrowed by ``?q=`` (searched as the reader types) and ``?category=``."""
    query = request.GET.get("q", "").strip()[:LONGEST]
    category = request.GET.get("category", "")
    if category not in CATEGORIES:
        category = ""
    everything = search(query)
    found = [hit for hit in everything if not category or hit.entry.category == category]
    codes = [hit for hit in found if isinstance(hit.entry, Code)]
    causes = [hit for hit in found if isinstance(hit.entry, Cause)]
    context = {
        "query": query,
        "category": category,
        "categories": CATEGORIES,
        "codes": codes,
        "causes": causes,
        "entries": [] if category else search_handbook(query),
        "families": [] if query else _by_family(causes),
        "read_as": next((hit.entry for hit in everything if hit.read), None),
    }
    return render_page(request, "reference/page.html", "reference/_results.html", context)


@require_safe
@open_page
def cause(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell everything about one cause.

    Raises:
        Http404: there is no such cause.
    """
    knowledge = load()
    entry = knowledge.causes.get(slug)
    if entry is None:
        raise Http404
    steps = path_to(slug, knowledge)
    context: dict[str, Any] = {
        "cause": entry,
        "family": knowledge.family_of[slug],
        "codes": [code for code in knowledge.codes.values() if _belongs(code, entry)],
        "mistaken_for": [
            (other, near.difference)
            for other in knowledge.causes.values()
            for near in other.neighbours
            if near.slug == slug and slug != other.slug and other.slug not in {n.slug for n in entry.neighbours}
        ],
        "walk": encode_answers({step.question.slug: step.answer.slug for step in steps}),
        "sighting": sighting_of_cause(covered_projects(request), slug),
    }
    return render_page(request, "reference/cause.html", "reference/cause.html", context)


@require_safe
@open_page
def code(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell everything about one HTTP status, or one family of failures without a status.

    Raises:
        Http404: there is no such code.
    """
    knowledge = load()
    entry = knowledge.codes.get(slug)
    if entry is None:
        raise Http404
    behind = [knowledge.causes[each] for each in entry.causes if each != UNKNOWN]
    rest = [each for each in knowledge.causes.values() if entry.status in each.seen_with.status and each not in behind]
    projects = covered_projects(request)
    context = {
        "code": entry,
        "causes": behind,
        "rest": rest,
        "sighting": sighting_of_status(projects, entry.status) if entry.status else None,
    }
    return render_page(request, "reference/code.html", "reference/code.html", context)


def _belongs(code: Code, cause: Cause) -> bool:
    return cause.slug in code.causes or (code.status is not None and code.status in cause.seen_with.status)


def _by_family(causes: list[Found]) -> list[tuple[str, list[Found]]]:
    family_of = load().family_of
    order = [*wording.FAMILIES, *sorted(set(family_of.values()) - set(wording.FAMILIES))]
    grouped = [(stem, [hit for hit in causes if family_of[hit.entry.slug] == stem]) for stem in order]
    return [(stem, hits) for stem, hits in grouped if hits]
