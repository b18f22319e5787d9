"""Alerts (``/alerts/``): nobody is told yet; the page says so, and shows what there would have been to tell."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.views.common import covered_projects, render_page, team_page
from triage.models import IssueEvent

_DAYS = 7
_MOST = 50


@require_safe
@team_page
def alerts(request: HttpRequest) -> HttpResponse:
    """List the turning points of the last week that an alert could have been about: new causes, and what came back."""
    since = timezone.now() - dt.timedelta(days=_DAYS)
    kinds = (IssueEvent.Kind.OPENED, IssueEvent.Kind.REGRESSED)
    events = IssueEvent.objects.filter(issue__project__in=covered_projects(request), at__gte=since, kind__in=kinds)
    context = {"events": list(events.select_related("issue__project")[:_MOST]), "days": _DAYS}
    return render_page(request, "alerts/page.html", "alerts/_live.html", context)
