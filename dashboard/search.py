"""Search over the reference: names, statuses, types and the words that programs print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from triage.diagnosis import diagnose
from triage.diagnosis.folding import fold
from triage.knowledge import Cause, Code, load

LONGEST = 4_000
"""Characters of a query that are read: a whole message with what is around it."""
_WORD = re.compile(r"[\w.-]+")
_LIKE_A_MESSAGE = 20
"""Folded characters from which a query is read as an error, too."""
_READ = 200.0
"""What the cause counts that a query names as an error."""
_FIELDS = (("name", 12), ("kind", 8), ("message", 5), ("text", 1))
"""What a word may be found in, with what a hit is worth: the name, status and type, printed words, and prose."""


@dataclass(frozen=True)
class Found:
    """An entry that holds every word of the query; ``message`` is the printed text that it was found in, if any.

    ``read`` says that the query, read as an error, names this cause.
    """

    entry: Cause | Code
    score: float
    message: str = ""
    read: bool = False


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

    A query that is a piece of a printed message is found however it is quoted or wrapped; one that is read as an error
    finds what the diagnosis names, too.
    """
    query = query.strip()[:LONGEST]
    words = _WORD.findall(query.lower())
    folded = fold(query)
    found = {id(each.entry): hit for each in _index() if (hit := _match(each, words, folded)) is not None}
    for hit in _read(query, folded):
        held = found.get(id(hit.entry))
        found[id(hit.entry)] = replace(hit, message=held.message) if held else hit
    return sorted(found.values(), key=lambda hit: -hit.score) if words else list(found.values())


def _read(query: str, folded: str) -> list[Found]:
    """Return what the query names where it is an error, not a name or two words: the deciding cause, then others."""
    if len(folded) < _LIKE_A_MESSAGE or _WORD.fullmatch(query):
        return []
    causes = load().causes
    seen = diagnose(query)
    return [
        Found(causes[one.cause], _READ * one.confidence, read=one.cause == seen.cause)
        for one in seen.candidates
        if one.cause == seen.cause or any(reason.kind == "message" for reason in one.reasons)
    ]


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
