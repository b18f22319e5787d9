"""What the Celery worker does: digest the inbox, and end what has been kept long enough."""

from __future__ import annotations

import contextlib
import datetime as dt

import redis
from celery import shared_task
from celery.signals import worker_init
from django.conf import settings
from django.utils import timezone

from triage.alerts.evaluating import evaluate
from triage.alerts.history import forget_old as forget_old_alerts
from triage.diagnosis import diagnose_fields
from triage.health import forget_old, sync
from triage.incidents import watch_all
from triage.ingest.digest import digest_waiting
from triage.ingest.inbox import Reader, connect
from triage.ingest.waking import PENDING
from triage.models import DigestedEntry
from triage.retention import clean_up
from triage.work import Work

_REMEMBERED = dt.timedelta(days=7)
"""How long ids of digested entries are kept. An entry is deleted right after its commit, so minutes would do."""
_CLEANING = 5.0
"""Seconds of one run; the watcher has other things to do."""


@worker_init.connect
def read_the_knowledge(**_: object) -> None:
    """Read the knowledge when the worker starts, so that the first report doesn't wait for it."""
    diagnose_fields(http_status=529, error_type="overloaded_error", message="Overloaded")


@shared_task(base=Work, name="triage.tasks.digest", time_limit=600)
def digest() -> dict[str, int]:
    """Digest what waits in the inbox; return how many entries that were."""
    with connect(settings.REDIS_URL) as valkey:
        valkey.delete(PENDING)  # before reading: what is appended from now on may come too late for this run
    return {"entries": digest_waiting()}


@shared_task(base=Work, name="triage.tasks.forget_digested", time_limit=120)
def forget_digested() -> dict[str, int]:
    """Delete old ids of digested entries and names of readers that are gone; return how many ids those were."""
    with connect(settings.REDIS_URL) as valkey, contextlib.suppress(redis.ResponseError):  # there may be no group yet
        Reader(valkey).forget_gone_readers()
    old = DigestedEntry.objects.filter(digested_at__lt=timezone.now() - _REMEMBERED)
    return {"ids": old.delete()[0]}


@shared_task(base=Work, name="triage.tasks.end_what_is_old", time_limit=120)
def end_what_is_old() -> dict[str, int]:
    """End what has been kept for as long as the settings say; return how much, by kind."""
    return clean_up(timezone.now(), patience=_CLEANING)


@shared_task(base=Work, name="triage.tasks.run_checks", time_limit=60)
def run_checks() -> None:
    """Start the health checks that are due. They end, and are stored, beside what follows here; each leaves a row."""
    from triage.health.running import start_due  # noqa: PLC0415 - loads the HTTP client, which the digest never needs

    start_due()


@shared_task(base=Work, name="triage.tasks.plan_checks", time_limit=60)
def plan_checks() -> dict[str, int]:
    """Bring the list of checks up to date, and forget old results; return how many of each."""
    now = timezone.now()
    return {"checks": sync(now), "results": forget_old(now)}


@shared_task(base=Work, name="triage.tasks.watch", time_limit=60)
def watch() -> dict[str, int]:
    """Look at every project's verdict; return how many incidents that opened and closed."""
    counts = watch_all(timezone.now())
    return {name: count for name, count in counts.items() if name != "looks"}  # else each run would leave a line


@shared_task(base=Work, name="triage.tasks.evaluate_alerts", time_limit=60)
def evaluate_alerts() -> dict[str, int]:
    """Look at every alert rule; return how many changes that made."""
    return evaluate(timezone.now())


@shared_task(base=Work, name="triage.tasks.deliver_alerts", time_limit=120)
def deliver_alerts() -> dict[str, int]:
    """Send the messages that are due; return how many were sent, and not."""
    from triage.alerts.delivering import deliver  # noqa: PLC0415 - loads the HTTP client, which the digest never needs

    return deliver()


@shared_task(base=Work, name="triage.tasks.forget_alerts", time_limit=120)
def forget_alerts() -> dict[str, int]:
    """Forget what was told long ago; return how many rows that were."""
    return {"rows": forget_old_alerts(timezone.now())}
