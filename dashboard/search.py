"""Search over the reference: names, statuses, types and the words that programs print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from triage.diagnosis.folding import fold
from triage.knowledge import Cause, Code, load

_WORD = re.compile(r"[\w.-]+")
_LONGEST = 300
_FIELDS = (("name", 12), ("kind", 8), ("message", 5), ("text", 1))
"""What a word may be found in, with what a hit is worth: the name, status and type, printed words, and prose."""


@dataclass(frozen=True)
class Found:
    """An entry that holds every word of the query; ``message`` is the printed text that it was found in, if any."""

    entry: Cause | Code
    score: float
    message: str = ""


@dataclass(frozen=True)
class _Indexed:
    entry: Cause | Code
    name: str
    kind: str
    message: str
    text: str
    names: frozenset[str]
    """The types and classes that belong to it whole; a word that is one of them means this entry."""
    messages: tuple[tuple[str, str], ...]
    """Each printed text: folded for comparison, and as it is shown."""


def search(query: str) -> list[Found]:
    """Return the codes and causes that hold every word of ``query``, best first; all of them for an empty query.

    A query that is a piece of a printed message is found however it is quoted or wrapped.
    """
    query = query.strip()[:_LONGEST]
    words = _WORD.findall(query.lower())
    folded = fold(query)
    found = [hit for each in _index() if (hit := _match(each, words, folded)) is not None]
    return sorted(found, key=lambda hit: -hit.score) if words else found


def _match(each: _Indexed, words: Sequence[str], folded: str) -> Found | None:
    message = next((shown for form, shown in each.messages if len(folded) >= 5 and folded in form), "")
    score = 30.0 if message else 0.0
    for word in words:
        worth = [points for field, points in _FIELDS if word in getattr(each, field)]
        if not worth and not message:
            return None
        score += max(worth, default=0)
    if words and (each.entry.slug in (words[0], "_".join(words))):
        score += 100
    if isinstance(each.entry, Code) and not each.names.isdisjoint(words):
        score += 60
    if words and not message:
        message = next((shown for _, shown in each.messages if all(word in shown.lower() for word in words)), "")
    return Found(each.entry, score + (2 if isinstance(each.entry, Code) else 0), message)


@cache
def _index() -> tuple[_Indexed, ...]:
    knowledge = load()
    return (*map(_of_code, knowledge.codes.values()), *map(_of_cause, knowledge.causes.values()))


def _of_code(code: Code) -> _Indexed:
    kind = _low([*code.types, *code.sdk_classes, str(code.status or "")])
    names = frozenset(kind.split("\n"))
    return _Indexed(code, _low([code.slug, code.title]), kind, _low([code.example]), _low([code.meaning]), names, ())


def _of_cause(cause: Cause) -> _Indexed:
    seen = cause.seen_with
    kind = [*map(str, seen.status), *seen.type, *seen.error_code, *seen.exception, *seen.stop_reason]
    printed = [pattern.text for pattern in cause.patterns]
    prose = [cause.meaning, *cause.likely_causes, *(fix.do for fix in cause.fixes)]
    messages = tuple((fold(text), text) for text in printed)
    return _Indexed(
        cause, _low([cause.slug, cause.title]), _low(kind), _low(printed), _low(prose), frozenset(), messages
    )


def _low(texts: Iterable[str]) -> str:
    return "\n".join(texts).replace("`", "").lower()
