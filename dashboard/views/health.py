"""Health (``/health/``): whether the API works from here and from other places, how this server is, who reports."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from asgiref.sync import async_to_sync
from celery import current_app
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import replace_url
from kombu.exceptions import KombuError
from redis import RedisError

from dashboard.check_rows import Asked, rows_of, sentence_of, sites_of
from dashboard.incident_rows import lag_sentence
from dashboard.views.common import covered_projects, is_part, render_page, team_page
from triage import rates
from triage.health import make_due, sync, visible_checks
from triage.health.server import look
from triage.models import DropCount, Project

_DROP_DAYS = 7
_SILENT = dt.timedelta(hours=1)
_TASK = "triage.tasks.run_checks"
_WAITS_FOR_WORKER = 30  # seconds
_logger = logging.getLogger(__name__)

_PARTS: dict[str, tuple[Any, Any]] = {
    "web": (gettext_lazy("Web server"), gettext_lazy("answers pages and accepts reports")),
    "database": (gettext_lazy("Database"), gettext_lazy("keeps what was reported")),
    "valkey": (gettext_lazy("Valkey"), gettext_lazy("holds the inbox, wakes the worker")),
    "worker": (gettext_lazy("Worker"), gettext_lazy("reads reports, diagnoses and counts them")),
    "watcher": (gettext_lazy("Watcher"), gettext_lazy("runs checks, cleans up")),
    "beat": (gettext_lazy("Beat"), gettext_lazy("starts what is due by the clock")),
    "inbox": (gettext_lazy("Inbox"), gettext_lazy("reports that wait to be read")),
    "disk": (gettext_lazy("Disk"), gettext_lazy("has room for what comes in")),
}


@require_safe
@team_page
def health(request: HttpRequest) -> HttpResponse:
    """Show the checks from here and elsewhere, the provider's word, the parts of ``/healthz``, sources and drops."""
    projects = covered_projects(request)
    return _page(request, _context(request, projects))


@require_POST
@team_page
def run(request: HttpRequest) -> HttpResponse:
    """Run this server's checks now, all or the one that the form names.

    Whoever is in a project may: the checks spend nothing, and one that has just run isn't run again. Strangers with an
    account and no project may not.
    """
    projects = covered_projects(request)
    if not may_run(request):
        raise PermissionDenied(_("Only people of a project may run checks."))
    now = timezone.now()
    sync(now)
    chosen = _chosen(request)
    make_due(chosen, now)
    if not _wake():
        messages.error(request, _("The checks can't be started: Valkey is away."))
    asked = Asked(now, chosen[0] if request.POST.get("check") else 0)
    if is_part(request):
        return _page(request, _context(request, projects, asked))
    return HttpResponseRedirect(_here(request, asked))


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Render the page or its part; the address keeps what was asked to run, until it has run."""
    response = render_page(request, "health/page.html", "health/_live.html", context)
    return replace_url(response, context["here"]) if is_part(request) else response


def may_run(request: HttpRequest) -> bool:
    """Tell whether the reader may run checks: the server's owner may, and whoever is in a project."""
    return Project.objects.visible_to(request.user).exists() or bool(getattr(request.user, "is_superuser", False))


def _chosen(request: HttpRequest) -> list[int]:
    """Return the ids of this server's checks that the form names: one, or all where it names none.

    Raises:
        Http404: there is no such check, or it isn't the reader's to see.
    """
    ids = [project.pk for project in Project.objects.visible_to(request.user)]
    own = list(visible_checks(ids).filter(project=None).values_list("pk", flat=True))
    asked = request.POST.get("check", "")
    if not asked:
        return own
    chosen = [pk for pk in own if str(pk) == asked]
    if not chosen:
        raise Http404
    return chosen


def _wake() -> bool:
    """Have the watcher run what is due at once; return whether that could be sent."""
    if not async_to_sync(look)()["valkey"]["ok"]:
        return False  # Celery's client would try again for seconds, and the reader wait as long
    try:
        current_app.send_task(_TASK, expires=_WAITS_FOR_WORKER, ignore_result=True, retry=False)
    except (KombuError, RedisError, OSError) as error:
        _logger.warning("the checks were not started: %s", error)
        return False
    return True


def _here(request: HttpRequest, asked: Asked | None) -> str:
    """Return the page's own address, with what was asked to run."""
    told = {"project": request.GET.get("project")}
    if asked:
        told |= {"asked": str(int(asked.at.timestamp() * 1000)), "check": str(asked.check)}
    query = urlencode({name: value for name, value in told.items() if value})
    return reverse("health") + (f"?{query}" if query else "")


def _context(request: HttpRequest, projects: Collection[Project], asked: Asked | None = None) -> dict[str, Any]:
    now = timezone.now()
    asked = asked or Asked.read(request.GET.get("asked", ""), request.GET.get("check", ""), now)
    ids = [project.pk for project in projects]
    rows = rows_of(ids, now, asked)
    own = [row for row in rows if row.check.project_id is None]
    state = async_to_sync(look)()
    parts = [(name, *_PARTS[name], part) for name, part in state.items()]
    heard = rates.last_heard(ids)
    running = sum(row.running for row in own)
    return {
        "sentence": sentence_of(own),
        "rows": [row for row in own if row.check.kind != "provider"],
        "provider": next((row for row in own if row.check.kind == "provider"), None),
        "lag": lag_sentence(ids),
        "sites": sites_of(rows),
        "running": running,
        "checks": 1 if asked and asked.check else len(own),
        "ended": (1 if asked and asked.check else len(own)) - running,
        "here": _here(request, asked if running else None),
        "by_clock": settings.TRIAGE_CHECKS,
        "may_run": may_run(request),
        "stamp": int(now.timestamp() * 1000),
        "parts": parts,
        "down": [label for _name, label, _what, part in parts if not part["ok"]],
        "sources": [(source, source.last_seen_at < now - _SILENT) for source in heard],
        "drops": DropCount.objects.filter(project__in=ids, day__gte=now.date() - dt.timedelta(days=_DROP_DAYS))
        .order_by()
        .values("reason")
        .annotate(n=Sum("count"))
        .order_by("-n"),
    }
