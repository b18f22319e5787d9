"""Forgets what was told long ago."""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from triage.models import AlertChange, AlertMessage

_BATCH = 500


def forget_old(now: dt.datetime) -> int:
    """Delete changes and messages older than TRIAGE_KEEP_ALERTS_DAYS, in batches; return how many rows that were."""
    before = now - dt.timedelta(days=settings.TRIAGE_KEEP_ALERTS_DAYS)
    deleted = 0
    for table, field in ((AlertChange, "at"), (AlertMessage, "made_at")):
        old = table._default_manager.filter(**{f"{field}__lt": before})
        while batch := list(old.values_list("pk", flat=True)[:_BATCH]):
            deleted += table._default_manager.filter(pk__in=batch).delete()[0]
    return deleted
