"""Incidents in words: a title, a duration, a check's name."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from triage.knowledge import load
from triage.models import Incident
from triage.verdict.model import CheckFact

_NAMED = 3
"""Names that a title holds; more become a number."""


def title(incident: Incident) -> str:
    """Return what went wrong, in a few words: the cause, and where, if not everywhere."""
    cause = load().causes.get(incident.cause)
    status = f"{cause.seen_with.status[0]} " if cause and len(cause.seen_with.status) == 1 else ""
    what = {
        "slow": _("Slow answers"),
        "silent": _("No reports"),
    }.get(incident.kind) or (f"{status}{cause.title}" if cause else _("Failures of a cause that isn't told"))
    if incident.models_hit:
        what = _("%(what)s on %(names)s") % {"what": what, "names": _names(incident.models_hit)}
    if incident.services_hit:
        what = _("%(what)s in %(names)s") % {"what": what, "names": _names(incident.services_hit)}
    return what


def first_sign_words(kind: str) -> str:
    """Return what was seen first of an incident of this kind."""
    return {
        "slow": _("Answers take longer than usual from here on."),
        "silent": _("The last report for a while."),
    }.get(kind, _("More requests fail than usual from this minute on."))


def duration(incident: Incident, now: dt.datetime) -> str:
    """Return how long it lasted, or has lasted, from the first sign to the last look that found it."""
    return span((incident.ended_at or now) - incident.first_sign_at)


def span(length: dt.timedelta) -> str:
    """Return a span of time with the one or two units that matter; less than a minute is "under a minute"."""
    minutes = round(abs(length).total_seconds() / 60)
    if minutes < 1:
        return _("under a minute")
    if minutes < 60:
        return ngettext("%(n)d min", "%(n)d min", minutes) % {"n": minutes}
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return ngettext("%(n)d day", "%(n)d days", hours // 24) % {"n": hours // 24}


def check_name(check: CheckFact) -> str:
    """Return a check's name as a time line tells it: its kind, what it is about, from where."""
    name = _("Check “%(kind)s”") % {"kind": " ".join(part for part in (check.kind, check.subject) if part)}
    return _("%(name)s from %(site)s") % {"name": name, "site": check.site} if check.site else name


def _names(names: list[str]) -> str:
    shown = ", ".join(name or _("(not told)") for name in names[:_NAMED])
    rest = len(names) - _NAMED
    return _("%(names)s and %(n)d more") % {"names": shown, "n": rest} if rest > 0 else shown
