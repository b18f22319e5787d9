"""What is written down of a change, masked: its words, the verdict, the last half hour, what to do."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from triage.alerts.conditions import Reading
from triage.alerts.facts import Facts
from triage.ingest.scrub import scrub_value
from triage.knowledge import load
from triage.models import AlertRule, Incident, IssueEvent
from triage.verdict import Verdict, verdict

SPARK_MINUTES = 30
_LONGEST = 600


class Finder:
    """Writes down findings of one project at one moment; the verdict is asked for once, and only where needed."""

    def __init__(self, facts: Facts, at: dt.datetime) -> None:
        self._facts = facts
        self._at = at

    def found(self, rule: AlertRule, words: str, cause: str, *, issue: int | None = None) -> dict[str, Any]:
        """Return the findings of a change of ``rule`` as values that JSON can carry."""
        known = load().causes.get(cause)
        told = {
            "words": words[:_LONGEST],
            "cause": cause,
            "title": known.title if known else "",
            "do": known.fixes[0].do if known else "",
            "verdict": self._verdict.sentence,
            "reasons": [each.words for each in self._verdict.reasons],
            "by_minute": self._facts.last_minutes(rule, self._at, SPARK_MINUTES),
            "issue": issue,
        }
        masked: dict[str, Any] = scrub_value(told)
        return masked

    def incident_of(self, reading: Reading) -> Incident | None:
        """Return the open incident that ``reading`` is a sign of, where that can be told."""
        going_on = self._facts.incidents(self._at)
        if reading.incident is not None:
            return next((each for each in going_on if each.pk == reading.incident), None)
        if reading.cause:
            return next((each for each in going_on if reading.cause in each.causes), None)
        return going_on[0] if len(going_on) == 1 else None

    @cached_property
    def _verdict(self) -> Verdict:
        return verdict(self._at, self._facts.project)


def words_of(event: IssueEvent) -> str:
    """Say which issue turned."""
    issue = event.issue
    known = load().causes.get(issue.cause)
    named = known.title if known else _("a cause that isn't known")
    status = f"{issue.http_status} " if issue.http_status else ""
    if event.kind == IssueEvent.Kind.REGRESSED:
        return _("It came back after it was resolved: %(what)s.") % {"what": status + named}
    return _("Seen for the first time: %(what)s.") % {"what": status + named}
