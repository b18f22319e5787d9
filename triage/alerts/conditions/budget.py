"""The account may not go on: credit, spend limits, a plan's window."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy, ngettext

from triage.alerts.conditions.model import Condition, Number, Reading, minutes
from triage.alerts.facts import Facts
from triage.models import AlertRule

_BILLING = "billing"


def read(at: dt.datetime, rule: AlertRule, facts: Facts) -> Reading:
    """Return whether any request of the window was refused for the account's sake."""
    hit = facts.counted(rule, at, minutes(rule), _BILLING).hit
    words = ngettext(
        "One request was refused in %(minutes)d minutes because the account may not go on.",
        "%(n)s requests were refused in %(minutes)d minutes because the account may not go on.",
        hit,
    ) % {"n": f"{hit:,}", "minutes": minutes(rule)}
    cause = facts.leading_cause(rule, at, minutes(rule), _BILLING) if hit else ""
    return Reading(hit > 0, hit == 0, words, cause)


CONDITION = Condition(
    slug="budget",
    title=gettext_lazy("Budget exhausted"),
    help=gettext_lazy("A refusal for want of credit, at a spend limit or at a plan's usage window: one is enough."),
    numbers=(Number("minutes", gettext_lazy("In the last (minutes)"), 15, 1, 60),),
    filters=("model", "service", "team"),
    read=read,
)
