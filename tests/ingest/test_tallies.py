"""Tallies: numbers that a client counted itself add up once per id, like any report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Sum

from tests.ingest.conftest import NOW, Client
from triage.models import Attempt, DropCount, HourCount, IngestKey, MinuteCount, Project, Request, Source

ATTEMPTS = "/api/v1/attempts"
Digest = Callable[[], int]


def successes(count: int, **fields: Any) -> dict[str, Any]:
    return {"count": count, "at": NOW.timestamp(), "service": "chat", "model": "claude-opus-4-8", **fields}


def totals() -> tuple[int, ...]:
    names = ("attempts", "failures", "requests", "failed_requests", "rescued_requests")
    minutes, hours = (
        tuple(table.objects.aggregate(n=Sum(name))["n"] or 0 for name in names) for table in (MinuteCount, HourCount)
    )
    assert minutes == hours
    return minutes


def test_counted_successes_are_requests_and_attempts_without_rows(client: Client, digest: Digest) -> None:
    client.post(ATTEMPTS, [successes(40, id="a", team="core"), successes(2, id="b", team="core")])
    digest()
    assert totals() == (42, 0, 42, 0, 0)
    assert not Request.objects.exists()
    assert not Attempt.objects.exists()
    minute = MinuteCount.objects.get()
    assert (minute.start, minute.model, minute.service, minute.team) == (NOW, "claude-opus-4-8", "chat", "core")
    assert (minute.cause, minute.category) == ("", "")
    source = Source.objects.get()
    assert (source.service, source.signal, source.attempts, source.failures) == ("chat", "attempts", 42, 0)


def test_they_stand_beside_failures_that_are_told_one_by_one(client: Client, digest: Digest) -> None:
    client.post(ATTEMPTS, [successes(9, id="a"), {"id": "f", "status": 529, "at": NOW.timestamp(), "service": "chat"}])
    digest()
    assert totals() == (10, 1, 10, 1, 0)
    assert Source.objects.get().attempts == 10


def test_a_tally_that_is_sent_again_counts_once(client: Client, digest: Digest) -> None:
    client.post(ATTEMPTS, [successes(5, id="a"), successes(5, id="a")])
    digest()
    client.post(ATTEMPTS, successes(5, id="a"))
    digest()
    assert totals()[0] == 5
    assert Source.objects.get().attempts == 5
    assert not DropCount.objects.exists()


def test_the_same_id_in_another_project_is_another_tally(client: Client, digest: Digest) -> None:
    client.post(ATTEMPTS, successes(5, id="a"))
    client.key = IngestKey.issue(Project.objects.create(slug="other", name="Other"))[1]
    client.post(ATTEMPTS, successes(5, id="a"))
    digest()
    assert totals()[0] == 10


def test_tallies_without_an_id_are_told_apart_by_their_delivery(client: Client, digest: Digest) -> None:
    client.post(ATTEMPTS, [successes(1), successes(1)])
    digest()
    assert totals()[0] == 2


def test_a_tally_stands_in_the_minute_that_it_names(client: Client, digest: Digest) -> None:
    earlier = NOW - dt.timedelta(minutes=7, seconds=20)
    client.post(ATTEMPTS, successes(3, id="a", at=earlier.isoformat()))
    digest()
    assert MinuteCount.objects.get().start == NOW - dt.timedelta(minutes=8)
    assert HourCount.objects.get().start == NOW - dt.timedelta(hours=1)


def test_what_a_client_had_to_drop_is_told_as_dropped_once(client: Client, digest: Digest) -> None:
    for _ in range(2):
        client.post(ATTEMPTS, {"id": "a", "dropped": 17, "reason": "queue full", "service": "chat"})
        digest()
    drop = DropCount.objects.get()
    assert (drop.reason, drop.count) == ("by the client: queue full", 17)
    assert totals()[0] == 0
    assert Source.objects.get().service == "chat"


@pytest.mark.parametrize("field", ["count", "dropped"])
@pytest.mark.parametrize("wrong", [0, -1, 1_000_001, 1.5, True, "7"])
def test_a_number_that_is_none_is_refused_by_name(client: Client, field: str, wrong: Any) -> None:
    answer = client.post(ATTEMPTS, {field: wrong})
    assert answer.status == 400
    assert answer.json["error"].startswith(f"reports[0].{field}: expected a whole number from 1 to 1,000,000, got")
