"""A service that usually reports has fallen silent."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from triage.alerts.conditions.model import Condition, Number, Reading, minutes
from triage.alerts.facts import MINUTE, Facts
from triage.models import AlertRule

_NAMED = 3


def read(at: dt.datetime, rule: AlertRule, facts: Facts) -> Reading:
    """Return whether a service that was heard within a day has been silent for as long as the rule says."""
    heard = facts.last_heard(at)
    silent = {
        service: last
        for service, last in heard.items()
        if rule.service in ("", service) and at - last >= minutes(rule) * MINUTE
    }
    if not silent:
        return Reading(False, True, _("Every service is heard."))
    told = [
        _("%(service)s since %(at)s UTC")
        % {"service": service or _("(no name)"), "at": f"{last.astimezone(dt.UTC):%H:%M}"}
        for service, last in sorted(silent.items())
    ]
    rest = len(told) - _NAMED
    more = _(" and %(n)d more") % {"n": rest} if rest > 0 else ""
    return Reading(
        True, False, _("Nothing is heard of %(names)s%(more)s.") % {"names": ", ".join(told[:_NAMED]), "more": more}
    )


CONDITION = Condition(
    slug="silence",
    title=gettext_lazy("A source fell silent"),
    help=gettext_lazy("Any report counts, of successes too. A service that was silent for a day is taken for gone."),
    numbers=(Number("minutes", gettext_lazy("For at least (minutes)"), 15, 1, 1_440),),
    filters=("service",),
    read=read,
)
