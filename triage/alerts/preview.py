"""What a rule would have told in the past: the stored counts played through the very same conditions."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property

from triage import health
from triage.alerts.conditions import CONDITIONS
from triage.alerts.course import Course
from triage.alerts.facts import HOUR, MINUTE, Facts, FailingCheck, minute_of
from triage.alerts.findings import words_of
from triage.models import AlertRule, Check, CheckResult, IssueEvent, MinuteCount

DAYS = 7
MOST = 50
"""Firings that are told one by one."""
_DAY = dt.timedelta(days=1)
_PATIENCE = dt.timedelta(minutes=3)
"""How far apart two failed runs of a check may lie and still be in a row."""


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that the rule would have fired; ``ended`` is None where it still would, or has no end."""

    began: dt.datetime
    ended: dt.datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The firings of the last days, newest first; ``count`` is how many there are in all."""

    firings: list[Firing]
    count: int
    lasts: bool
    """Whether firings of this condition have an end."""


def preview(rule: AlertRule, at: dt.datetime) -> Preview:
    """Return what ``rule``, saved or not, would have fired in the ``DAYS`` days before ``at``."""
    condition = CONDITIONS[rule.condition]
    firings = _played(rule, at) if condition.event is None else _of_events(rule, condition.event, at)
    return Preview(firings[::-1][:MOST], len(firings), condition.event is None)


def _played(rule: AlertRule, at: dt.datetime) -> list[Firing]:
    """Play the days in steps of a minute."""
    read = CONDITIONS[rule.condition].read
    if read is None:
        raise TypeError(f"{rule.condition} doesn't last")
    facts = _Past(rule.project, at - DAYS * _DAY, at)
    firings: list[Firing] = []
    course = Course()
    now = minute_of(at) - DAYS * _DAY
    while now <= at:
        moment = min(now + MINUTE - dt.timedelta(seconds=1), at)  # a step ends when its minute does
        reading = read(moment, rule, facts)
        course, turn = course.after(reading, moment, rule.rest * MINUTE)
        if turn == "fired":
            firings.append(Firing(moment, None, reading.words))
        elif turn == "resolved":
            firings[-1] = replace(firings[-1], ended=moment)
        now += MINUTE
    return firings


def _of_events(rule: AlertRule, kind: IssueEvent.Kind, at: dt.datetime) -> list[Firing]:
    firings: list[Firing] = []
    for event in Facts(rule.project, at, at).events(kind, at - DAYS * _DAY, rule.cause):
        if not firings or event.at >= firings[-1].began + rule.rest * MINUTE:
            firings.append(Firing(event.at, None, words_of(event)))
    return firings


class _Past(Facts):
    """The same facts as they stood at each moment of a span."""

    def leading_cause(self, rule: AlertRule, at: dt.datetime, minutes: int, category: str = "") -> str:
        """Leave the cause out: a preview doesn't tell it, and asking costs a query a step."""
        del rule, at, minutes, category
        return ""

    def usual_shares(self, rule: AlertRule, at: dt.datetime) -> tuple[float, ...]:
        """Return the shares, which are the same all through an hour."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        if hour not in self._usual:
            self._usual[hour] = super().usual_shares(rule, at)
        return self._usual[hour]

    def failing_checks(self, at: dt.datetime) -> list[FailingCheck]:
        """Return the checks that had failed twice in a row."""
        return [check for check, begun, ended in self._failures if begun <= at < ended]

    def known_checks(self) -> set[str]:
        """Return every kind that is checked."""
        return self._kinds

    def last_heard(self, at: dt.datetime) -> dict[str, dt.datetime]:
        """Return when each service last had counts; reports that counted nothing aren't known any more."""
        told = {service: bisect_right(minutes, at) for service, minutes in self._heard.items()}
        last = {service: self._heard[service][n - 1] for service, n in told.items() if n}
        return {service: moment for service, moment in last.items() if at - moment < _DAY}

    @cached_property
    def _checks(self) -> list[Check]:
        return list(health.visible_checks([self.project.pk]))

    @cached_property
    def _kinds(self) -> set[str]:
        return {check.kind for check in self._checks}

    @cached_property
    def _usual(self) -> dict[dt.datetime, tuple[float, ...]]:
        return {}

    @cached_property
    def _heard(self) -> dict[str, list[dt.datetime]]:
        counts = MinuteCount.objects.filter(project=self.project, start__gte=self.start - _DAY, start__lte=self.end)
        heard: dict[str, list[dt.datetime]] = defaultdict(list)
        for service, start in counts.order_by("start").values_list("service", "start").distinct():
            heard[service].append(start)
        return heard

    @cached_property
    def _failures(self) -> list[tuple[FailingCheck, dt.datetime, dt.datetime]]:
        """Each check's runs of failures: from the second one on, until the interval after the last."""
        found = []
        for check in self._checks:
            failed = CheckResult.objects.filter(of=check, state="fail", at__gte=self.start - HOUR, at__lte=self.end)
            apart = max(_PATIENCE, dt.timedelta(seconds=2 * check.every))
            run: list[CheckResult] = []
            for result in [*failed.order_by("at", "pk").only("at", "words"), None]:
                if run and (result is None or result.at - run[-1].at > apart):
                    if len(run) > 1:
                        told = FailingCheck(check.kind, check.site, run[1].words)
                        found.append((told, run[1].at, run[-1].at + dt.timedelta(seconds=check.every)))
                    run = []
                if result is not None:
                    run.append(result)
        return found
