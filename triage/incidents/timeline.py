"""Writes an incident's time line: what the looks found, what checks and the status page did, who was told, notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from triage.health import Finding
from triage.incidents import wording
from triage.ingest.scrub import scrub_text
from triage.models import Incident, IncidentEvent
from triage.verdict.model import CheckFact

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Kind = IncidentEvent.Kind

LONGEST_NOTE = 10_000
_JUST_BEFORE = dt.timedelta(minutes=15)
"""How long before the first sign a check or the status page may have changed and still belong to the incident."""
_ADMITS = {Finding.PROVIDER_MINOR, Finding.PROVIDER_MAJOR}
_SAYS_NOTHING = {Finding.STATUS_UNREADABLE}


def write(incident: Incident, kind: IncidentEvent.Kind, at: dt.datetime, text: str = "") -> None:
    """Add a row to the time line."""
    IncidentEvent.objects.create(incident=incident, kind=kind, at=at, text=text)


def note(incident: Incident, by: User, text: str) -> IncidentEvent:
    """Add a person's note, masked like all that is stored, and return it.

    Raises:
        ValueError: the text is empty or longer than ``LONGEST_NOTE`` characters.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_NOTE:
        raise ValueError(_("A note has 1 to %(most)s characters.") % {"most": f"{LONGEST_NOTE:,}"})
    kept = scrub_text(text).replace("\x00", "")
    return IncidentEvent.objects.create(incident=incident, kind=Kind.NOTE, by=by, text=kept, at=timezone.now())


def note_alert(incident: Incident, text: str, at: dt.datetime) -> None:
    """Write that somebody was told of ``incident``; said twice of the same moment, it stands there once."""
    IncidentEvent.objects.get_or_create(incident=incident, kind=Kind.ALERT, at=at, text=scrub_text(text))


def tell_checks(incident: Incident, checks: Iterable[CheckFact]) -> None:
    """Write what the checks and the status page did since the last look. Changes ``incident``, which isn't saved."""
    for each in checks:
        if each.kind == "provider":
            _tell_provider(incident, each)
        elif each.kind != "server":
            _tell_check(incident, each)


def _tell_check(incident: Incident, check: CheckFact) -> None:
    """Write that a check began to fail, or works again after the time line told that it failed."""
    name = wording.check_name(check)
    before = incident.standings.get(name)
    if check.failing and before != "failing":
        incident.standings[name] = "failing"
        if check.since is not None and _belongs(incident, check.since):
            words = _("%(check)s began to fail: %(words)s") if check.words else _("%(check)s began to fail")
            write(incident, Kind.CHECK, check.since, words % {"check": name, "words": check.words})
        else:
            words = _("%(check)s was failing already")
            write(incident, Kind.CHECK, incident.first_sign_at, words % {"check": name})
    elif check.state == "ok" and before == "failing":
        incident.standings[name] = "fine"
        write(incident, Kind.CHECK, check.since or incident.last_seen_at, _("%(check)s works again") % {"check": name})


def _tell_provider(incident: Incident, page: CheckFact) -> None:
    """Write what the status page says when it says something else than before, and when it first admitted it."""
    if page.finding in _SAYS_NOTHING or page.state == "unknown":
        return
    incident.provider_heard = True
    said_at = page.since if page.since is not None and _belongs(incident, page.since) else None
    if page.finding in _ADMITS and incident.provider_said_at is None:
        incident.provider_said_at = said_at
    if page.finding != incident.standings.get("provider"):
        at = said_at or (incident.last_seen_at if "provider" in incident.standings else incident.first_sign_at)
        incident.standings["provider"] = page.finding
        words = page.words or (_("All Systems Operational") if page.finding == Finding.FINE else page.finding)
        write(incident, Kind.PROVIDER, at, _("The status page says: %(words)s") % {"words": words})


def _belongs(incident: Incident, since: dt.datetime) -> bool:
    return since >= incident.first_sign_at - _JUST_BEFORE
