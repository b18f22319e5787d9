"""The filters of the list of requests: read from the address, checked, written back into links, chips and selects."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext, gettext_lazy

from dashboard.choice import DIMENSIONS, NOT_TOLD, shown
from dashboard.lookup import Sought
from dashboard.views.common import covered_projects, window_of
from triage.models import SLOW_SECONDS, Project
from triage.rates import NAMED_WINDOWS, Window

OUTCOMES: dict[str, Any] = {
    "failed": gettext_lazy("Failed"),
    "rescued": gettext_lazy("Rescued"),
    "succeeded": gettext_lazy("Succeeded"),
    "all": gettext_lazy("All"),
}
LABELS: dict[str, Any] = DIMENSIONS | {
    "status": gettext_lazy("Status"),
    "environment": gettext_lazy("Environment"),
    "client": gettext_lazy("Client"),
    "slow": gettext_lazy("Duration"),
    "streamed": gettext_lazy("Streamed"),
    "long": gettext_lazy("Long context"),
    "user": gettext_lazy("User"),
}
"""What the list can be narrowed by, as the address names it, in the order in which it is offered."""

_YES_OR_NO: dict[str, bool | None] = {"yes": True, "no": False, NOT_TOLD: None}
_LONGEST = 80
_WINDOW = ("window", "from", "to")
_VOLATILE = ("before", "after")


@dataclass(frozen=True)
class Chip:
    """One filter that is on, and the address without it."""

    label: Any
    value: str
    without: str


@dataclass(frozen=True)
class Sieve:
    """What the address asks for. ``complaints`` name what in it can't be read; that part is left out."""

    projects: list[Project]
    outcome: str
    values: dict[str, str]
    window: Window | None
    query: QueryDict
    complaints: list[str] = field(default_factory=list)

    @property
    def narrowed(self) -> bool:
        """Tell whether anything beside the projects narrows the list."""
        return bool(self.values or self.window or self.outcome != "failed")

    def sought(self, outcome: str) -> Sought:
        """Return what to look for, with one outcome (or ``all``) in place of the chosen one."""
        facets = Q() if outcome == "all" else Q(outcome=outcome)
        for name, value in self.values.items():
            if name != "user":
                facets &= _condition(name, value)
        ends = (self.window.start, self.window.end) if self.window else (None, None)
        return Sought(self.projects, facets, self.values.get("user"), *ends)

    def link(self, **changes: str | None) -> str:
        """Return the query with ``changes``, from the first page on; ``None`` removes a name."""
        query = self.query.copy()
        for name in _VOLATILE:
            query.pop(name, None)
        for name, value in changes.items():
            if value is None:
                query.pop(name, None)
            else:
                query[name] = value
        return "?" + query.urlencode()

    @property
    def windows(self) -> list[tuple[str, str, bool, str]]:
        """The windows to choose: name, label, whether it is the shown one, address. The first is all that is kept."""
        chosen = self.window.name if self.window else ""
        named = [
            (name, name, name == chosen, self.link(**{**dict.fromkeys(_WINDOW), "window": name}))
            for name in NAMED_WINDOWS
        ]
        return [("", gettext("Any time"), self.window is None, self.link_without_window), *named]

    @property
    def link_without_window(self) -> str:
        """The address that shows all times."""
        return self.link(**dict.fromkeys(_WINDOW))

    @cached_property
    def chips(self) -> list[Chip]:
        """The filters that are on, in the order of ``LABELS``."""
        return [
            Chip(LABELS[name], label_of(name, value), self.link(**{name: None})) for name, value in self.values.items()
        ]

    def kept(self) -> list[tuple[str, str]]:
        """What a form of selects has to carry on as hidden fields."""
        carried = ("project", "outcome", *_WINDOW)
        return [(name, value) for name in carried if (value := self.query.get(name))]


def sieve_of(request: HttpRequest) -> Sieve:
    """Read the filters from the address.

    Raises:
        Http404: the address names a project that the reader may not see.
    """
    get = request.GET
    complaints: list[str] = []
    outcome = get.get("outcome") or "failed"
    if outcome not in OUTCOMES:
        known = ", ".join(OUTCOMES)
        told = {"name": outcome[:20], "known": known}
        complaints.append(gettext("“%(name)s” is no outcome; choose one of %(known)s.") % told)
        outcome = "failed"
    window, complaint = window_of(request) if any(get.get(name) for name in _WINDOW) else (None, "")
    if complaint:
        window = None
        complaints.append(complaint)
    values: dict[str, str] = {}
    for name in LABELS:
        value = get.get(name, "").strip()
        problem = _problem(name, value) if value else ""
        if problem:
            complaints.append(problem)
        elif value:
            values[name] = value
    return Sieve(covered_projects(request), outcome, values, window, get, complaints)


def label_of(name: str, value: str) -> str:
    """Return a filter's value as a person reads it."""
    if name == "slow":
        return gettext("%(n)s s or more") % {"n": value}
    if name in ("streamed", "long") and value in ("yes", "no"):
        return gettext("yes") if value == "yes" else gettext("no")
    if name == "status" and value == NOT_TOLD:
        return gettext("no HTTP answer")
    return shown(name, value)


def _problem(name: str, value: str) -> str:
    """Return what is wrong with a filter's value, for the person who reads or wrote the address; empty if nothing."""
    told = {"value": value[:20]}
    if len(value) > _LONGEST:
        return gettext("The filter %(name)s holds more than %(most)d characters.") % {"name": name, "most": _LONGEST}
    if name == "status" and value != NOT_TOLD:
        is_status = value.isascii() and value.isdecimal() and len(value) == 3 and 100 <= int(value) <= 599
        return "" if is_status else gettext("“%(value)s” is no HTTP status; they are 100 to 599.") % told
    if name == "slow" and value not in map(str, SLOW_SECONDS):
        steps = ", ".join(map(str, SLOW_SECONDS))
        return gettext("slow=%(value)s: requests can be told apart at %(steps)s seconds.") % (told | {"steps": steps})
    if (name == "streamed" and value not in _YES_OR_NO) or (name == "long" and value not in ("yes", "no")):
        return gettext("%(name)s=%(value)s: it can be yes or no.") % (told | {"name": name})
    return ""


def _condition(name: str, value: str) -> Q:
    """Return one filter as a condition on facet sets."""
    match name:
        case "status" if value == NOT_TOLD:
            return Q(http_status__isnull=True) & ~Q(outcome="succeeded")
        case "status":
            return Q(http_status=int(value))
        case "slow":
            return Q(took_seconds__gte=int(value))
        case "streamed":
            return Q(streamed=_YES_OR_NO[value])
        case "long":
            return Q(long_context=_YES_OR_NO[value])
    return Q(**{name: "" if value == NOT_TOLD else value})
