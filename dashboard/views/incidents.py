"""Incidents (``/incidents/``, ``/incidents/<id>/``): what went wrong from when until when, and on whose side."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.charts import chart_of
from dashboard.incident_rows import TONES, lag_sentence, marks_of, row_of, span_of
from dashboard.views.common import covered_projects, is_part, render_page, team_page
from triage import rates
from triage.incidents import LONGEST_NOTE, as_markdown, going_on, note
from triage.models import Incident

_PAGE = 40
_EVENTS = 300


@require_safe
@team_page
def incidents(request: HttpRequest) -> HttpResponse:
    """List incidents, those that go on first, then the newest; say how late the provider's page has been."""
    projects = [project.pk for project in covered_projects(request)]
    now = timezone.now()
    open_ones = list(going_on(projects).select_related("project"))
    over = Incident.objects.filter(project__in=projects, closed_at__isnull=False).select_related("project")
    page = Paginator(over.order_by("-opened_at", "-pk"), _PAGE).get_page(request.GET.get("page"))
    context = {
        "headline": _headline(len(open_ones)),
        "going_on": [row_of(each, now) for each in open_ones],
        "over": [row_of(each, now) for each in page.object_list],
        "page": page,
        "lag": lag_sentence(projects),
    }
    return render_page(request, "incidents/page.html", "incidents/_list.html", context)


def _headline(open_ones: int) -> str:
    if not open_ones:
        return gettext("No incident goes on.")
    return ngettext("One incident goes on.", "%(n)d incidents go on.", open_ones) % {"n": open_ones}


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def incident(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one incident of a project that the reader may see; ``POST`` adds a note to its time line."""
    found = _found(request, pk)
    if request.method == "POST":
        assert isinstance(request.user, User)  # noqa: S101  team_page has let nobody else in
        try:
            note(found, request.user, request.POST.get("text", ""))
            messages.success(request, gettext("The note stands in the time line."))
        except ValueError as error:
            messages.error(request, str(error))
        if not is_part(request):
            return HttpResponseRedirect(request.get_full_path())
    return render_page(request, "incidents/one.html", "incidents/_one.html", _one_context(found))


@require_safe
@team_page
def markdown(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out an incident as a Markdown file."""
    found = _found(request, pk)
    address = request.build_absolute_uri(row_of(found, timezone.now()).href)
    response = HttpResponse(as_markdown(found, timezone.now(), address), content_type="text/markdown; charset=utf-8")
    name = f"incident-{found.pk}-{slugify(found.project.slug)}.md"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _found(request: HttpRequest, pk: int) -> Incident:
    visible = Incident.objects.filter(project__in=covered_projects(request)).select_related("project")
    return get_object_or_404(visible, pk=pk)


def _one_context(found: Incident) -> dict[str, Any]:
    now = timezone.now()
    window = rates.window_between(*span_of(found, now), now)
    filters = rates.Filters(projects=[found.project_id])
    newest = list(found.events.select_related("by").order_by("-at", "-pk")[:_EVENTS])
    return {
        "incident": found,
        "row": row_of(found, now),
        "chart": chart_of(rates.series(window, filters), marks=marks_of([found.project_id], window, now)),
        "totals": rates.totals(window, filters),
        "events": [(event, TONES.get(event.kind, "")) for event in reversed(newest)],
        "older_events": found.events.count() - len(newest),
        "longest_note": LONGEST_NOTE,
    }
