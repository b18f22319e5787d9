"""Minutes of a project as the digest would have counted them, written at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from triage.models import MinuteCount, Project, Request, Source

Count = Callable[..., None]
SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)
NOON = dt.datetime(2026, 11, 21, 12, 0, 30, tzinfo=dt.UTC)


@pytest.fixture
def others_project(charlie: User) -> Project:
    """A project of Charlie's, in which neither Alice nor Bob has any part."""
    other = Project.objects.create(slug="charlies-project", name="Charlie's Project")
    other.memberships.create(user=charlie, role="owner")
    return other


@pytest.fixture
def count(project: Project) -> Count:
    """Count requests of one service in each minute from one time until another, ``hit`` of them by ``cause``."""

    def write(
        start: dt.datetime,
        end: dt.datetime,
        *,
        requests: int = 20,
        hit: int = 0,
        category: str = "server",
        cause: str = "overloaded",
        service: str = "checkout",
        into: Project | None = None,
    ) -> None:
        at = start.replace(second=0, microsecond=0)
        rows = []
        dimensions = {"project": into or project, "model": "claude-opus-4-8", "service": service}
        while at <= end:
            fine = requests - hit
            rows.append(MinuteCount(**dimensions, start=at, attempts=fine, requests=fine))
            if hit:
                told = {"category": category, "cause": cause, "attempts": hit, "failures": hit}
                rows.append(MinuteCount(**dimensions, start=at, requests=hit, failed_requests=hit, **told))
            at += MINUTE
        MinuteCount.objects.bulk_create(rows)
        for row in rows:
            told = {"key": f"{service} {row.start}", "started_at": row.start + 30 * SECOND, "duration_ms": 0}
            if not row.cause:
                Request.objects.create(**dimensions, **told, outcome=Request.Outcome.SUCCEEDED)
        heard = {"first_seen_at": start, "last_seen_at": end, "client": "json", "signal": "attempts"}
        Source.objects.update_or_create(project=into or project, service=service, defaults=heard)

    return write
