"""Facets: requests that are filtered alike share one combination, and each stored request has one."""

import datetime as dt

import pytest
from django.utils import timezone

from triage.models import FacetSet, Project, Request


def request_of(project: Project, key: str, **fields: object) -> Request:
    told = {"outcome": Request.Outcome.FAILED, "started_at": timezone.now(), "service": "checkout"} | fields
    return Request(project=project, key=key, **told)


def test_requests_that_are_filtered_alike_share_one_combination(project: Project) -> None:
    alike = [request_of(project, "a", user="ann"), request_of(project, "b", user="ben", duration_ms=9_999)]
    other = request_of(project, "c", http_status=529)
    FacetSet.objects.file([*alike, other])
    Request.objects.bulk_create([*alike, other])
    assert alike[0].facets == alike[1].facets
    assert FacetSet.objects.count() == 2
    assert other.facets.http_status == 529


def test_a_combination_that_is_stored_already_is_found_again(project: Project) -> None:
    request_of(project, "a").save()
    stored = Request.objects.get()
    again = request_of(project, "b", outcome="failed", started_at=stored.started_at - dt.timedelta(days=1))
    again.save()
    assert again.facets == stored.facets


def test_two_projects_never_share_a_combination(project: Project) -> None:
    other = Project.objects.create(slug="other", name="Other")
    requests = [request_of(project, "a"), request_of(other, "a")]
    FacetSet.objects.file(requests)
    assert {request.facets.project for request in requests} == {project, other}


@pytest.mark.parametrize(
    ("duration_ms", "step"), [(None, 0), (9_999, 0), (10_000, 10), (59_999, 30), (60_000, 60), (10**9, 300)]
)
def test_a_duration_counts_for_the_greatest_step_that_it_reaches(
    project: Project, duration_ms: int | None, step: int
) -> None:
    request = request_of(project, "a", duration_ms=duration_ms)
    request.save()
    assert request.facets.took_seconds == step
