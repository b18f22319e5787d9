"""The verdict isn't "all well": an incident goes on."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from triage.alerts.conditions.model import Choice, Condition, Reading
from triage.alerts.facts import Facts
from triage.models import AlertRule

ANY = "any"
_SIDES = (
    (ANY, gettext_lazy("anyone's")),
    ("them", gettext_lazy("theirs")),
    ("us", gettext_lazy("ours")),
)


def read(at: dt.datetime, rule: AlertRule, facts: Facts) -> Reading:
    """Return whether an incident of the rule's side goes on. What opened it took two looks, so it is settled."""
    side = rule.numbers["side"]
    going_on = [each for each in facts.incidents(at) if side in (ANY, each.side)]
    if not going_on:
        return Reading(False, True, _("All is well."))
    newest = going_on[0]
    return Reading(True, False, newest.sentence, newest.cause, newest.pk)


CONDITION = Condition(
    slug="trouble",
    title=gettext_lazy("The verdict is not fine"),
    help=gettext_lazy("Something goes wrong, whether by errors, slowness or silence: an incident is open."),
    numbers=(Choice("side", gettext_lazy("Whose side"), ANY, _SIDES),),
    read=read,
)
