"""What the incidents' pages and the charts show of an incident."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from triage.incidents import Lag, between, duration, lag, span, title
from triage.models import Incident, IncidentEvent
from triage.rates import Window

_AROUND = dt.timedelta(minutes=15)
"""How much of the time before and after an incident its charts show."""
_MOST_MARKS = 20

TONES: dict[str, str] = {
    IncidentEvent.Kind.FIRST_SIGN: "warn",
    IncidentEvent.Kind.OPENED: "bad",
    IncidentEvent.Kind.CHANGED: "warn",
    IncidentEvent.Kind.CLOSED: "good",
}
"""The colour of an event in the time line, where it has one; its name always stands beside it."""


@dataclass(frozen=True)
class IncidentRow:
    """An incident as a list shows it; ``window`` is the query that shows its time on another page."""

    incident: Incident
    title: str
    lasted: str
    lag: str
    window: str

    @property
    def href(self) -> str:
        """The address of its page."""
        return reverse("incident", args=[self.incident.pk])


def row_of(incident: Incident, now: dt.datetime) -> IncidentRow:
    """Return ``incident`` as it stands at ``now``."""
    return IncidentRow(incident, title(incident), duration(incident, now), _lag(incident), query_of(incident, now))


def query_of(incident: Incident, now: dt.datetime) -> str:
    """Return the query that narrows a page to the incident's project and time, with a little around it."""
    start, end = span_of(incident, now)
    told = {"project": incident.project.slug, "from": _iso(start), "to": _iso(end)}
    return "?" + urlencode(told)


def span_of(incident: Incident, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Return from when until when a chart of ``incident`` reaches: whole minutes, and nothing of the future."""
    end = min(now, (incident.ended_at or now) + _AROUND)
    start = incident.first_sign_at - _AROUND
    return start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)


def lag_words(told: Lag) -> str:
    """Return in a sentence how late the status page is; nothing where no incident tells."""
    if not told.incidents:
        return ""
    never = ngettext("%(n)d was never admitted", "%(n)d were never admitted", told.never) % {"n": told.never}
    if told.middle is None:
        none = ngettext(
            "The provider's status page never admitted the one incident so far.",
            "The provider's status page admitted none of %(n)d incidents.",
            told.never,
        )
        return none % {"n": told.never}
    words = {"span": span(told.middle), "n": told.admitted, "never": f"; {never}" if told.never else ""}
    if told.middle < dt.timedelta():
        template = ngettext(
            "The provider's status page was %(span)s ahead of the first sign, over one incident%(never)s.",
            "The provider's status page was %(span)s ahead of the first sign in the middle, "
            "over %(n)d incidents%(never)s.",
            told.admitted,
        )
    else:
        template = ngettext(
            "The provider's status page came %(span)s late, over one incident%(never)s.",
            "The provider's status page came %(span)s late in the middle, over %(n)d incidents%(never)s.",
            told.admitted,
        )
    return template % words


def lag_sentence(projects: Collection[int]) -> str:
    """Return how late the status page has been for ``projects`` (ids), in a sentence; empty where nothing tells."""
    return lag_words(lag(projects))


def marks_of(projects: Collection[int], window: Window, now: dt.datetime) -> list[dict[str, Any]]:
    """Return what a chart of ``window`` shades: each incident with its title, address, and its ends in buckets."""
    return [_mark(each, window, now) for each in _newest(between(projects, window.start, window.end))]


def _newest(found: QuerySet[Incident]) -> Iterable[Incident]:
    return list(found.reverse()[:_MOST_MARKS])[::-1]


def _mark(incident: Incident, window: Window, now: dt.datetime) -> dict[str, Any]:
    end = incident.ended_at or now
    return {
        "title": title(incident),
        "href": reverse("incident", args=[incident.pk]),
        "from": _buckets(incident.first_sign_at, window),
        "to": _buckets(max(end, incident.first_sign_at + dt.timedelta(minutes=1)), window),
    }


def _buckets(at: dt.datetime, window: Window) -> float:
    """Return how many of the window's buckets lie before ``at``, within the window."""
    reached = min(max(at, window.start), window.end) - window.start
    return round(reached / window.bucket, 3)


def _lag(incident: Incident) -> str:
    if incident.lag is not None:
        late = gettext("%(span)s after us") if incident.lag >= dt.timedelta() else gettext("%(span)s before us")
        return late % {"span": span(incident.lag)}
    if incident.side != Incident.Side.THEM:
        return ""
    if not incident.provider_heard:
        return gettext("not read")
    return gettext("not yet") if incident.is_open else gettext("never")


def _iso(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%dT%H:%MZ}"
