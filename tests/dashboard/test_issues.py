"""Issues: listed with counts that respect the filters, worked on alone or in bulk, and only by the team."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.dashboard.conftest import FINE, NO_CREDIT, OVERLOADED, Tell
from triage.models import Issue, IssueEvent, Project

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def overload(tell: Tell, project: Project) -> Issue:
    """An open issue of Alice's project."""
    tell(OVERLOADED)
    return Issue.objects.get(project=project)


def counts(response: Any) -> dict[str, int]:
    return {name: count for name, _label, count, _href in response.context["states"]}


def test_the_list_names_causes_and_counts_by_state(tell: Tell, as_alice: Client) -> None:
    tell(OVERLOADED, NO_CREDIT, FINE)
    response = as_alice.get("/issues/")
    page = response.content.decode()
    assert "The API is overloaded" in page
    assert counts(response) == {"open": 2, "resolved": 0, "ignored": 0, "all": 2}


def test_the_counts_respect_the_filters(tell: Tell, as_bob: Client) -> None:
    tell(OVERLOADED, NO_CREDIT)
    assert counts(as_bob.get("/issues/?category=billing"))["open"] == 1
    assert counts(as_bob.get("/issues/?q=credit balance"))["open"] == 1
    assert counts(as_bob.get("/issues/?q=overloaded"))["open"] == 1
    assert counts(as_bob.get("/issues/?owner=bob"))["open"] == 0
    assert counts(as_bob.get("/issues/?owner=-"))["open"] == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("state=closed", "choose one of open"),
        ("sort=name", "one of seen"),
        ("category=bad", "“bad” is no category of errors; choose one of"),
    ],
)
def test_a_state_an_order_or_a_category_that_does_not_exist_is_named(
    asked: str, told: str, project: Project, as_bob: Client
) -> None:
    page = as_bob.get(f"/issues/?{asked}").content.decode()
    assert f"“{asked.split('=')[1]}” is no" in page
    assert told in page
    assert "is no" not in as_bob.get("/issues/?state=all&sort=new&category=-").content.decode()


def test_a_category_that_does_not_exist_narrows_nothing(overload: Issue, as_bob: Client) -> None:
    assert counts(as_bob.get("/issues/?category=bad"))["open"] == counts(as_bob.get("/issues/"))["open"] == 1


def test_resolving_from_the_list_writes_the_turning_point_and_says_so(
    overload: Issue, as_alice: Client, alice: User
) -> None:
    response = as_alice.post("/issues/", {"action": "resolve", "issue": overload.pk}, follow=True)
    assert "Resolved one issue." in response.content.decode()
    overload.refresh_from_db()
    assert overload.state == Issue.State.RESOLVED
    assert overload.events.get(kind=IssueEvent.Kind.RESOLVED).by == alice


def test_htmx_gets_the_list_anew_with_the_sentence_beside_it(overload: Issue, as_alice: Client) -> None:
    response = as_alice.post("/issues/?state=all", {"action": "resolve", "issue": overload.pk}, headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 200
    assert page.lstrip().startswith('<section class="panel" id="issues"')
    assert "<hx-partial" in page
    assert "Resolved one issue." in page


def test_several_issues_are_done_with_at_once(tell: Tell, as_alice: Client) -> None:
    tell(OVERLOADED, NO_CREDIT)
    chosen = list(Issue.objects.values_list("pk", flat=True))
    as_alice.post("/issues/", {"action": "ignore:24h", "issue": chosen})
    assert set(Issue.objects.values_list("state", flat=True)) == {Issue.State.IGNORED}
    assert all(issue.ignored_until for issue in Issue.objects.all())


def test_doing_it_twice_says_that_it_was_so_already(overload: Issue, as_alice: Client) -> None:
    as_alice.post(f"/issues/{overload.pk}/", {"action": "resolve"})
    response = as_alice.post(f"/issues/{overload.pk}/", {"action": "resolve"}, follow=True)
    assert "it was so already" in response.content.decode()
    assert overload.events.filter(kind=IssueEvent.Kind.RESOLVED).count() == 1


def test_a_teammate_assigns_reopens_and_notes(overload: Issue, as_bob: Client, alice: User) -> None:
    as_bob.post(f"/issues/{overload.pk}/", {"action": "assign:alice"})
    as_bob.post(f"/issues/{overload.pk}/", {"action": "resolve"})
    as_bob.post(f"/issues/{overload.pk}/", {"action": "reopen"})
    response = as_bob.post(f"/issues/{overload.pk}/", {"action": "note", "text": "<b>seen</b>"}, follow=True)
    overload.refresh_from_db()
    assert overload.assignee == alice
    assert overload.state == Issue.State.OPEN
    assert "&lt;b&gt;seen&lt;/b&gt;" in response.content.decode()


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("ignore:later", "Choose for how long"),
        ("assign:charlie", "Nobody of that name"),
        ("assign:mallory", "Nobody of that name"),
        ("note", "A note needs"),
        ("explode", "There is no such action"),
        ("", "There is no such action"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    action: str, words: str, overload: Issue, as_alice: Client, charlie: User
) -> None:
    response = as_alice.post(f"/issues/{overload.pk}/", {"action": action, "text": " "}, follow=True)
    assert words in response.content.decode()
    assert not overload.events.exclude(kind=IssueEvent.Kind.OPENED).exists()


def test_nothing_chosen_is_said_to_be_nothing(overload: Issue, as_alice: Client) -> None:
    response = as_alice.post("/issues/", {"action": "resolve", "issue": ["x", ""]}, follow=True)
    assert "Choose at least one issue first." in response.content.decode()


def test_a_stranger_neither_sees_nor_touches_an_issue(overload: Issue, as_charlie: Client, as_nobody: Client) -> None:
    assert as_charlie.get(f"/issues/{overload.pk}/").status_code == 404
    assert as_charlie.post(f"/issues/{overload.pk}/", {"action": "resolve"}).status_code == 404
    as_charlie.post("/issues/", {"action": "resolve", "issue": overload.pk})
    assert "overloaded" not in as_charlie.get("/issues/?state=all").content.decode().lower()
    for address in ("/issues/", f"/issues/{overload.pk}/"):
        assert as_nobody.get(address).status_code == 302
        assert as_nobody.post(address, {"action": "resolve", "issue": overload.pk}).status_code == 302
    overload.refresh_from_db()
    assert overload.state == Issue.State.OPEN


def test_one_issue_tells_what_it_is_and_what_to_do(overload: Issue, as_bob: Client) -> None:
    page = as_bob.get(f"/issues/{overload.pk}/").content.decode()
    assert "verdict--retry" in page
    assert re.search(r'<ol class="steps">\s*<li>', page)
    assert "First seen" in page
    assert OVERLOADED["request_id"][:20] in page


def test_an_issue_that_fails_again_after_it_was_resolved_says_that_it_came_back(
    tell: Tell, overload: Issue, as_alice: Client
) -> None:
    as_alice.post("/issues/", {"action": "resolve", "issue": overload.pk})
    tell({**OVERLOADED, "id": "again"})
    assert "Came back" in as_alice.get("/issues/").content.decode()


def test_the_list_asks_the_database_as_often_for_many_issues_as_for_one(
    tell: Tell, as_alice: Client, django_assert_max_num_queries: Any
) -> None:
    tell(*[{"status": status, "id": str(status), "error": {"type": "api_error"}} for status in range(500, 530)])
    with django_assert_max_num_queries(16):
        response = as_alice.get("/issues/")
    assert counts(response)["open"] == 30


@pytest.mark.parametrize("query", ["page=0", "page=x", "state=x", "sort=x", "q=" + "x" * 500])
def test_no_query_breaks_the_list(query: str, project: Project, as_alice: Client) -> None:
    assert as_alice.get(f"/issues/?{query}").status_code == 200


def test_an_issue_says_where_it_arose_and_leads_to_the_way_out(tell: Tell, as_bob: Client) -> None:
    tell(NO_CREDIT)
    page = as_bob.get(f"/issues/{Issue.objects.get().pk}/").content.decode()
    assert "Where it arose:</span> Your account" in page
    assert 'href="/reference/causes/credit_balance_too_low/#way-out"' in page
