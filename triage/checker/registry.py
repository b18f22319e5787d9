"""How a rule is written down: a function over a :class:`View` with the causes that it can find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from triage.checker.model import Mend, Severity
from triage.checker.pointers import Path
from triage.checker.view import View


class Found(NamedTuple):
    """What a rule reports; the engine completes it to a finding."""

    path: Path
    message: str
    mend: Mend | Callable[[], Mend | None] | None = None
    """A function where the mend takes long to make: only what is listed needs one."""
    severity: Severity = "error"
    cause: str | None = None
    """Only where the rule has several causes."""


class More(NamedTuple):
    """Places beyond those that a rule reports one by one."""

    cause: str
    places: int


MOST_FINDINGS = 500
"""More are counted but not listed: who has so many mends the first and checks again."""

Look = Callable[[View], Iterator[Found | More]]


@dataclass(frozen=True)
class Rule:
    """A rule with its name and the slugs of the causes that it can find."""

    name: str
    causes: tuple[str, ...]
    look: Look

    def run(self, view: View) -> Iterator[tuple[str, Found | More]]:
        """Yield each finding with its cause."""
        for found in self.look(view):
            yield found.cause or self.causes[0], found


RULES: list[Rule] = []
"""All rules, in the order in which their modules are imported by :mod:`triage.checker.rules`."""


def rule(*causes: str) -> Callable[[Look], Look]:
    """Register a function as the rule for ``causes``."""

    def register(look: Look) -> Look:
        RULES.append(Rule(look.__name__, causes, look))
        return look

    return register
