"""Lists the errors of a text: a log may hold several, and a wrapper's error holds the one that it wraps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from triage.diagnosis.findings import FoundError, Span
from triage.diagnosis.matching import Match
from triage.diagnosis.reading.evidence import Evidence
from triage.diagnosis.scoring import GIVEN, message_weight, place_of
from triage.knowledge import Cause

_FAR = 900
"""Characters between two facts from which they can't belong to one error."""
_NAMED = 13.0
"""Weight from which words name a cause, were they alone; general sentences such as "Connection error." do."""
_DECIDED = 99.0
_MOST = 12
"""Errors that are listed of one text."""


@dataclass
class _Draft:
    """An error that is being put together from the facts that stand together."""

    start: int
    end: int
    status: int | None = None
    type: str | None = None
    message: str | None = None
    cause: str | None = None
    weight: float = 0.0


def list_errors(
    evidence: Evidence,
    matches: Iterable[Match],
    deciding: Span | None,
    named: str | None,
    causes: Mapping[str, Cause],
) -> tuple[FoundError, ...]:
    """Return the errors in the order of the text, equal ones once.

    ``deciding`` is where the deciding words stand, ``named`` the cause that they name.
    """
    words = {deciding.start: (deciding, named, _DECIDED)} if deciding and named else {}
    drafts = _drafts(sorted(_events(evidence, matches, words), key=lambda event: event[0]))
    errors = [_finish(draft, causes) for draft in drafts]
    if not errors:
        return ()
    chosen = _chosen(drafts, deciding)
    told = [replace(error, decides=n == chosen, why=_why(n, chosen, drafts)) for n, error in enumerate(errors)]
    return _once(told)[:_MOST]


_Event = tuple[Span, str, object, float]


def _events(evidence: Evidence, matches: Iterable[Match], best: dict[int, tuple[Span, str, float]]) -> Iterable[_Event]:
    for status in evidence.statuses:
        if 2 <= status.rank < GIVEN and status.value >= 400:
            yield status.span, "status", status.value, 0.0
    for type_ in evidence.types:
        if 2 <= type_.rank < GIVEN:
            yield type_.span, "type", type_.value, 0.0
    for fact in evidence.messages:
        if 3 <= fact.rank < GIVEN:
            yield fact.span, "message", fact.value, 0.0
    for match in matches:
        weight = message_weight(match)
        if weight < _NAMED or not match.exact:
            continue
        place = place_of(evidence, match)
        near = next((at for at in best if abs(at - place.start) < 80 or best[at][0].end > place.start >= at), None)
        if near is None or best[near][2] < weight:
            if near is not None:
                del best[near]
            best[place.start] = (place, match.pattern.cause, weight)
    for place, cause, weight in best.values():
        yield place, "cause", cause, weight


def _drafts(events: Sequence[_Event]) -> list[_Draft]:
    drafts: list[_Draft] = []
    for span, kind, value, weight in events:
        current = drafts[-1] if drafts else None
        if current is None or _begins_another(current, span, kind, value):
            current = _Draft(span.start, span.end)
            drafts.append(current)
        if getattr(current, kind) is None:
            setattr(current, kind, value)
            current.weight = max(current.weight, weight)
        current.end = max(current.end, span.end)
    said = {draft.status for draft in drafts if draft.type or draft.cause or draft.message}
    return [d for d in drafts if d.type or d.cause or (d.status and (d.message or d.status not in said))]


def _begins_another(current: _Draft, span: Span, kind: str, value: object) -> bool:
    if span.start > current.end + _FAR:
        return True
    held = getattr(current, kind)
    if kind == "status":
        return held not in (None, value) or (current.message or current.cause) is not None
    if kind in ("type", "cause"):
        return held not in (None, value)
    return False


def _finish(draft: _Draft, causes: Mapping[str, Cause]) -> FoundError:
    note = ""
    usual = causes[draft.cause].seen_with.status if draft.cause else ()
    if draft.status is not None and usual and draft.status not in usual:
        expected = " or ".join(str(number) for number in usual)
        note = f"Its status is {draft.status}, but such a message comes with {expected}."
    return FoundError(draft.status, draft.type, draft.message, draft.cause, Span(draft.start, draft.end), note=note)


def _chosen(drafts: Sequence[_Draft], deciding: Span | None) -> int:
    if deciding is None:
        return 0 if len(drafts) == 1 else max(range(len(drafts)), key=lambda n: (drafts[n].weight, -n))
    holding = [n for n, draft in enumerate(drafts) if draft.start <= deciding.start < max(draft.end, draft.start + 1)]
    if holding:
        return holding[-1]
    return min(range(len(drafts)), key=lambda n: abs(drafts[n].start - deciding.start))


def _why(number: int, chosen: int, drafts: Sequence[_Draft]) -> str:
    return _why_it_decides(chosen, drafts) if number == chosen else _why_not(drafts[number], drafts[chosen])


def _why_it_decides(chosen: int, drafts: Sequence[_Draft]) -> str:
    best = drafts[chosen]
    if len(drafts) == 1:
        return "It is the only error of the text."
    if best.cause and any(draft.start < best.start and draft.cause is None for draft in drafts):
        return "It is the innermost error that says what is wrong."
    return "Its words say most exactly what is wrong." if best.cause else "It is the plainest error of the text."


def _why_not(mine: _Draft, best: _Draft) -> str:
    if mine.cause is None and mine.start <= best.start <= mine.end:
        return "It only wraps the error that decides."
    if mine.cause is None:
        return "Its words name no known cause." if mine.message else "It says no more than its status and type."
    if mine.start > best.start:
        return "It comes after the one that decides; what fails later often follows from the first."
    return "Its words are less exact than those of the one that decides."


def _once(errors: Iterable[FoundError]) -> tuple[FoundError, ...]:
    kept: dict[tuple[object, ...], FoundError] = {}
    for error in errors:
        key = (error.status, error.type, error.message or error.cause)
        before = kept.get(key)
        if before is None:
            kept[key] = error
        else:
            first = error if error.decides and not before.decides else before
            kept[key] = replace(first, span=before.span, times=before.times + 1)
    return tuple(kept.values())
