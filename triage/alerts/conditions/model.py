"""What a condition is: what it asks for, and what it reads from the facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from triage.alerts.facts import Facts
from triage.models import AlertRule, IssueEvent

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

STILL = 0.8
"""The part of a threshold below which a condition has clearly ended: a value that sways about it mustn't ring twice."""


@dataclass(frozen=True)
class Number:
    """A number that a rule of this condition has; both ends are allowed."""

    name: str
    label: _StrPromise
    default: float
    least: float
    most: float
    whole: bool = True


@dataclass(frozen=True)
class Choice:
    """A word that a rule of this condition has, one of a list."""

    name: str
    label: _StrPromise
    default: str
    options: tuple[tuple[str, _StrPromise], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How a condition stands: it holds, has clearly ended, or is somewhere between, where nothing changes."""

    holds: bool
    clear: bool
    words: str
    """What was found, as a person reads it in a message."""
    cause: str = ""
    incident: int | None = None
    """The incident that this is about, where the condition knows it."""


@dataclass(frozen=True)
class Condition:
    """One kind of rule; it has ``read`` if it lasts, or ``event`` if it is about turning points of issues."""

    slug: str
    title: _StrPromise
    help: _StrPromise
    numbers: tuple[Number | Choice, ...] = ()
    filters: tuple[str, ...] = ()
    """What a rule can be narrowed to: ``model``, ``service``, ``team``, ``cause``."""
    read: Callable[[dt.datetime, AlertRule, Facts], Reading] | None = None
    event: IssueEvent.Kind | None = None


def number(rule: AlertRule, name: str) -> float:
    """Return one of the rule's numbers."""
    return float(rule.numbers[name])


def minutes(rule: AlertRule) -> int:
    """Return the width of the rule's window."""
    return int(rule.numbers["minutes"])


def percent(share: float) -> str:
    """Return a share of 1 as per cent, in words that stand in a message."""
    shown = f"{100 * share:.1f}".removesuffix(".0")
    return f"{shown} %"
