"""Incidents on the pages: who sees them, what the time line tells, notes, the export, the shading."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from django.test import Client
from django.utils import timezone

from tests.dashboard.conftest import Tell
from triage.models import Incident, IncidentEvent, Project

MINUTE = dt.timedelta(minutes=1)
SENTENCE = "Them: 529 Overloaded on claude-opus-4-8 in 4 of 4 services since 14:02 UTC."


@pytest.fixture
def incident(project: Project) -> Incident:
    """An outage of the provider's that began twenty minutes ago and goes on."""
    first = timezone.now() - 20 * MINUTE
    made = Incident.objects.create(
        project=project,
        subject="provider",
        side="them",
        kind="failing",
        cause="overloaded",
        sentence=SENTENCE,
        reasons=["4 services share it"],
        hit=40,
        requests=90,
        first_sign_at=first,
        opened_at=first + MINUTE,
        changed_at=first + MINUTE,
        last_seen_at=timezone.now(),
        provider_heard=True,
    )
    IncidentEvent.objects.create(incident=made, kind="first_sign", at=first)
    IncidentEvent.objects.create(incident=made, kind="opened", at=first + MINUTE, text=SENTENCE)
    return made


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("who", ["as_alice", "as_bob"])
def test_the_team_sees_its_incidents(who: str, incident: Incident, request: pytest.FixtureRequest) -> None:
    client = request.getfixturevalue(who)
    listed = page(client, "/incidents/")
    assert "One incident goes on." in listed
    assert "529 The API is overloaded" in listed
    assert "40 of 90" in listed
    shown = page(client, f"/incidents/{incident.pk}/")
    assert SENTENCE in shown
    assert "4 services share it" in shown
    assert "<strong>First sign</strong>" in shown


def test_an_incident_that_fades_is_said_to_before_it_is_over(incident: Incident, as_bob: Client) -> None:
    incident.last_seen_at = incident.first_sign_at + 12 * MINUTE
    incident.fine_since = timezone.now() - 2 * MINUTE
    incident.save()
    listed = page(as_bob, "/incidents/")
    assert "Well since" in listed
    assert "12 min" in listed


def test_a_stranger_sees_none_and_learns_nothing(incident: Incident, as_charlie: Client, as_nobody: Client) -> None:
    assert "No incident goes on." in page(as_charlie, "/incidents/")
    assert "overloaded" not in page(as_charlie, "/incidents/")
    for address in (f"/incidents/{incident.pk}/", f"/incidents/{incident.pk}/incident.md"):
        assert as_charlie.get(address).status_code == 404
        assert as_nobody.get(address)["Location"].startswith("/sign-in/")
    assert as_charlie.post(f"/incidents/{incident.pk}/", {"text": "I was here"}).status_code == 404
    assert not incident.events.filter(kind="note").exists()


def test_a_teammate_writes_a_note_and_a_key_in_it_is_masked(incident: Incident, as_bob: Client) -> None:
    key = "sk-ant-api03-" + "A" * 80
    response = as_bob.post(f"/incidents/{incident.pk}/", {"text": f"we rotated {key}"})
    assert response.status_code == 302
    note = incident.events.get(kind="note")
    assert note.by is not None
    assert note.by.username == "bob"
    assert key not in note.text
    assert "we rotated" in page(as_bob, f"/incidents/{incident.pk}/")


def test_a_new_note_is_shown_below_a_long_time_line_and_what_is_left_out_is_counted(
    incident: Incident, as_bob: Client
) -> None:
    IncidentEvent.objects.bulk_create(
        IncidentEvent(incident=incident, kind="check", at=incident.opened_at, text=f"look {number:03}")
        for number in range(300)
    )
    address = f"/incidents/{incident.pk}/"
    as_bob.post(address, {"text": "the newest of all"})
    shown = page(as_bob, address)
    assert shown.index("look 001") < shown.index("look 299") < shown.index("the newest of all")
    assert "look 000" not in shown
    assert "3 older events are left out here" in shown


def test_a_short_time_line_leaves_nothing_out(incident: Incident, as_bob: Client) -> None:
    assert "left out" not in page(as_bob, f"/incidents/{incident.pk}/")


@pytest.mark.parametrize("text", ["", "   ", "x" * 10_001])
def test_a_note_that_is_empty_or_too_long_is_refused_with_the_limit(
    text: str, incident: Incident, as_bob: Client
) -> None:
    shown = as_bob.post(f"/incidents/{incident.pk}/", {"text": text}, follow=True).content.decode()
    assert "A note has 1 to 10,000 characters." in shown
    assert not incident.events.filter(kind="note").exists()


def test_the_export_is_a_file_whose_text_cannot_turn_into_markup(incident: Incident, as_alice: Client) -> None:
    IncidentEvent.objects.create(incident=incident, kind="note", text="# not a heading\n[nor](http://a.link) <b>bold")
    response = as_alice.get(f"/incidents/{incident.pk}/incident.md")
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert f'filename="incident-{incident.pk}-alices-project.md"' in response["Content-Disposition"]
    lines = response.content.decode().splitlines()
    assert lines[0] == "# 529 The API is overloaded"
    assert any(line.endswith(r"\# not a heading \[nor\](http://a.link) \<b\>bold") for line in lines)
    assert "- Status page: admitted nothing so far" in lines


def test_an_incident_that_does_not_exist_is_not_found(project: Project, as_alice: Client) -> None:
    assert as_alice.get("/incidents/1/").status_code == 404
    assert "Nothing has gone wrong yet" in page(as_alice, "/incidents/")


def test_the_lag_of_the_status_page_is_summed_up_over_time(
    project: Project, incident: Incident, as_alice: Client
) -> None:
    for late in (5, 11, 30):
        incident.pk = None
        incident.provider_said_at = incident.first_sign_at + late * MINUTE
        incident.closed_at = timezone.now()
        incident.save()
    incident.pk = None
    incident.provider_said_at = None
    incident.save()
    told = "The provider&#x27;s status page came 11 min late in the middle, over 3 incidents; 1 was never admitted."
    assert told in page(as_alice, "/incidents/")
    assert told in page(as_alice, "/health/")


def test_the_overview_shades_the_incident_and_its_table_names_it(
    incident: Incident, project: Project, as_alice: Client, tell: Tell
) -> None:
    tell({"status": 200})
    shown = as_alice.get("/").content.decode()
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', shown, re.DOTALL)[1])
    (mark,) = data["marks"]
    assert mark["to"] - mark["from"] == pytest.approx(20, abs=1.1)
    assert f'href="/incidents/{incident.pk}/"' in shown
    assert "Incident: 529" in " ".join(shown.split())
