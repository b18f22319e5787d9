"""The verdict on the pages and in the API: one answer on top, of this moment, and what was known of a past one."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from tests.dashboard.conftest import FINE, NO_CREDIT, OVERLOADED, Tell
from triage.models import Incident, Issue, Project

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def outage(tell: Tell) -> None:
    """Two services of Alice's whose requests were fine half an hour ago, and are nearly all answered 529 now."""
    services = ("checkout", "helpdesk")
    for ago in range(20, 60, 4):
        fine = [{**FINE, "id": f"f{ago}{each}{n}", "service": each} for each in services for n in range(3)]
        tell(*fine, ago=ago * MINUTE)
    tell(*[{**OVERLOADED, "id": f"o{each}{n}", "service": each} for each in services for n in range(8)])


def headline(client: Client, address: str = "/") -> str:
    found = re.search(r'<h1 id="answer">(.*?)</h1>', client.get(address).content.decode(), re.DOTALL)
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", "", found[1]).split())


@pytest.fixture
def incident(project: Project, outage: None) -> Incident:
    """What the watcher would have made of the outage."""
    now = timezone.now()
    at = {"first_sign_at": now - MINUTE, "opened_at": now, "changed_at": now, "last_seen_at": now}
    told = {"subject": "provider", "side": "them", "kind": "failing", "cause": "overloaded"}
    lists = {"families": ["server"], "causes": ["overloaded"]}
    return Incident.objects.create(project=project, sentence="Them: 529 everywhere.", **told, **at, **lists)


@pytest.mark.parametrize("who", ["as_alice", "as_bob"])
def test_the_overview_answers_with_the_verdict_and_the_numbers_stand_below(
    who: str, outage: None, request: pytest.FixtureRequest
) -> None:
    client = request.getfixturevalue(who)
    assert re.match(r"Them: 529 The API is overloaded .* in 2 of 2 services since \d\d:\d\d UTC\.", headline(client))
    page = client.get("/").content.decode()
    assert "16 of 76 requests" in page
    assert "2 services share it" in page


def test_of_many_projects_those_are_told_of_in_which_something_goes_on(
    incident: Incident, alice: User, tell: Tell, as_alice: Client
) -> None:
    for number in range(6):
        other = Project.objects.create(slug=f"p{number}", name=f"P{number}")
        other.memberships.create(user=alice)
        tell(FINE, into=other)
    assert headline(as_alice).startswith("Them: 529")
    incident.delete()
    cache.clear()
    assert not headline(as_alice).startswith("Them"), "until the watch has looked"


def test_a_stranger_gets_no_verdict_on_it(outage: None, project: Project, as_charlie: Client) -> None:
    assert headline(as_charlie) == "Nothing has reported yet."
    assert as_charlie.get("/api/v1/verdict").json() == {"verdicts": []}
    assert as_charlie.get(f"/api/v1/verdict?project={project.slug}").status_code == 404


def test_a_part_or_another_time_is_answered_in_numbers(outage: None, as_alice: Client) -> None:
    assert headline(as_alice, "/?service=checkout").startswith("21.1 % of requests fail")
    start = (timezone.now() - 50 * MINUTE).strftime("%Y-%m-%dT%H:%MZ")
    end = (timezone.now() - 30 * MINUTE).strftime("%Y-%m-%dT%H:%MZ")
    assert headline(as_alice, f"/?from={start}&to={end}").startswith("No errors")


def test_the_overview_leads_to_the_incident(incident: Incident, as_bob: Client) -> None:
    assert (
        f'<a href="/incidents/{incident.pk}/">Incident: 529 The API is overloaded</a>'
        in as_bob.get("/").content.decode()
    )


def test_a_request_and_its_issue_say_what_was_known_at_that_time(outage: None, as_bob: Client) -> None:
    issue = Issue.objects.get()
    for address in (f"/requests/{OVERLOADED['request_id']}/", f"/issues/{issue.pk}/"):
        page = as_bob.get(address).content.decode()
        assert "Us or them, at that time" in page, address
        assert "Them: 529 The API is overloaded" in page, address


def test_where_an_incident_went_on_that_is_what_was_known(incident: Incident, as_bob: Client) -> None:
    page = as_bob.get(f"/requests/{OVERLOADED['request_id']}/").content.decode()
    assert "Them: 529 everywhere." in page
    assert f'href="/incidents/{incident.pk}/"' in page


def test_what_went_wrong_beside_a_failure_is_not_said_to_be_its_reason(
    incident: Incident, tell: Tell, as_bob: Client
) -> None:
    tell(NO_CREDIT)
    apart = "this failure is no part of it"
    assert apart in as_bob.get(f"/requests/{NO_CREDIT['request_id']}/").content.decode()
    assert apart not in as_bob.get(f"/requests/{OVERLOADED['request_id']}/").content.decode()
    incident.delete()
    assert apart in as_bob.get(f"/requests/{NO_CREDIT['request_id']}/").content.decode(), "by the verdict alone as well"


def test_of_a_time_whose_minutes_are_gone_nothing_is_claimed(tell: Tell, as_bob: Client) -> None:
    tell(OVERLOADED, ago=dt.timedelta(days=15))
    page = as_bob.get(f"/requests/{OVERLOADED['request_id']}/").content.decode()
    assert "Us or them" not in page


def test_the_api_tells_the_same(incident: Incident, project: Project, as_alice: Client, key: str) -> None:
    (told,) = as_alice.get(f"/api/v1/verdict?project={project.slug}").json()["verdicts"]
    assert (told["project"], told["side"], told["kind"], told["cause"]) == (
        project.slug,
        "them",
        "failing",
        "overloaded",
    )
    assert told["sentence"].startswith("Them: 529")
    assert "counted" in [each["slug"] for each in told["reasons"]]
    assert [each["id"] for each in told["incidents"]] == [incident.pk]
    by_key = Client().get("/api/v1/verdict", headers={"Authorization": f"Bearer {key}"}).json()
    assert [each["project"] for each in by_key["verdicts"]] == [project.slug]
    assert Client().get("/api/v1/verdict").status_code == 401
