"""What a person can do with issues from a page: the form's words turned into actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext

from triage.actions import issues as actions
from triage.models import Issue, Project

MUTES: dict[str, Any] = {
    "1h": gettext_lazy("for an hour"),
    "24h": gettext_lazy("for a day"),
    "7d": gettext_lazy("for a week"),
    "forever": gettext_lazy("until I reopen it"),
}
"""How long an issue can be ignored."""

_LENGTHS = {"1h": dt.timedelta(hours=1), "24h": dt.timedelta(hours=24), "7d": dt.timedelta(days=7), "forever": None}


class WorkError(ValueError):
    """What was asked can't be done; the message says why, for the person who asked."""


def people_of(projects: Iterable[Project]) -> QuerySet[User]:
    """Return the people who may see any of ``projects``, the server's owners included, by name."""
    may = Q(memberships__project__in=list(projects)) | Q(is_superuser=True)
    return User.objects.filter(may, is_active=True).distinct().order_by("first_name", "username")


def work_on(chosen: list[Issue], by: User, data: QueryDict) -> str:
    """Do what the form ``data`` asks with each of the ``chosen`` issues; return the sentence that tells it.

    ``action`` names it, with its object after a colon (``ignore:24h``, ``assign:alice``): one button, one value, so
    that a form needs no script.

    Raises:
        WorkError: the action, the length or the person isn't one that exists for these issues, or the note is empty.
    """
    action, _colon, object_ = data.get("action", "").partition(":")
    if action == "resolve":
        done = sum(actions.resolve(issue, by) for issue in chosen)
        return _told(done, ngettext("Resolved one issue.", "Resolved %(n)s issues.", done))
    if action == "reopen":
        done = sum(actions.reopen(issue, by) for issue in chosen)
        return _told(done, ngettext("Reopened one issue.", "Reopened %(n)s issues.", done))
    if action == "ignore":
        return _ignore(chosen, by, object_)
    if action == "assign":
        return _assign(chosen, by, object_)
    if action == "note":
        return _note(chosen, by, data.get("text", ""))
    raise WorkError(gettext("There is no such action."))


def _ignore(chosen: list[Issue], by: User, name: str) -> str:
    if name not in _LENGTHS:
        raise WorkError(gettext("Choose for how long to ignore."))
    length = _LENGTHS[name]
    until = timezone.now() + length if length else None
    done = sum(actions.ignore(issue, by, until) for issue in chosen)
    return _told(done, ngettext("Ignored one issue.", "Ignored %(n)s issues.", done))


def _assign(chosen: list[Issue], by: User, username: str) -> str:
    person = None
    if username:
        person = people_of([issue.project for issue in chosen]).filter(username=username).first()
        if person is None:
            raise WorkError(gettext("Nobody of that name may see this project."))
    try:
        done = sum(actions.assign(issue, by, person) for issue in chosen)
    except ValueError as error:
        raise WorkError(gettext("That person may not see all of these projects.")) from error
    return _told(done, ngettext("Assigned one issue.", "Assigned %(n)s issues.", done))


def _note(chosen: list[Issue], by: User, text: str) -> str:
    try:
        for issue in chosen:
            actions.note(issue, by, text)
    except ValueError as error:
        raise WorkError(gettext("A note needs at least one and at most 10 000 characters.")) from error
    return gettext("Noted.")


def _told(done: int, words: str) -> str:
    return words % {"n": done} if done else gettext("Nothing to change: it was so already.")
