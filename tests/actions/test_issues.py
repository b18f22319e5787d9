"""What can be done with an issue, and the rows that tell of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from triage.actions import issues
from triage.models import Issue, IssueEvent, Project

State = Issue.State


@pytest.fixture
def issue(project: Project) -> Issue:
    return Issue.objects.create(
        project=project,
        cause="overloaded",
        category="server",
        fingerprint="1:overloaded:529:overloaded_error",
        first_seen_at=timezone.now(),
        last_seen_at=timezone.now(),
    )


def events(issue: Issue) -> list[tuple[str, str | None]]:
    return [(event.kind, event.by and event.by.username) for event in issue.events.order_by("id")]


@pytest.mark.parametrize(
    ("action", "allowed", "to", "kind"),
    [
        (issues.resolve, {State.OPEN, State.REGRESSED, State.IGNORED}, State.RESOLVED, "resolved"),
        (issues.reopen, {State.RESOLVED, State.IGNORED}, State.OPEN, "reopened"),
        (issues.ignore, {State.OPEN, State.REGRESSED, State.RESOLVED}, State.IGNORED, "ignored"),
    ],
)
@pytest.mark.parametrize("state", list(State))
def test_a_change_is_made_and_told_once_or_not_at_all(
    issue: Issue, alice: User, action: Callable[..., bool], allowed: set[State], to: State, kind: str, state: State
) -> None:
    Issue.objects.update(state=state)
    issue.refresh_from_db()
    stale = Issue.objects.get()
    assert action(issue, alice) is (state in allowed)
    assert action(stale, alice) is False  # who comes second, with what was true a moment ago, changes nothing
    issue.refresh_from_db()
    assert issue.state == (to if state in allowed else state)
    assert events(issue) == ([(kind, "alice")] if state in allowed else [])


def test_ignoring_until_a_time_keeps_it_and_tells_it(issue: Issue, alice: User) -> None:
    until = timezone.now() + dt.timedelta(hours=1)
    assert issues.ignore(issue, alice, until=until)
    issue.refresh_from_db()
    assert issue.ignored_until == until
    assert issue.events.get().text == until.isoformat(timespec="minutes")
    assert not issues.wake(issue, until - dt.timedelta(seconds=1))
    assert issues.wake(issue, until)
    issue.refresh_from_db()
    assert (issue.state, issue.ignored_until) == (State.OPEN, None)
    assert events(issue)[-1] == ("reopened", None)


def test_what_is_ignored_for_good_is_not_woken(issue: Issue, alice: User) -> None:
    issues.ignore(issue, alice)
    assert not issues.wake(issue, timezone.now() + dt.timedelta(days=999))


def test_only_a_failure_after_the_resolution_is_a_regression(issue: Issue, alice: User) -> None:
    before = timezone.now()
    issues.resolve(issue, alice)
    assert not issues.regress(issue, before)
    assert issues.regress(issue, timezone.now())
    assert not issues.regress(issue, timezone.now())
    issue.refresh_from_db()
    assert issue.state == State.REGRESSED
    assert events(issue) == [("resolved", "alice"), ("regressed", None)]


def test_an_issue_is_given_to_members_only(issue: Issue, alice: User, bob: User, charlie: User) -> None:
    assert issues.assign(issue, alice, bob)
    assert not issues.assign(issue, alice, bob)
    with pytest.raises(ValueError, match="charlie is no member"):
        issues.assign(issue, alice, charlie)
    issue.refresh_from_db()
    assert issue.assignee == bob
    assert issues.assign(issue, bob, None)
    assert not issues.assign(issue, bob, None)
    issue.refresh_from_db()
    assert issue.assignee is None
    assert [(event.kind, event.text) for event in issue.events.order_by("id")] == [
        ("assigned", "bob"),
        ("assigned", ""),
    ]


def test_a_note_is_kept_with_its_author(issue: Issue, bob: User) -> None:
    issues.note(issue, bob, "  seen at noon \n")
    [note] = issue.events.all()
    assert (note.kind, note.text, note.by) == (IssueEvent.Kind.NOTE, "seen at noon", bob)


@pytest.mark.parametrize("text", ["", " \n", "x" * 10_001])
def test_an_empty_or_endless_note_is_refused(issue: Issue, bob: User, text: str) -> None:
    with pytest.raises(ValueError, match="a note has 1 to 10000 characters"):
        issues.note(issue, bob, text)
    assert not issue.events.exists()
