"""What the pages' tests start from: traffic that came in as it would from a client, and browsers of the cast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tests.ingest.conftest import Client as Reporter
from triage.ingest.digest import digest_waiting
from triage.models import IngestKey, Project

Tell = Callable[..., None]

OVERLOADED = {
    "status": 529,
    "error": {"type": "overloaded_error", "message": "Overloaded"},
    "request_id": "req_011CaaaaaaaaaaaaaaaaOver",
}
NO_CREDIT = {
    "status": 400,
    "error": {
        "type": "invalid_request_error",
        "message": "Your credit balance is too low to access the Anthropic API. "
        "Please go to Plans & Billing to upgrade or purchase credits.",
    },
    "request_id": "req_011CaaaaaaaaaaaaaaCredit",
}
FINE = {"status": 200, "request_id": "req_011CaaaaaaaaaaaaaaaaFine"}


@pytest.fixture
def tell(transactional_db: None, key: str, valkey: redis.Redis) -> Tell:
    """Report tries into Alice's project (or ``into`` another), through the real receiver and the real digest.

    ``ago`` is how long before now they ended; each report is one call unless it says otherwise.
    """
    keys: dict[int, str] = {}

    def report(*tries: dict[str, Any], ago: dt.timedelta = dt.timedelta(0), into: Project | None = None) -> None:
        if into is not None and into.pk not in keys:
            keys[into.pk] = IngestKey.issue(into)[1]
        at = (timezone.now() - ago).isoformat()
        body = [{"at": at, "model": "claude-opus-4-8", "service": "ticket-answerer", **each} for each in tries]
        answer = Reporter(keys[into.pk] if into else key).post("/api/v1/attempts", body)
        assert answer.status == 202, answer.body
        digest_waiting()

    return report


@pytest.fixture
def others_project(charlie: User) -> Project:
    """A project of Charlie's, in which neither Alice nor Bob has any part."""
    project = Project.objects.create(slug="charlies-project", name="Charlie's Project")
    project.memberships.create(user=charlie, role="owner")
    return project


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def as_alice(alice: User) -> Client:
    """Alice's browser."""
    return _signed_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    """Bob's browser."""
    return _signed_in(bob)


@pytest.fixture
def as_charlie(charlie: User) -> Client:
    """Charlie's browser."""
    return _signed_in(charlie)


@pytest.fixture
def as_nobody(db: None) -> Client:
    """A browser in which nobody is signed in."""
    return Client()
