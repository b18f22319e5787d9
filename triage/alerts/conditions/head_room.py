"""Little is left of a rate limit."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from triage.alerts.conditions.model import Condition, Number, Reading, minutes, number, percent
from triage.alerts.facts import Facts
from triage.models import AlertRule

_CLEARLY = 1.25


def read(at: dt.datetime, rule: AlertRule, facts: Facts) -> Reading:
    """Return whether the answers of the window told of less head-room than the rule wants, in any limit."""
    rooms = facts.head_rooms(at, minutes(rule))
    limit = number(rule, "percent") / 100
    if not rooms:
        return Reading(False, True, _("No answer of the last minutes told what is left of a limit."))
    least = rooms[0]
    words = _("%(left)s of the limit of %(limit)s was left; the rule wants %(wanted)s.") % {
        "left": percent(least.left),
        "limit": least.limit,
        "wanted": percent(limit),
    }
    return Reading(least.left < limit, least.left >= min(1.0, _CLEARLY * limit), words)


CONDITION = Condition(
    slug="head_room",
    title=gettext_lazy("Limit nearly used up"),
    help=gettext_lazy("Read from the rate-limit headers of failed and rescued tries, where programs report them."),
    numbers=(
        Number("percent", gettext_lazy("Under (% left)"), 10, 1, 100, whole=False),
        Number("minutes", gettext_lazy("In the last (minutes)"), 10, 1, 60),
    ),
    read=read,
)
