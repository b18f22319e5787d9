"""Keeps what checks come back with: a row a run, and on the check how it stands."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from triage.health import plan
from triage.health.outcome import Outcome
from triage.ingest.scrub import scrub_text, scrub_value
from triage.models import Check, CheckResult

WORDS = 600
"""Characters of an outcome's words that are kept."""
EVIDENCE = 16_384
"""Bytes of an outcome's evidence that are kept; of more, nothing is."""
_BATCH = 500


def record(
    check: Check, outcome: Outcome, at: dt.datetime | None = None, *, apart: dt.timedelta = dt.timedelta(0)
) -> None:
    """Store ``outcome`` as the newest result of ``check``, masked and cut; ``at`` is now unless told.

    A result that comes less than ``apart`` from a stored one stands on the check, but gets no row of its own.
    A first failure makes the check due again soon, so that the second one, which settles it, doesn't take an interval.
    """
    at = at or timezone.now()
    words, evidence = scrub_text(_storable(outcome.words))[:WORDS], _bounded(scrub_value(_storable(outcome.evidence)))
    told: dict[str, Any] = {"state": outcome.state, "finding": str(outcome.finding), "cause": outcome.cause}
    told["latency_ms"] = outcome.latency_ms
    with transaction.atomic():
        row = Check.objects.select_for_update().get(pk=check.pk)
        fine = outcome.state == "ok"
        if not (apart and row.results.filter(at__gt=at - apart, at__lt=at + apart).exists()):
            CheckResult.objects.create(
                of=row, at=at, words="" if fine else words, evidence={} if fine else evidence, **told
            )
        if row.ran_at is not None and row.ran_at > at:
            return  # an older run that ended late: history, but no news
        stays = row.state == outcome.state and row.ran_at is not None
        row.in_a_row, row.since = (row.in_a_row + 1, row.since) if stays else (1, at)
        if outcome.state == "fail" and row.in_a_row == 1 and row.due_at is not None:
            row.due_at = min(row.due_at, plan.soon(at))
        for name, value in {**told, "words": words, "evidence": evidence, "ran_at": at, "runs_until": None}.items():
            setattr(row, name, value)
        row.save()


def forget_old(now: dt.datetime) -> int:
    """Delete results older than TRIAGE_KEEP_CHECKS_DAYS, in small batches; return how many those were.

    A place that has been silent for so long is gone as well.
    """
    oldest = now - dt.timedelta(days=settings.TRIAGE_KEEP_CHECKS_DAYS)
    old = CheckResult.objects.filter(at__lt=oldest)
    deleted = 0
    while batch := list(old.values_list("pk", flat=True)[:_BATCH]):
        deleted += CheckResult.objects.filter(pk__in=batch).delete()[0]
    Check.objects.filter(project__isnull=False, ran_at__lt=oldest).delete()
    return deleted


def _storable(value: Any) -> Any:
    """Return a JSON value without what PostgreSQL can't hold: null characters and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    if isinstance(value, Mapping):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value


def _bounded(evidence: dict[str, Any]) -> dict[str, Any]:
    return evidence if len(json.dumps(evidence)) <= EVIDENCE else {"left_out": "too long to keep"}
