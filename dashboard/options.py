"""What a filter can be set to: the values that were reported lately."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from dashboard.choice import NOT_TOLD, Choice, shown
from dashboard.templatetags.triage_ui import CATEGORIES
from triage.models import HourCount

_LATELY = dt.timedelta(days=7)
_MOST = 60


@dataclass(frozen=True)
class Option:
    """One value of a filter."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Select:
    """One filter and its values, those with most failures first."""

    name: str
    label: Any
    options: list[Option]

    @property
    def chosen(self) -> bool:
        """Tell whether the filter is on."""
        return any(option.chosen for option in self.options)


def options_of(choice: Choice, dimensions: Mapping[str, Any]) -> list[Select]:
    """Return a select for each dimension, with what the covered projects reported in the last days.

    The value that is chosen now is always among them, be it reported or not.
    """
    rows: Iterable[Mapping[str, Any]] = (
        HourCount.objects.filter(project__in=choice.projects, start__gte=timezone.now() - _LATELY)
        .order_by()
        .values("category", "cause", "model", "service", "team")
        .annotate(weight=Sum("failures"))
    )
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for name in dimensions:
            if row[name] or name not in ("category", "cause"):
                seen[name][row[name] or NOT_TOLD] += row["weight"] + 1
    return [Select(name, label, _options(choice, name, seen[name])) for name, label in dimensions.items()]


def _options(choice: Choice, name: str, seen: Counter[str]) -> list[Option]:
    values = [value for value, _weight in seen.most_common(_MOST)]
    if name == "category":
        values = [value for value in CATEGORIES if value in seen]
    chosen = choice.values.get(name, "")
    if chosen and chosen not in values:
        values.append(chosen)
    return [Option(value, shown(name, value), value == chosen) for value in values]
