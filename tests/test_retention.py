"""What is old goes, kind by kind, and what isn't stays."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from pytest_django import Settings

from triage import retention
from triage.models import (
    Attempt,
    DimensionValue,
    FacetSet,
    FoldedValues,
    HourCount,
    MinuteCount,
    Project,
    Request,
    Source,
    Telling,
)

NOW = timezone.now()
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def kept_for(settings: Settings) -> None:
    settings.TRIAGE_KEEP_BODIES_DAYS = 2
    settings.TRIAGE_KEEP_REQUESTS_DAYS = 4
    settings.TRIAGE_KEEP_MINUTES_DAYS = 3
    settings.TRIAGE_KEEP_HOURS_DAYS = 6


def failed(project: Project, key: str, days: float) -> Attempt:
    """Store a request that failed ``days`` ago, with its body and a second key."""
    at = NOW - days * DAY
    request = Request.objects.create(project=project, key=key, started_at=at, outcome="failed")
    Telling.objects.create(project=project, key=f"{key}:again", request=request)
    return Attempt.objects.create(request=request, project=project, at=at, failed=True, body="{}", message="Overloaded")


def ended(patience: float = 60) -> dict[str, int]:
    return retention.clean_up(NOW, patience=patience)


@pytest.mark.django_db
def test_a_body_goes_before_its_attempt_and_the_attempt_with_its_request(project: Project) -> None:
    fresh, stale, old = failed(project, "fresh", 1), failed(project, "stale", 3), failed(project, "old", 5)
    assert ended() == {"bodies": 2, "requests": 1, "minutes": 0, "hours": 0}
    assert dict(Attempt.objects.values_list("pk", "body")) == {fresh.pk: "{}", stale.pk: ""}
    assert Attempt.objects.get(pk=stale.pk).message == "Overloaded"
    assert not Request.objects.filter(pk=old.request_id).exists()
    assert Telling.objects.count() == 2
    assert ended() == {"bodies": 0, "requests": 0, "minutes": 0, "hours": 0}


@pytest.mark.django_db
def test_minutes_go_before_hours(project: Project) -> None:
    for days in (1, 5, 7):
        for table in (MinuteCount, HourCount):
            table.objects.create(project=project, start=NOW - days * DAY, attempts=1)
    assert ended() == {"bodies": 0, "requests": 0, "minutes": 2, "hours": 1}
    assert MinuteCount.objects.count() == 1
    assert HourCount.objects.count() == 2


@pytest.mark.django_db
def test_batches_follow_one_another_until_nothing_is_left(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_BATCH", 2)
    for n in range(5):
        failed(project, f"old-{n}", 5)
    assert ended()["requests"] == 5
    assert not Attempt.objects.exists()


@pytest.mark.django_db
def test_what_the_time_did_not_suffice_for_is_left_to_the_next_run(project: Project) -> None:
    failed(project, "old", 5)
    assert sum(ended(patience=0).values()) == 0
    assert ended()["requests"] == 1


@pytest.mark.django_db
def test_what_there_is_is_told_by_project(project: Project) -> None:
    other = Project.objects.create(slug="other", name="Other")
    failed(other, "theirs", 1)
    oldest = failed(project, "ours", 3)
    failed(project, "ours-too", 1)
    told = {each.kind.name: (each.rows, each.oldest) for each in retention.holdings(project)}
    assert told == {"bodies": (2, oldest.at), "requests": (2, oldest.at), "minutes": (0, None), "hours": (0, None)}


@pytest.mark.django_db
def test_what_only_old_requests_were_filtered_by_goes_with_them(project: Project) -> None:
    failed(project, "old", 5)
    Request.objects.create(project=project, key="fresh", started_at=NOW, outcome="failed", service="checkout")
    ended()
    assert [facets.service for facets in FacetSet.objects.all()] == ["checkout"]


@pytest.mark.django_db
def test_names_go_when_nothing_can_come_under_them(project: Project) -> None:
    for days in (5, 9):
        day = (NOW - days * DAY).date()
        DimensionValue.objects.create(project=project, day=day, dimension="service", value="chat")
        FoldedValues.objects.create(project=project, day=day, dimension="service", reports=1)
    for service, days in (("silent", 5), ("heard", 3)):
        at = NOW - days * DAY
        Source.objects.create(
            project=project, client="json", service=service, signal="attempts", first_seen_at=at, last_seen_at=at
        )
    ended()
    assert [each.day for each in DimensionValue.objects.all()] == [(NOW - 5 * DAY).date()]
    assert [each.day for each in FoldedValues.objects.all()] == [(NOW - 5 * DAY).date()]
    assert [each.service for each in Source.objects.all()] == ["heard"]
