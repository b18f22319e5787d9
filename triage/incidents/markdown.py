"""An incident as a Markdown document, for a report or a ticket."""

from __future__ import annotations

import datetime as dt
import re

from django.utils.translation import gettext as _

from triage.incidents.wording import duration, span, title
from triage.models import Incident

_MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]<>#|])")


def as_markdown(incident: Incident, now: dt.datetime, address: str = "") -> str:
    """Return ``incident`` as it stands at ``now``: what, how long, the verdict, its reasons and the time line, in UTC.

    ``address`` is where the incident's page is; left out, the document names none.
    """
    state = _("goes on") if incident.closed_at is None else _("over")
    facts = [
        (_("Project"), incident.project.name),
        (_("Side"), incident.get_side_display()),
        (_("State"), state),
        (_("First sign"), _clock(incident.first_sign_at)),
        (_("Opened"), _clock(incident.opened_at)),
        (_("Lasted"), duration(incident, now)),
    ]
    if incident.hit:
        hit = _("%(hit)s of %(n)s, at the worst look") % {"hit": f"{incident.hit:,}", "n": f"{incident.requests:,}"}
        facts.append((_("Requests hit"), hit))
    facts.append((_("Status page"), provider_words(incident)))
    if address:
        facts.append((_("Page"), address))
    lines = [f"# {_plain(title(incident))}", "", _plain(incident.sentence), ""]
    lines += [f"- {name}: {_plain(value) if name != _('Page') else value}" for name, value in facts]
    if incident.reasons:
        lines += ["", f"## {_('What that rests on')}", "", *(f"- {_plain(each)}" for each in incident.reasons)]
    lines += ["", f"## {_('Time line')} (UTC)", ""]
    for event in incident.events.select_related("by"):
        by = f" ({event.by.get_full_name() or event.by.get_username()})" if event.by else ""
        text = f": {_plain(event.text)}" if event.text else ""
        lines.append(f"- {_clock(event.at)} **{event.get_kind_display()}**{_plain(by)}{text}")
    return "\n".join(lines) + "\n"


def provider_words(incident: Incident) -> str:
    """Return when the provider's page admitted it, beside the first sign."""
    if incident.lag is not None:
        words = (
            _("admitted it %(span)s after the first sign")
            if incident.lag >= dt.timedelta()
            else _("admitted it %(span)s before the first sign")
        )
        return words % {"span": span(incident.lag)}
    if not incident.provider_heard:
        return _("wasn't read meanwhile")
    return _("admitted nothing so far") if incident.is_open else _("never admitted it")


def _clock(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"


def _plain(text: str) -> str:
    """Return ``text`` on one line, with what Markdown would read as its own escaped."""
    return _MEANS_SOMETHING.sub(r"\\\1", " ".join(text.split()))
