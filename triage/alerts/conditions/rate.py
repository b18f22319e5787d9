"""The share of requests that meet an error is over a threshold."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from triage.alerts.conditions.model import STILL, Condition, Number, Reading, minutes, number, percent
from triage.alerts.facts import Facts
from triage.models import AlertRule


def read(at: dt.datetime, rule: AlertRule, facts: Facts) -> Reading:
    """Return whether the share of the window is over the rule's, with requests enough to tell by."""
    counted = facts.counted(rule, at, minutes(rule))
    enough = counted.requests >= number(rule, "least")
    limit = number(rule, "percent") / 100
    words = _("%(hit)s of %(n)s requests met an error in %(minutes)d minutes: %(share)s, the rule says %(limit)s.") % {
        "hit": f"{counted.hit:,}",
        "n": f"{counted.requests:,}",
        "minutes": minutes(rule),
        "share": percent(counted.share),
        "limit": percent(limit),
    }
    holds = enough and counted.share >= limit
    cause = facts.leading_cause(rule, at, minutes(rule)) if holds else ""
    return Reading(holds, not enough or counted.share < STILL * limit, words, cause)


CONDITION = Condition(
    slug="rate",
    title=gettext_lazy("Error rate over a threshold"),
    help=gettext_lazy("Requests that failed, or would have without a retry, of all requests of the window."),
    numbers=(
        Number("percent", gettext_lazy("Over (% of requests)"), 20, 0.1, 100, whole=False),
        Number("minutes", gettext_lazy("In the last (minutes)"), 5, 1, 60),
        Number("least", gettext_lazy("With at least (requests)"), 20, 1, 1_000_000),
    ),
    filters=("model", "service", "team", "cause"),
    read=read,
)
