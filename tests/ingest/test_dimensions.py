"""Bounded dimensions: whatever clients make up, a day stores a bounded number of names, and counts stay exact."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from pytest_django import Settings

from tests.ingest.conftest import NOW, Client
from triage.ingest import inbox
from triage.ingest.digest import digest_waiting
from triage.models import DimensionValue, FacetSet, FoldedValues, HourCount, IngestKey, MinuteCount, Project, Source
from triage.models import Request as Call

ATTEMPTS = "/api/v1/attempts"
OTHER = "(other)"
Digest = Callable[[], int]


def failure(name: str, **fields: Any) -> dict[str, Any]:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    return {"id": name, "at": NOW.timestamp(), "status": 529, "error": error, **fields}


def attempts_by(dimension: str) -> dict[str, int]:
    """Return the attempts counted by the minute for each value; those by the hour have to be the same."""
    minutes, hours = (
        dict(table.objects.values_list(dimension).annotate(Sum("attempts"))) for table in (MinuteCount, HourCount)
    )
    assert minutes == hours
    return minutes


def folded() -> dict[str, int]:
    return dict(FoldedValues.objects.values_list("dimension").annotate(Sum("reports")))


def test_of_thousands_of_services_the_first_keep_their_names_and_all_count(client: Client, digest: Digest) -> None:
    for start in range(0, 5_000, 500):
        client.post(ATTEMPTS, [failure(str(n), service=f"user-{n:04}") for n in range(start, start + 500)])
    digest()
    first = {f"user-{n:04}": 1 for n in range(500)}
    assert attempts_by("service") == {**first, OTHER: 4_500}
    assert MinuteCount.objects.count() == HourCount.objects.count() == FacetSet.objects.count() == 501
    assert dict(Source.objects.values_list("service", "attempts")) == {**first, OTHER: 4_500}
    assert Call.objects.filter(service=OTHER).count() == 4_500
    assert folded() == {"service": 4_500}
    assert DimensionValue.objects.filter(dimension="service").count() == 500


@pytest.mark.parametrize("dimension", ["service", "team", "model", "environment", "client"])
def test_each_dimension_has_its_own_room(client: Client, digest: Digest, settings: Settings, dimension: str) -> None:
    settings.TRIAGE_MAX_VALUES_PER_DAY = 2
    usual = {"service": "chat", "team": "core", "model": "claude-opus-4-8", "environment": "live", "client": "own/1"}
    client.post(ATTEMPTS, [failure(str(n), **{**usual, dimension: f"made-up-{n}"}) for n in range(4)])
    digest()
    names = ["made-up-0", "made-up-1", OTHER, OTHER]
    assert list(Call.objects.order_by("key").values_list(dimension, flat=True)) == names
    assert FacetSet.objects.count() == 3
    assert folded() == {dimension: 2}
    for other in usual.keys() - {dimension}:
        assert set(Call.objects.values_list(other, flat=True)) == {usual[other]}


def test_a_known_name_stays_known_after_the_room_is_full(client: Client, digest: Digest, settings: Settings) -> None:
    settings.TRIAGE_MAX_VALUES_PER_DAY = 2
    for n, service in enumerate(["chat", "billing", "late", "chat", "late", "billing"]):
        client.post(ATTEMPTS, failure(str(n), service=service))
        digest()
    assert attempts_by("service") == {"chat": 2, "billing": 2, OTHER: 2}


def test_what_names_nothing_takes_no_room(client: Client, digest: Digest, settings: Settings) -> None:
    settings.TRIAGE_MAX_VALUES_PER_DAY = 1
    client.post(ATTEMPTS, [failure("a"), failure("b", service=OTHER), failure("c", service="chat")])
    digest()
    assert attempts_by("service") == {"": 1, OTHER: 1, "chat": 1}
    assert not FoldedValues.objects.exists()


def test_a_new_day_has_its_own_room(
    client: Client, digest: Digest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRIAGE_MAX_VALUES_PER_DAY = 1
    client.post(ATTEMPTS, [failure("a", service="first"), failure("b", service="second")])
    tomorrow = NOW + dt.timedelta(days=1)
    monkeypatch.setattr(inbox, "now", tomorrow.timestamp)
    client.post(ATTEMPTS, [failure("c", service="second"), failure("d", service="first")])
    digest()
    told = dict(Call.objects.values_list("key", "service"))
    assert sorted(told.values()) == [OTHER, OTHER, "first", "second"]
    assert set(FoldedValues.objects.values_list("day", "reports")) == {(NOW.date(), 1), (tomorrow.date(), 1)}


def test_projects_have_their_own_room(client: Client, digest: Digest, settings: Settings) -> None:
    settings.TRIAGE_MAX_VALUES_PER_DAY = 1
    client.post(ATTEMPTS, failure("a", service="ours"))
    client.key = IngestKey.issue(Project.objects.create(slug="other", name="Other"))[1]
    client.post(ATTEMPTS, failure("a", service="theirs"))
    digest()
    assert attempts_by("service") == {"ours": 1, "theirs": 1}


def test_counted_successes_are_folded_alike(client: Client, digest: Digest, settings: Settings) -> None:
    settings.TRIAGE_MAX_VALUES_PER_DAY = 1
    tallies = [{"id": str(n), "count": 10, "at": NOW.timestamp(), "service": f"user-{n}"} for n in range(4)]
    client.post(ATTEMPTS, [failure("f", service="user-0"), *tallies])
    client.post(ATTEMPTS, tallies)
    digest()
    assert attempts_by("service") == {"user-0": 11, OTHER: 30}
    assert dict(Source.objects.values_list("service", "attempts")) == {"user-0": 11, OTHER: 30}


def test_a_report_that_is_told_again_meets_the_same_names(client: Client, digest: Digest, settings: Settings) -> None:
    settings.TRIAGE_MAX_VALUES_PER_DAY = 1
    reports = [failure("a", service="first"), failure("b", service="second")]
    for again in (reports, reports[::-1]):
        client.post(ATTEMPTS, again)
        digest()
    assert attempts_by("service") == {"first": 1, OTHER: 1}


def test_two_workers_at_once_share_the_room(client: Client, valkey_server: str, settings: Settings) -> None:
    settings.TRIAGE_MAX_VALUES_PER_DAY = 20
    for n in range(60):
        client.post(ATTEMPTS, [failure(f"{n}-{m}", service=f"user-{n}-{m}") for m in range(3)])
    broken: list[Exception] = []

    def work() -> None:
        try:
            digest_waiting()
        except Exception as error:
            broken.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken
    told = attempts_by("service")
    assert len(told) == 21
    assert (sum(told.values()), told[OTHER]) == (180, 160)
    assert folded() == {"service": 160}
