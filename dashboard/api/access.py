"""Who may ask the API: a program with an ingest key, a person with a session, and for the knowledge anybody."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from ninja.security import HttpBearer, SessionAuth

from triage.models import IngestKey, Project, digest_of


class Caller:
    """Who asks, as far as it matters: the projects that may be seen."""

    def __init__(self, projects: list[Project]) -> None:
        self.projects = projects

    def narrowed(self, slug: str | None) -> list[Project]:
        """Return the projects to answer about: all, or the one called ``slug``.

        Raises:
            Http404: there is none of that name that the caller may see.
        """
        if slug is None:
            return self.projects
        chosen = [project for project in self.projects if project.slug == slug]
        if not chosen:
            raise Http404
        return chosen


class KeyAccess(HttpBearer):
    """``Authorization: Bearer tri_...``: an ingest key may read what its own project reported."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """Return the caller of a good key."""
        key = IngestKey.objects.filter(digest=digest_of(token), revoked_at=None).select_related("project").first()
        return Caller([key.project]) if key else None


class PersonAccess(SessionAuth):
    """The session cookie of a person who is signed in."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        """Return the caller of a session."""
        if not request.user.is_authenticated:
            return None
        return Caller(list(Project.objects.visible_to(request.user)))


def anybody(request: HttpRequest) -> Caller | None:
    """Let strangers ask about the knowledge, as long as the setting ``OPEN_REFERENCE`` says so."""
    return Caller([]) if settings.OPEN_REFERENCE else None


TEAM: Any = [KeyAccess(), PersonAccess()]
KNOWLEDGE: Any = [anybody, *TEAM]
