"""Looks at the rules: each change is stored once, with its messages, however many watchers look at the same time."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from itertools import groupby

from django.db import IntegrityError, transaction

from triage.alerts.conditions import CONDITIONS, Condition, Reading
from triage.alerts.course import Course
from triage.alerts.facts import HOUR, MINUTE, Facts
from triage.alerts.findings import Finder, words_of
from triage.alerts.quiet import quiet_until
from triage.alerts.telling import tell
from triage.models import AlertChange, AlertRule, Incident, IssueEvent, Project

_Kind = AlertChange.Kind
_State = AlertRule.State
_OLDEST_EVENT = HOUR
"""Turning points reported later than this are history, as those from an imported file."""
logger = logging.getLogger(__name__)


def evaluate(at: dt.datetime) -> dict[str, int]:
    """Look at every enabled rule as things stand at ``at``; return how many changes that made."""
    rules = AlertRule.objects.filter(enabled=True, condition__in=CONDITIONS).select_related("project")
    changes = 0
    for _, group in groupby(rules.order_by("project_id", "pk"), key=lambda rule: rule.project_id):
        ours = list(group)
        look = _Look(ours[0].project, at)
        for rule in ours:
            try:
                changes += look.at_rule(rule)
            except Exception:  # one rule must not keep the others from being looked at
                logger.exception("alert rule %d could not be looked at", rule.pk)
    return {"changes": changes}


@dataclass(frozen=True, slots=True)
class _News:
    """What is to be stored of a change."""

    kind: AlertChange.Kind
    reading: Reading
    began_at: dt.datetime
    incident: Incident | None


class _Look:
    """One look at one project's rules."""

    def __init__(self, project: Project, at: dt.datetime) -> None:
        self._at = at
        self._facts = Facts(project, at, at)
        self._finder = Finder(self._facts, at)

    def at_rule(self, rule: AlertRule) -> int:
        """Return how many changes the rule made."""
        condition = CONDITIONS[rule.condition]
        if condition.event is not None:
            return self._tell_events(rule, condition.event)
        return self._follow(rule, condition)

    def _follow(self, rule: AlertRule, condition: Condition) -> int:
        if condition.read is None:
            raise TypeError(f"{condition.slug} neither lasts nor is about events")
        reading = condition.read(self._at, rule, self._facts)
        stood = Course(rule.state == _State.FIRING, rule.since, rule.fired_at, rule.clear_since)
        stands, turn = stood.after(reading, self._at, rule.rest * MINUTE)
        if turn is None and self._is_reminder_due(rule, stands, reading):
            kind = _Kind.REMINDED
        elif turn is not None:
            kind = _Kind(turn)
        else:
            return self._move(rule, stood, stands) if stands != stood else 0
        began_at = (stands if kind != _Kind.RESOLVED else stood).fired_at or self._at
        incident = self._finder.incident_of(reading) if kind == _Kind.FIRED else _incident_of(rule, began_at)
        return self._move(rule, stood, stands, _News(kind, reading, began_at, incident))

    def _is_reminder_due(self, rule: AlertRule, stands: Course, reading: Reading) -> bool:
        """Tell whether those who were told want to hear again, or nobody has been told yet that could have been."""
        if not stands.firing or reading.clear or quiet_until(rule, self._at) is not None:
            return False
        if rule.muted_until is not None and rule.muted_until > self._at:
            return False
        if rule.told_at is None:
            return rule.channels.filter(disabled_at=None).exists()
        return rule.remind_every > 0 and self._at - rule.told_at >= rule.remind_every * MINUTE

    @transaction.atomic
    def _move(self, rule: AlertRule, stood: Course, stands: Course, news: _News | None = None) -> int:
        """Store where the rule stands and what there is to tell; nothing where another watcher was faster."""
        as_it_was = AlertRule.objects.filter(
            pk=rule.pk, state=rule.state, since=rule.since, clear_since=stood.clear_since, told_at=rule.told_at
        )
        moved = as_it_was.update(
            state=_State.FIRING if stands.firing else _State.QUIET,
            since=stands.since or rule.since,
            fired_at=stands.fired_at,
            clear_since=stands.clear_since,
        )
        if not moved or news is None:
            return 0
        rule.state = _State.FIRING if stands.firing else _State.QUIET
        change = AlertChange.objects.create(
            rule=rule,
            kind=news.kind,
            at=self._at,
            began_at=news.began_at,
            facts=self._finder.found(rule, news.reading.words, news.reading.cause),
            incident=news.incident,
        )
        told = tell(change, rule)
        told_at = None if news.kind == _Kind.RESOLVED else self._at if told else rule.told_at
        AlertRule.objects.filter(pk=rule.pk).update(told_at=None if news.kind == _Kind.FIRED and not told else told_at)
        return 1

    def _tell_events(self, rule: AlertRule, kind: IssueEvent.Kind) -> int:
        after = max(self._at - _OLDEST_EVENT, rule.made_at)
        found = self._facts.events(kind, after, rule.cause)
        known = set(rule.changes.filter(event__in=found).values_list("event", flat=True)) if found else set()
        return sum(self._tell_event(rule, event) for event in found if event.pk not in known)

    def _tell_event(self, rule: AlertRule, event: IssueEvent) -> int:
        fired = rule.fired_at
        if fired is not None and self._at != fired and self._at < fired + rule.rest * MINUTE:
            return 0
        words = words_of(event)
        try:
            with transaction.atomic():
                change = AlertChange.objects.create(
                    rule=rule,
                    kind=_Kind.FIRED,
                    at=self._at,
                    began_at=event.at,
                    event=event,
                    facts=self._finder.found(rule, words, event.issue.cause, issue=event.issue_id),
                    incident=self._finder.incident_of(Reading(True, False, words, event.issue.cause)),
                )
                AlertRule.objects.filter(pk=rule.pk).update(fired_at=self._at)
                rule.fired_at = self._at
                tell(change, rule)
        except IntegrityError:  # another watcher has told of it
            return 0
        return 1


def _incident_of(rule: AlertRule, began_at: dt.datetime) -> Incident | None:
    """Return the incident that the firing belongs to that began then."""
    fired = rule.changes.filter(kind=_Kind.FIRED, began_at=began_at).select_related("incident").first()
    return fired.incident if fired else None
