"""Health (``/health/``): how this server itself is, and who still reports; checks of the API are to stand here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from asgiref.sync import async_to_sync
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from dashboard.views.common import covered_projects, render_page, team_page
from triage import rates
from triage.health.server import look
from triage.models import DropCount

_DROP_DAYS = 7
_SILENT = dt.timedelta(hours=1)

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
    """Show the parts of ``/healthz`` in words, the sources and what was dropped."""
    projects = covered_projects(request)
    state = async_to_sync(look)()
    parts = [(name, *_PARTS.get(name, (name, "")), part) for name, part in state.items()]
    heard = rates.last_heard([project.pk for project in projects])
    quiet_since = timezone.now() - _SILENT
    context = {
        "parts": parts,
        "well": all(part["ok"] for part in state.values()),
        "down": [label for _name, label, _what, part in parts if not part["ok"]],
        "sources": [(source, source.last_seen_at < quiet_since) for source in heard],
        "drops": DropCount.objects.filter(
            project__in=projects, day__gte=timezone.now().date() - dt.timedelta(days=_DROP_DAYS)
        )
        .order_by()
        .values("reason")
        .annotate(n=Sum("count"))
        .order_by("-n"),
    }
    return render_page(request, "health/page.html", "health/_live.html", context)
