"""How much single pieces of evidence say, and how sure their sum makes us."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from triage.diagnosis.findings import Span
from triage.diagnosis.matching import Match
from triage.diagnosis.model import Candidate, Reason
from triage.diagnosis.reading.evidence import Evidence, Fact
from triage.knowledge import Cause, Code, Knowledge

_FULL, _PARTIAL = 40.0, 30.0
"""The most that a whole and a partial match of a message can weigh."""
STRONG = 24.0
"""Weight from which a message is sure enough to stand against a status."""
GIVEN = 5
"""Rank of a fact that a report states in a field of its own: plainer than anything read from words."""
NEAR_BEFORE, NEAR_AFTER = 700, 250
"""Characters before and after the deciding words within which a status or a type belongs to them."""
_EQUAL = 3.0
"""Weight that makes no difference between two messages."""
APART = 40
"""Folded characters between two messages from which they are two errors."""


@dataclass
class Standing:
    """A cause under consideration: its reasons so far and where in the text its best words begin."""

    cause: Cause
    reasons: list[Reason] = field(default_factory=list)
    adjustment: float = 0.0
    strong_message: bool = False
    named: bool = False
    """Whether anything speaks for it beyond its standing in the list of a status."""
    at: int | None = None

    @property
    def weight(self) -> float:
        """What speaks for the cause, less what speaks against it; several messages count as the best of them."""
        best: dict[str, float] = {}
        for reason in self.reasons:
            best[reason.kind] = max(best.get(reason.kind, 0.0), reason.weight)
        ordered = sorted(best.values(), reverse=True)
        return sum(value / (1 + number) for number, value in enumerate(ordered)) + self.adjustment


def error_places(matches: Iterable[Match]) -> list[int]:
    """Return where the errors of the text begin: the first error decides among equals."""
    places: list[int] = []
    reached = -APART
    strong = (m for m in matches if m.exact and not m.pattern.whole_only and message_weight(m) >= STRONG)
    for match in sorted(strong, key=lambda m: m.start):
        if match.start >= reached + APART:
            places.append(match.start)
        reached = max(reached, match.end)
    return places


def code_of(knowledge: Knowledge, status: int | None) -> Code | None:
    """Return the code page of ``status``: its own, or that of its family (``52x``)."""
    if status is None:
        return None
    return knowledge.code_of_status.get(status) or knowledge.codes.get(f"{status // 10}x")


def message_weight(match: Match) -> float:
    """Return what a match weighs: a whole message saturates soon, a part counts by what is its own."""
    factor = {"message": 1.0, "fragment": 0.9, "field": 0.9, "generic": 0.45}[match.pattern.kind]
    if match.exact:
        weight = _FULL * (1 - math.exp(-match.weight / 9)) + 0.01 * min(match.weight, 100)
    else:
        weight = _PARTIAL * (1 - math.exp(-match.weight / 24)) * (0.5 + 0.5 * match.coverage)
    return weight * factor


def best_type(evidence: Evidence, place: Span | None = None) -> Fact[str] | None:
    """Return the plainest error type of the text, the first among equals.

    Where the deciding words stand at ``place``, a type far from them belongs to another error of the text.
    """
    types = evidence.types
    if place is not None:
        types = [
            fact
            for fact in types
            if fact.rank >= GIVEN or place.start - NEAR_BEFORE <= fact.span.start <= place.end + NEAR_AFTER
        ]
    return max(types, key=lambda fact: (fact.rank, -fact.span.start), default=None)


def deciding_place(evidence: Evidence, matches: Iterable[Match]) -> Span | None:
    """Return where the strongest words stand, of several equally strong ones the first; None without any."""
    strong = [match for match in matches if message_weight(match) >= STRONG]
    if not strong:
        return None
    most = max(message_weight(match) for match in strong)
    return min(place_of(evidence, match) for match in strong if message_weight(match) >= most - _EQUAL)


def place_of(evidence: Evidence, match: Match) -> Span:
    """Return the place of ``match`` in the text as it was read."""
    if match.pattern.whole_only:
        return Span(match.start, match.end)
    return Span(*evidence.folded.span(match.start, match.end))


def make_candidates(ranked: list[Standing], named: bool) -> list[Candidate]:
    """Return the ranked causes with how sure their weights, and the distance of the first two, make us."""
    if not ranked:
        return []
    first = ranked[0].weight
    second = ranked[1].weight if len(ranked) > 1 else 0.0
    sure = (1 - math.exp(-first / 16)) * (0.55 + 0.45 * min(1.0, (first - second) / 12))
    total = sum(standing.weight for standing in ranked[1:]) or 1.0
    result = []
    for number, standing in enumerate(ranked):
        confidence = sure if number == 0 and named else min(sure * 0.98, (1 - sure) * standing.weight / total)
        reasons = tuple(sorted(standing.reasons, key=lambda reason: -reason.weight)[:6])
        result.append(Candidate(standing.cause.slug, round(min(confidence, 0.99), 3), reasons))
    return result
