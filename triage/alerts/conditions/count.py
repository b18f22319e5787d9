"""So many requests met an error within a window."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from triage.alerts.conditions.model import STILL, Condition, Number, Reading, minutes, number
from triage.alerts.facts import Facts
from triage.models import AlertRule


def read(at: dt.datetime, rule: AlertRule, facts: Facts) -> Reading:
    """Return whether the window has as many requests with an error as the rule says."""
    hit = facts.counted(rule, at, minutes(rule)).hit
    limit = number(rule, "count")
    met = ngettext("One request met an error", "%(n)s requests met an error", hit) % {"n": f"{hit:,}"}
    words = _("%(met)s in %(minutes)d minutes, the rule says %(limit)s.") % {
        "met": met,
        "minutes": minutes(rule),
        "limit": f"{limit:,.0f}",
    }
    holds = hit >= limit
    cause = facts.leading_cause(rule, at, minutes(rule)) if holds else ""
    return Reading(holds, hit < STILL * limit, words, cause)


CONDITION = Condition(
    slug="count",
    title=gettext_lazy("So many errors in a window"),
    help=gettext_lazy("Requests that failed, or would have without a retry."),
    numbers=(
        Number("count", gettext_lazy("At least (requests with an error)"), 10, 1, 1_000_000),
        Number("minutes", gettext_lazy("In the last (minutes)"), 60, 1, 60),
    ),
    filters=("model", "service", "team", "cause"),
    read=read,
)
