"""The health page tells this server's own state, and says what it doesn't check."""

import datetime as dt

from django.test import Client
from django.utils import timezone

from tests.dashboard.conftest import FINE, Tell
from triage.models import DropCount, Project, Source


def test_it_names_what_is_down_and_what_is_not_checked(tell: Tell, as_alice: Client) -> None:
    tell(FINE)
    page = as_alice.get("/health/").content.decode()
    assert "Not well: Worker, Watcher, Beat." in page
    assert "The API itself is not checked from here yet." in page


def test_it_tells_the_team_who_reports_and_who_fell_silent(tell: Tell, as_bob: Client) -> None:
    tell({**FINE, "client": "my-script/1"})
    assert "my-script/1" in as_bob.get("/health/").content.decode()
    assert "Silent" not in as_bob.get("/health/").content.decode()
    Source.objects.update(last_seen_at=timezone.now() - dt.timedelta(hours=2))
    assert "Silent" in as_bob.get("/health/").content.decode()


def test_what_was_accepted_and_not_stored_is_counted_with_its_reason(project: Project, as_alice: Client) -> None:
    DropCount.objects.create(
        project=project, day=timezone.now().date(), reason="span of no known client: acme", count=7
    )
    page = as_alice.get("/health/").content.decode()
    assert "span of no known client: acme" in page


def test_a_stranger_sees_neither_sources_nor_drops(
    tell: Tell, project: Project, as_charlie: Client, as_nobody: Client
) -> None:
    tell({**FINE, "client": "my-script/1"})
    DropCount.objects.create(project=project, day=timezone.now().date(), reason="a reason of Alice's", count=7)
    page = as_charlie.get("/health/").content.decode()
    assert "my-script" not in page
    assert "a reason of Alice" not in page
    assert as_charlie.get(f"/health/?project={project.slug}").status_code == 404
    assert as_nobody.get("/health/").status_code == 302
