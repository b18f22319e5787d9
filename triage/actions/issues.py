"""What can be done with an issue. Every change of state or owner, and every note, is one ``IssueEvent``.

A change is a conditional UPDATE: of two people (or a person and the digest) who do the same at once, one changes the
row and writes the event, and the other is told that there was nothing left to do.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from triage.models import Issue, IssueEvent

if TYPE_CHECKING:
    from django.contrib.auth.models import User

State = Issue.State
Kind = IssueEvent.Kind

_LONGEST_NOTE = 10_000


def resolve(issue: Issue, by: User) -> bool:
    """Mark ``issue`` resolved; a failure that ends later brings it back. Return whether that changed anything."""
    return _move(issue, (State.OPEN, State.REGRESSED, State.IGNORED), State.RESOLVED, Kind.RESOLVED, by=by)


def reopen(issue: Issue, by: User) -> bool:
    """Take ``issue`` back from resolved or ignored. Return whether that changed anything."""
    return _move(issue, (State.RESOLVED, State.IGNORED), State.OPEN, Kind.REOPENED, by=by)


def ignore(issue: Issue, by: User, until: dt.datetime | None = None) -> bool:
    """Silence ``issue``, for good or until a failure ends after ``until``. Return whether that changed anything."""
    text = until.astimezone(dt.UTC).isoformat(timespec="minutes") if until else ""
    states = (State.OPEN, State.REGRESSED, State.RESOLVED)
    return _move(issue, states, State.IGNORED, Kind.IGNORED, by=by, text=text, ignored_until=until)


def regress(issue: Issue, at: dt.datetime) -> bool:
    """Bring a resolved ``issue`` back since it failed again at ``at``. Return whether that changed anything.

    A failure from before the resolution, reported late, is nothing new.
    """
    resolved = issue.events.filter(kind=Kind.RESOLVED).order_by("-at").first()
    if resolved is not None and at <= resolved.at:
        return False
    return _move(issue, (State.RESOLVED,), State.REGRESSED, Kind.REGRESSED)


def wake(issue: Issue, at: dt.datetime) -> bool:
    """Reopen an ``issue`` that was ignored until a time which a failure at ``at`` is past. Return whether it was."""
    if issue.ignored_until is None or at < issue.ignored_until:
        return False
    return _move(issue, (State.IGNORED,), State.OPEN, Kind.REOPENED)


def assign(issue: Issue, by: User, to: User | None) -> bool:
    """Give ``issue`` to ``to``, or to nobody. Return whether that changed anything.

    Raises:
        ValueError: ``to`` may not see the issue's project.
    """
    if to is not None and not (to.is_superuser or issue.project.memberships.filter(user=to).exists()):
        raise ValueError(f"{to} is no member of {issue.project}")
    with transaction.atomic():
        same = Q(assignee__isnull=True) if to is None else Q(assignee=to)
        changed = Issue.objects.filter(~same, pk=issue.pk).update(assignee=to)
        if changed:
            _write(issue, Kind.ASSIGNED, by=by, text=to.get_username() if to else "")
            issue.assignee = to
    return bool(changed)


def note(issue: Issue, by: User, text: str) -> IssueEvent:
    """Add a note to ``issue`` and return it.

    Raises:
        ValueError: the text is empty or longer than 10,000 characters.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST_NOTE:
        raise ValueError(f"a note has 1 to {_LONGEST_NOTE} characters")
    return _write(issue, Kind.NOTE, by=by, text=text)


def _move(
    issue: Issue,
    states: tuple[Issue.State, ...],
    to: Issue.State,
    kind: IssueEvent.Kind,
    *,
    by: User | None = None,
    text: str = "",
    ignored_until: dt.datetime | None = None,
) -> bool:
    values: dict[str, Any] = {"state": to, "ignored_until": ignored_until}
    with transaction.atomic():
        changed = Issue.objects.filter(pk=issue.pk, state__in=states).update(**values)
        if changed:
            _write(issue, kind, by=by, text=text)
            issue.state, issue.ignored_until = to, ignored_until
    return bool(changed)


def _write(issue: Issue, kind: IssueEvent.Kind, *, by: User | None, text: str = "") -> IssueEvent:
    return IssueEvent.objects.create(issue=issue, kind=kind, by=by, text=text, at=timezone.now())
