"""What every page's frame needs: where one can go, which projects one may see, which one is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from triage.models import Project

_GROUPS: tuple[tuple[Any, tuple[tuple[str, Any], ...]], ...] = (
    (
        _("Now"),
        (("overview", _("Overview")), ("issues", _("Issues")), ("requests", _("Requests")), ("limits", _("Limits"))),
    ),
    (
        _("Understand"),
        (
            ("diagnose", _("Diagnose")),
            ("check", _("Check a request")),
            ("walk", _("Walk")),
            ("reference", _("Reference")),
        ),
    ),
    (
        _("Watch"),
        (
            ("health", _("Health")),
            ("incidents", _("Incidents")),
            ("alerts", _("Alerts")),
            ("policy", _("Retry policy")),
        ),
    ),
    (_("Set up"), (("connect", _("Connect")), ("settings", _("Settings")))),
)
_OPEN_TO_STRANGERS = {"diagnose", "check", "walk", "reference"}
_KEEPS_CHOICE = {"overview", "incidents", "issues", "policy", "requests"}
_KEPT_BETWEEN = ("project", "window")
"""What a reader chose once and expects to find again on the next page."""


@dataclass(frozen=True)
class Place:
    """One entry of the navigation; ``current`` also for the pages below it."""

    name: str
    label: Any
    href: str
    current: bool


class Shell:
    """The frame of a page, computed only as far as the template asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def nav(self) -> list[tuple[Any, list[Place]]]:
        """The groups of the navigation, with what this reader may open."""
        groups = [(title, list(self._places(entries))) for title, entries in _GROUPS]
        return [(title, places) for title, places in groups if places]

    def _places(self, entries: tuple[tuple[str, Any], ...]) -> Iterator[Place]:
        match = self._request.resolver_match
        here = (match.url_name or "") if match else ""
        signed_in = self._request.user.is_authenticated
        kept = self._request.GET.copy()
        for name in list(kept):
            if name not in _KEPT_BETWEEN:
                del kept[name]
        query = f"?{kept.urlencode()}" if kept else ""
        for name, label in entries:
            if not signed_in and not (name in _OPEN_TO_STRANGERS and settings.OPEN_REFERENCE):
                continue
            singular = name.removesuffix("s")
            current = here in (name, singular) or here.startswith((f"{name}_", f"{singular}_"))
            yield Place(name, label, reverse(name) + (query if name in _KEEPS_CHOICE else ""), current)

    @cached_property
    def projects(self) -> list[Project]:
        """The projects that the reader may see, by slug."""
        return list(Project.objects.visible_to(self._request.user))

    @cached_property
    def project(self) -> Project | None:
        """The project that the address narrows the page to, if any."""
        slug = self._request.GET.get("project")
        return next((project for project in self.projects if project.slug == slug), None)

    @cached_property
    def demo(self) -> Project | None:
        """The demo project, where the page shows nothing but that."""
        shown = self.project or (self.projects[0] if len(self.projects) == 1 else None)
        return shown if shown is not None and shown.is_demo else None


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Template context processor: the frame as ``shell``."""
    return {"shell": Shell(request)}
