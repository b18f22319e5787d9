"""The worker's tasks."""

from __future__ import annotations

import datetime as dt

import pytest
import redis
from django.utils import timezone

from dashboard.celery import app
from triage import tasks
from triage.ingest.inbox import GROUP, STREAM
from triage.ingest.waking import PENDING, TASK, _wake
from triage.models import DigestedEntry


def test_the_scheduled_tasks_exist() -> None:
    app.loader.import_default_modules()
    assert {each["task"] for each in app.conf.beat_schedule.values()} <= set(app.tasks)
    assert app.tasks[TASK].run is not None


def test_a_digest_is_sent_once_until_it_begins(valkey: redis.Redis) -> None:
    _wake()
    _wake()
    assert valkey.llen("celery") == 1
    assert 0 < valkey.ttl(PENDING) <= 30


def test_a_digest_lets_the_next_one_be_sent_before_it_reads(db: None, valkey: redis.Redis) -> None:
    valkey.set(PENDING, 1)
    assert tasks.digest() == {"entries": 0}
    assert valkey.get(PENDING) is None


@pytest.mark.django_db
def test_old_bookkeeping_is_forgotten(valkey: redis.Redis) -> None:
    assert tasks.forget_digested() == {"ids": 0}  # before the first report there isn't even a group
    DigestedEntry.objects.create(entry_id="1-0", digested_at=timezone.now() - dt.timedelta(days=8))
    DigestedEntry.objects.create(entry_id="2-0")
    valkey.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    valkey.xgroup_createconsumer(STREAM, GROUP, "just-here")
    assert tasks.forget_digested() == {"ids": 1}
    assert [each.entry_id for each in DigestedEntry.objects.all()] == ["2-0"]
    assert len(valkey.xinfo_consumers(STREAM, GROUP)) == 1
