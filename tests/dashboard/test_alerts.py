"""The alerts page promises nothing, and lists what there was to tell."""

from django.test import Client

from tests.dashboard.conftest import OVERLOADED, Tell
from triage.models import Issue, Project


def test_it_says_that_nobody_is_told_yet(project: Project, as_alice: Client) -> None:
    page = as_alice.get("/alerts/").content.decode()
    assert "Nobody is told anything yet" in page
    assert "Nothing new, nothing came back" in page


def test_the_team_sees_new_causes_and_such_that_came_back(tell: Tell, as_alice: Client, as_bob: Client) -> None:
    tell(OVERLOADED)
    issue = Issue.objects.get()
    as_alice.post(f"/issues/{issue.pk}/", {"action": "resolve"})
    tell({**OVERLOADED, "id": "again"})
    kinds = [event.kind for event in as_bob.get("/alerts/").context["events"]]
    assert kinds == ["regressed", "opened"]


def test_a_stranger_sees_none_of_it(tell: Tell, as_charlie: Client, as_nobody: Client) -> None:
    tell(OVERLOADED)
    assert as_charlie.get("/alerts/").context["events"] == []
    assert as_nobody.get("/alerts/").status_code == 302
