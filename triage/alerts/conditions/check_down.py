"""A health check fails, twice in a row at least."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from triage.alerts.conditions.model import Choice, Condition, Reading
from triage.alerts.facts import Facts
from triage.models import AlertRule

ANY = "any"
_CHECKS = (
    (ANY, gettext_lazy("any check")),
    ("name", gettext_lazy("the name")),
    ("reach", gettext_lazy("the connection")),
    ("edge", gettext_lazy("who answers")),
    ("auth", gettext_lazy("the key")),
    ("model", gettext_lazy("a model")),
    ("provider", gettext_lazy("the status page's word")),
    ("server", gettext_lazy("this server")),
)


def read(at: dt.datetime, rule: AlertRule, facts: Facts) -> Reading:
    """Return whether a check of the rule's kind fails, from wherever it is made."""
    kind = rule.numbers["check"]
    failing = [each for each in facts.failing_checks(at) if kind in (ANY, each.kind)]
    told = "; ".join(_told(each.kind, each.site, each.words) for each in failing)
    words = _("Checks that fail: %(checks)s") % {"checks": told} if failing else _("No check fails.")
    known = not failing and (kind == ANY or kind in facts.known_checks())
    return Reading(bool(failing), known, words)


def _told(kind: str, site: str, words: str) -> str:
    place = _(" from %(site)s") % {"site": site} if site else ""
    return f"{kind}{place}: {words}".rstrip(": ")


CONDITION = Condition(
    slug="check_down",
    title=gettext_lazy("Health check down"),
    help=gettext_lazy("Failed at least twice in a row, from this server or another place."),
    numbers=(Choice("check", gettext_lazy("Which check"), ANY, _CHECKS),),
    read=read,
)
