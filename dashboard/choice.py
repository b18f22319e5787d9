"""What a reader has chosen to see: projects, window and filters, read from the address and written back into links."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext, gettext_lazy

from dashboard.templatetags.triage_ui import CATEGORIES, cause_title
from dashboard.views.common import covered_projects, window_of
from triage.models import Project
from triage.rates import DEFAULT_WINDOW, NAMED_WINDOWS, Filters, Window

DIMENSIONS: dict[str, Any] = {
    "category": gettext_lazy("Category"),
    "cause": gettext_lazy("Cause"),
    "model": gettext_lazy("Model"),
    "service": gettext_lazy("Service"),
    "team": gettext_lazy("Team"),
}
"""What a page can be narrowed by, as the address names it."""

NOT_TOLD = "-"
"""Stands in an address for "the report didn't say": an empty value there means no filter."""

_LONGEST_VALUE = 80
_VOLATILE = ("before", "page", "partial")


@dataclass(frozen=True)
class ActiveFilter:
    """One filter that is on, and the address without it."""

    name: str
    label: Any
    value: str
    without: str


@dataclass(frozen=True)
class Choice:
    """A page's choice. ``complaint`` says what is wrong with the asked window; then the default one is shown."""

    projects: list[Project]
    window: Window
    complaint: str
    values: dict[str, str]
    query: QueryDict

    @cached_property
    def filters(self) -> Filters:
        """The same choice as the rates want it."""
        told = {name: "" if value == NOT_TOLD else value for name, value in self.values.items()}
        return Filters(projects=[project.pk for project in self.projects], **told)

    @cached_property
    def active(self) -> list[ActiveFilter]:
        """The filters that are on, in the order of ``DIMENSIONS``."""
        return [
            ActiveFilter(name, DIMENSIONS[name], shown(name, value), self.link(**{name: None}))
            for name, value in self.values.items()
        ]

    @property
    def windows(self) -> list[tuple[str, bool, str]]:
        """The named windows: name, whether it is the shown one, address."""
        return [(name, name == self.window.name, self.link(window=name, start=None)) for name in NAMED_WINDOWS]

    def link(self, **changes: str | None) -> str:
        """Return the query of this page with ``changes``; ``None`` removes a name, ``start=None`` both ends."""
        query = self.query.copy()
        for name in _VOLATILE:
            query.pop(name, None)
        if "start" in changes:
            del changes["start"]
            query.pop("from", None)
            query.pop("to", None)
        for name, value in changes.items():
            if value is None or (name == "window" and value == DEFAULT_WINDOW):
                query.pop(name, None)
            else:
                query[name] = value
        return "?" + query.urlencode()

    @property
    def link_without_window(self) -> str:
        """The address without any window, for pages that then show all times."""
        return self.link(window=None, start=None)

    def narrowed_to(self, name: str, value: str) -> str:
        """Return the query that narrows the page to one value of a dimension, or takes that off again."""
        value = value or NOT_TOLD
        return self.link(**{name: None if self.values.get(name) == value else value})

    def onward(self, **changes: str | None) -> str:
        """Return the query for another page: the window, the project and the filters, with ``changes``."""
        return self.link(unit=None, state=None, sort=None, q=None, outcome=None, **changes)


def choice_of(request: HttpRequest) -> Choice:
    """Read the choice from the address.

    Raises:
        Http404: the address names a project that the reader may not see.
    """
    window, complaint = window_of(request)
    values = {name: value[:_LONGEST_VALUE] for name in DIMENSIONS if (value := request.GET.get(name, ""))}
    return Choice(covered_projects(request), window, complaint, values, request.GET)


def shown(dimension: str, value: str) -> str:
    """Return a dimension's value as a person reads it."""
    if dimension == "cause":
        return cause_title(value.removeprefix(NOT_TOLD))
    if dimension == "category":
        return str(CATEGORIES.get(value, value))
    return gettext("not told") if value in ("", NOT_TOLD) else value


def window_words(window: Window) -> tuple[str, str]:
    """Return how a sentence names the window, and the one before it."""
    return {
        "15m": (gettext("in the last 15 minutes"), gettext("the 15 minutes before")),
        "1h": (gettext("in the last hour"), gettext("the hour before")),
        "6h": (gettext("in the last 6 hours"), gettext("the 6 hours before")),
        "24h": (gettext("in the last 24 hours"), gettext("the 24 hours before")),
        "7d": (gettext("in the last 7 days"), gettext("the 7 days before")),
    }.get(window.name, (gettext("in the chosen window"), gettext("the window before it")))
