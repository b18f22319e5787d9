"""More requests meet an error than usual at this hour."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from triage.alerts.conditions.model import Condition, Number, Reading, minutes, percent
from triage.alerts.facts import Facts
from triage.models import AlertRule
from triage.verdict.excess import is_excess, usual_share


def read(at: dt.datetime, rule: AlertRule, facts: Facts) -> Reading:
    """Return whether the window's share can't be chance beside this hour of other days and the hours before."""
    counted = facts.counted(rule, at, minutes(rule))
    usual = usual_share(facts.usual_shares(rule, at))
    words = _("%(hit)s of %(n)s requests met an error in %(minutes)d minutes: %(share)s, up to %(usual)s is usual.") % {
        "hit": f"{counted.hit:,}",
        "n": f"{counted.requests:,}",
        "minutes": minutes(rule),
        "share": percent(counted.share),
        "usual": percent(usual),
    }
    holds = is_excess(counted.hit, counted.requests, usual)
    cause = facts.leading_cause(rule, at, minutes(rule)) if holds else ""
    return Reading(holds, not holds and counted.share <= 2 * usual, words, cause)


CONDITION = Condition(
    slug="unusual",
    title=gettext_lazy("Error rate over its own normal"),
    help=gettext_lazy("Compared with the same hour of other days and the last day; needs no threshold."),
    numbers=(Number("minutes", gettext_lazy("In the last (minutes)"), 10, 1, 60),),
    filters=("model", "service", "team", "cause"),
    read=read,
)
