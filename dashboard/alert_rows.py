"""Rules as rows for people: what each looks for, in a sentence, and how it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from triage.alerts.conditions import CONDITIONS, Choice
from triage.models import AlertRule


@dataclass(frozen=True)
class RuleRow:
    """A rule with its condition's title and its numbers in words."""

    rule: AlertRule
    title: str
    numbers: list[tuple[str, str]]
    muted: bool

    @property
    def firing(self) -> bool:
        """Whether its condition holds now."""
        return self.rule.enabled and self.rule.state == AlertRule.State.FIRING

    @property
    def untold(self) -> bool:
        """Whether nobody would hear of it."""
        return all(channel.disabled_at is not None for channel in self.rule.channels.all())


def rows_of(rules: Iterable[AlertRule], now: dt.datetime) -> list[RuleRow]:
    """Return a row for each rule, those that fire first."""
    rows = [
        RuleRow(
            rule,
            str(CONDITIONS[rule.condition].title) if rule.condition in CONDITIONS else rule.condition,
            _numbers(rule),
            rule.muted_until is not None and rule.muted_until > now,
        )
        for rule in rules
    ]
    return sorted(rows, key=lambda row: (not row.firing, not row.rule.enabled, row.rule.name.casefold()))


def _numbers(rule: AlertRule) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    condition = CONDITIONS.get(rule.condition)
    for each in condition.numbers if condition else ():
        value = rule.numbers.get(each.name, each.default)
        words = dict(each.options).get(value, value) if isinstance(each, Choice) else f"{value:,}"
        told.append((str(each.label), str(words)))
    narrowed = {_("model"): rule.model, _("service"): rule.service, _("team"): rule.team, _("cause"): rule.cause}
    return [*told, *((name, value) for name, value in narrowed.items() if value)]
