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
from dashboard.request_filters import LABELS, Sieve, label_of
from dashboard.templatetags.triage_ui import CATEGORIES
from triage.models import SLOW_SECONDS, FacetSet, HourCount

_LATELY = dt.timedelta(days=7)
_MOST = 60
_READ_TOGETHER = (("category", "cause", "http_status"), ("model", "service", "team"), ("environment", "client"))


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


def selects_of(sieve: Sieve) -> list[Select]:
    """Return a select for each filter of the list of requests but the user, with all that is stored to choose from."""
    stored = FacetSet.objects.filter(project__in=sieve.projects).order_by()
    told: dict[str, set[str]] = defaultdict(set)
    told |= {"slow": {str(step) for step in SLOW_SECONDS}, "streamed": {"yes", "no"}, "long": {"yes", "no"}}
    for columns in _READ_TOGETHER:
        for row in stored.values_list(*columns).distinct():
            for name, value in zip(columns, row, strict=True):
                told["status" if name == "http_status" else name].add(str(value or ""))
    return [Select(name, label, _stored(sieve, name, told[name])) for name, label in LABELS.items() if name in told]


def _stored(sieve: Sieve, name: str, values: set[str]) -> list[Option]:
    chosen = sieve.values.get(name, "")
    ordered = sorted(values - {""} | ({chosen} - {"", NOT_TOLD}), key=_order)
    if name == "category":
        ordered = [value for value in CATEGORIES if value in values or value == chosen]
    if "" in values and name not in ("category", "cause"):  # only what succeeded has neither
        ordered.append(NOT_TOLD)
    return [Option(value, label_of(name, value), value == chosen) for value in ordered]


def _order(value: str) -> tuple[int, str]:
    return (int(value), "") if value.isdecimal() else (0, value.casefold())
