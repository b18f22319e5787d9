"""Issues (``/issues/``, ``/issues/<id>/``): what is broken, whose it is, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from dashboard.charts import chart_of
from dashboard.choice import DIMENSIONS, NOT_TOLD, Choice, choice_of
from dashboard.issue_work import MUTES, WorkError, people_of, work_on
from dashboard.options import options_of
from dashboard.sparklines import sparklines_of
from dashboard.templatetags.triage_ui import CATEGORIES
from dashboard.us_or_them import known_then
from dashboard.verdicts import verdict_of
from dashboard.views.common import covered_projects, is_part, render_page, team_page
from dashboard.views.overview import breakdown_of
from triage import rates
from triage.knowledge import load
from triage.models import Attempt, Issue
from triage.verdict.model import family_of

_BREAKDOWNS: tuple[rates.Dimension, ...] = ("model", "service", "team")
_PAGE = 40
_NEWEST_ATTEMPTS = 20
_EVENTS = 100
_LONGEST_QUERY = 200

STATES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "open": (gettext_lazy("Open"), (Issue.State.OPEN, Issue.State.REGRESSED)),
    "resolved": (gettext_lazy("Resolved"), (Issue.State.RESOLVED,)),
    "ignored": (gettext_lazy("Ignored"), (Issue.State.IGNORED,)),
    "all": (gettext_lazy("All"), tuple(Issue.State.values)),
}
SORTS: dict[str, tuple[Any, str]] = {
    "seen": (gettext_lazy("Last seen"), "-last_seen_at"),
    "failures": (gettext_lazy("Most failures"), "-failures"),
    "new": (gettext_lazy("Newest"), "-first_seen_at"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def issues(request: HttpRequest) -> HttpResponse:
    """List issues; ``POST`` does something with those that were chosen, then shows the same list again."""
    choice = choice_of(request)
    if request.method == "POST":
        chosen = list(
            Issue.objects.filter(
                project__in=choice.projects, pk__in=_numbers(request.POST.getlist("issue"))
            ).select_related("project")
        )
        if chosen:
            _work(request, chosen)
        else:
            messages.warning(request, gettext("Choose at least one issue first."))
        if not is_part(request):
            return HttpResponseRedirect(request.get_full_path())
    return render_page(request, "issues/page.html", "issues/_list.html", _list_context(request, choice))


def _list_context(request: HttpRequest, choice: Choice) -> dict[str, Any]:
    state = request.GET.get("state", "")
    state = state if state in STATES else "open"
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "seen"
    if choice.values.get("category", NOT_TOLD) not in (*CATEGORIES, NOT_TOLD):
        choice = replace(choice, values={name: told for name, told in choice.values.items() if name != "category"})
    matching = _matching(request, choice)
    told = dict(matching.order_by().values_list("state").annotate(n=Count("pk")))
    counts = [
        (name, label, sum(told.get(each, 0) for each in states), choice.link(state=None if name == "open" else name))
        for name, (label, states) in STATES.items()
    ]
    listed = matching.filter(state__in=STATES[state][1]).select_related("project", "assignee")
    page = Paginator(listed.order_by(SORTS[sort][1], "-pk"), _PAGE).get_page(request.GET.get("page"))
    found = list(page.object_list)
    lines, users = sparklines_of(found), _users_of(found)
    return {
        "choice": choice,
        "state": state,
        "states": counts,
        "sort": sort,
        "sorts": [(name, label) for name, (label, _column) in SORTS.items()],
        "rows": [(issue, lines[issue.pk], users.get(issue.pk, 0)) for issue in found],
        "page": page,
        "people": people_of(choice.projects),
        "owner": request.GET.get("owner", ""),
        "query": _query(request),
        "mutes": MUTES.items(),
        "selects": options_of(choice, {name: DIMENSIONS[name] for name in ("category", "cause")}),
        "complaints": _complaints(request),
        "narrowed": bool(choice.values or request.GET.get("owner") or _query(request)),
    }


def _complaints(request: HttpRequest) -> list[str]:
    """Say which parts of the address name nothing, and what they could."""
    words: dict[str, tuple[Collection[str], str]] = {
        "state": (STATES, gettext("“%(value)s” is no state of issues; choose one of %(known)s.")),
        "sort": (SORTS, gettext("“%(value)s” is no order of issues; choose one of %(known)s.")),
        "category": (
            (*CATEGORIES, NOT_TOLD),
            gettext("“%(value)s” is no category of errors; choose one of %(known)s."),
        ),
    }
    asked = {name: request.GET.get(name, "") for name in words}
    return [
        complaint % {"value": asked[name][:20], "known": ", ".join(known)}
        for name, (known, complaint) in words.items()
        if asked[name] and asked[name] not in known
    ]


def _matching(request: HttpRequest, choice: Choice) -> QuerySet[Issue]:
    """Return the issues that fit the filters, in whatever state."""
    found = Issue.objects.filter(project__in=choice.projects)
    filters = choice.filters
    if filters.category is not None:
        found = found.filter(category=filters.category)
    if filters.cause is not None:
        found = found.filter(cause=filters.cause)
    owner = request.GET.get("owner", "")
    if owner == "-":
        found = found.filter(assignee__isnull=True)
    elif owner:
        found = found.filter(assignee__username=owner)
    if query := _query(request):
        words = query.lower()
        titled = [slug for slug, cause in load().causes.items() if words in cause.title.lower() or words in slug]
        found = found.filter(Q(last_message__icontains=query) | Q(cause__in=titled) | Q(error_type__icontains=query))
    return found


def _query(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()[:_LONGEST_QUERY]


def _users_of(found: list[Issue]) -> dict[int, int]:
    """Return how many different users each issue touched in the last day; issues that touched none are left out."""
    since = timezone.now() - dt.timedelta(hours=24)
    touched = Attempt.objects.filter(issue__in=found, at__gte=since).exclude(request__user="").order_by()
    return dict(touched.values_list("issue").annotate(n=Count("request__user", distinct=True)))


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one issue of a project that the reader may see; ``POST`` does something with it."""
    projects = covered_projects(request)
    found = get_object_or_404(Issue.objects.select_related("project", "assignee"), pk=pk, project__in=projects)
    if request.method == "POST":
        _work(request, [found])
        if not is_part(request):
            return HttpResponseRedirect(request.get_full_path())
        found.refresh_from_db()
    return render_page(request, "issues/one.html", "issues/_one.html", _one_context(request, found))


def _one_context(request: HttpRequest, found: Issue) -> dict[str, Any]:
    choice = choice_of(request)
    if not any(request.GET.get(name) for name in ("window", "from", "to")):
        choice = Choice([found.project], rates.parse_window("24h"), "", choice.values, choice.query)
    narrowed = Choice(
        [found.project], choice.window, choice.complaint, {**choice.values, "cause": found.cause or "-"}, choice.query
    )
    cause = load().causes.get(found.cause)
    slices = rates.breakdowns(narrowed.window, narrowed.filters, _BREAKDOWNS)
    unit = "rate" if request.GET.get("unit") == "rate" else "count"
    return {
        "issue": found,
        "choice": narrowed,
        "unit": unit,
        "cause": cause,
        "then": known_then(found.project, found.last_seen_at, family_of(found.category, found.cause)),
        "verdict": verdict_of(cause.retry) if cause else None,
        "chart": chart_of(rates.series(narrowed.window, narrowed.filters), unit=unit),
        "totals": rates.totals(narrowed.window, narrowed.filters),
        "breakdowns": [breakdown_of(narrowed, name, slices[name]) for name in _BREAKDOWNS],
        "attempts": list(found.attempts.select_related("request").order_by("-at")[:_NEWEST_ATTEMPTS]),
        "events": list(found.events.select_related("by")[:_EVENTS]),
        "twins": Issue.objects.filter(project=found.project, cause=found.cause).exclude(pk=found.pk),
        "users": _users_of([found]).get(found.pk, 0),
        "people": people_of([found.project]),
        "mutes": MUTES.items(),
    }


def _work(request: HttpRequest, chosen: list[Issue]) -> None:
    """Do what the form asks, and leave the sentence that tells it for the next page."""
    assert isinstance(request.user, User)  # noqa: S101  team_page has let nobody else in
    try:
        messages.success(request, work_on(chosen, request.user, request.POST))
    except WorkError as error:
        messages.error(request, str(error))


def _numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts if text.isdecimal() and len(text) < 18]
