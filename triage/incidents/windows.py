"""Which incidents there were at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import Q, QuerySet

from triage.models import Incident


def going_on(projects: Collection[int]) -> QuerySet[Incident]:
    """Return the open incidents of ``projects`` (ids), the newest first."""
    return Incident.objects.filter(project__in=projects, closed_at=None).order_by("-opened_at", "-pk")


def between(projects: Collection[int], start: dt.datetime, end: dt.datetime) -> QuerySet[Incident]:
    """Return the incidents of ``projects`` (ids) that went on at any moment from ``start`` to ``end``, oldest first."""
    lasted = Q(closed_at=None) | Q(last_seen_at__gt=start)
    return Incident.objects.filter(lasted, project__in=projects, first_sign_at__lt=end).order_by("first_sign_at", "pk")
