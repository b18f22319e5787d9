"""What the Celery worker does: digest the inbox, and forget the bookkeeping that nothing needs any more."""

from __future__ import annotations

import contextlib
import datetime as dt

import redis
from celery import shared_task
from celery.signals import worker_init
from django.conf import settings
from django.utils import timezone

from triage.diagnosis import diagnose_fields
from triage.ingest.digest import digest_waiting
from triage.ingest.inbox import Reader, connect
from triage.ingest.waking import PENDING
from triage.models import DigestedEntry

_REMEMBERED = dt.timedelta(days=7)
"""How long ids of digested entries are kept. An entry is deleted right after its commit, so minutes would do."""


@worker_init.connect
def read_the_knowledge(**_: object) -> None:
    """Read the knowledge when the worker starts, so that the first report doesn't wait for it."""
    diagnose_fields(http_status=529, error_type="overloaded_error", message="Overloaded")


@shared_task(name="triage.tasks.digest", ignore_result=True)
def digest() -> int:
    """Digest what waits in the inbox; return how many entries that were."""
    with connect(settings.REDIS_URL) as valkey:
        valkey.delete(PENDING)  # before reading: what is appended from now on may come too late for this run
    return digest_waiting()


@shared_task(name="triage.tasks.forget_digested", ignore_result=True)
def forget_digested() -> int:
    """Delete old ids of digested entries and names of readers that are gone; return how many ids those were."""
    with connect(settings.REDIS_URL) as valkey, contextlib.suppress(redis.ResponseError):  # there may be no group yet
        Reader(valkey).forget_gone_readers()
    return DigestedEntry.objects.filter(digested_at__lt=timezone.now() - _REMEMBERED).delete()[0]
