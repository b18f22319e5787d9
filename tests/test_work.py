"""The base of the tasks: what a run leaves in the log, and what it leaves in the database when it fails."""

from __future__ import annotations

import logging

import pytest
from celery import shared_task

from dashboard.celery import app
from triage.models import Project
from triage.signs import WATCHER
from triage.work import Work

app.loader.import_default_modules()


@shared_task(base=Work, name="tests.count")
def count(entries: int) -> dict[str, int]:
    return {"entries": entries, "none": 0}


@shared_task(base=Work, name="tests.spoil", in_transaction=True)
def spoil() -> None:
    Project.objects.create(slug="half-done", name="Half done")
    raise ValueError("the second half")


def test_a_run_tells_its_id_its_time_and_its_counts(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="triage.tasks"):
        done = count.apply(args=[3])
    (line,) = caplog.messages
    assert line.startswith(f"tests.count {done.id} ")
    assert line.endswith(" s entries=3")


def test_a_run_that_counted_nothing_leaves_no_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="triage.tasks"):
        count.apply(args=[0])
    assert caplog.messages == []


@pytest.mark.django_db
def test_a_run_that_fails_half_way_leaves_nothing_but_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="triage.tasks"):
        assert spoil.apply().failed()
    assert not Project.objects.filter(slug="half-done").exists()
    assert any(message.endswith("failed: ValueError") for message in caplog.messages)


def test_only_the_digest_has_the_first_worker() -> None:
    queues = {name: app.amqp.router.route({}, name)["queue"].name for name in app.tasks if name.startswith("triage.")}
    assert {name for name, queue in queues.items() if queue != WATCHER} == {"triage.tasks.digest"}


def test_every_task_of_ours_is_timed_bounded_and_delivered_again() -> None:
    ours = [task for name, task in app.tasks.items() if name.startswith("triage.")]
    assert len(ours) >= 3
    for task in ours:
        assert isinstance(task, Work), task.name
        assert task.acks_late
        assert task.time_limit, task.name
