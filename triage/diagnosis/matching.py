"""Finds the knowledge's patterns in a folded text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from triage.diagnosis.folding import Folded, fold
from triage.diagnosis.patterns import SAMPLINGS, STRAY_GAP, Chunk, CompiledPattern, Library, size
from triage.diagnosis.reading.evidence import Fact

_OCCURRENCES = 5
"""Places of one chunk that are tried as the anchor of a pattern."""
_LEAST = 9.0
"""Weight below which a partial match is no evidence."""
_MOSTLY = 0.9
"""What the weight of a partial match is worth at most."""
_FEWEST, _BEGINNING = 8, 40
"""Folded characters of a message that was cut off, for it to be compared with the beginnings of patterns."""
_UNDECIDED = 3
"""Causes that such a beginning may leave open."""
_CUT_OFF = 26.0
_SAID = 2
"""Rank from which words are surely a message: they stand in a body or after a status."""
_PATH = re.compile(r"^\s*[a-z_]+(?:\.\w+)*:\s")
_PROSE = 30
"""Folded characters of a pattern below which its words have to stand apart in the text too."""


@dataclass(frozen=True)
class Match:
    """A pattern found in the text; ``start`` and ``end`` are offsets into the folded text.

    ``weight`` counts the folded characters that speak for this cause alone; ``coverage`` is the found part of the
    pattern (0 to 1); ``exact`` says that all of it stands there without a break.
    """

    pattern: CompiledPattern
    start: int
    end: int
    weight: float
    coverage: float
    exact: bool


@dataclass
class _Run:
    """An alignment of a pattern with the text that grows chunk by chunk."""

    start: int
    end: int
    weight: float
    length: int
    whole: bool
    first: int


def find_matches(library: Library, folded: Folded, messages: Sequence[Fact[str]]) -> list[Match]:
    """Return every pattern that the text holds, wholly or in a part that says something, best place of each.

    ``messages``: the messages read from the text; very short patterns are only looked for at the beginning of these.
    """
    text = folded.text
    present = _present(library, text)
    numbers = {number for chunk in present for number in library.holders[chunk]}
    matches: list[Match] = []
    for number in sorted(numbers):
        pattern = library.patterns[number]
        if pattern.whole_only:
            continue
        match = _best(pattern, folded, present)
        if match is not None:
            matches.append(match)
    matches.extend(_whole_messages(library, messages))
    if not any(match.exact for match in matches):
        matches.extend(_cut_off(library, folded, messages))
    return matches


def _cut_off(library: Library, folded: Folded, messages: Sequence[Fact[str]]) -> list[Match]:
    """Return the patterns that begin with a last message too short for any chunk, since the paste ends in it."""
    last = max((fact for fact in messages if fact.rank >= _SAID), key=lambda fact: fact.span[::-1], default=None)
    if last is None or last.span.end < len(folded.original.rstrip(" .…\n")):
        return []
    words = fold(_PATH.sub("", last.value)).rstrip(".")
    start = len(folded.text.rstrip(".")) - len(words)
    if not _FEWEST <= len(words) <= _BEGINNING or not folded.text.startswith(words, start):
        return []
    found = library.beginning_with(words)
    if len({pattern.cause for pattern in found}) > _UNDECIDED:
        return []
    return [Match(p, start, start + len(words), _CUT_OFF, len(words) / p.length, False) for p in found]


def _present(library: Library, text: str) -> dict[str, int]:
    """Return the chunks that the text holds, with the first place of each."""
    present = {chunk: at for chunk in library.tiny if (at := text.find(chunk)) >= 0}
    for (letters, stride), table in zip(SAMPLINGS, library.grams, strict=True):
        # Most runs belong to no chunk: a comprehension passes over them in half the time.
        for at in [at for at in range(0, len(text) - letters + 1, stride) if text[at : at + letters] in table]:
            for chunk, place in table[text[at : at + letters]]:
                if chunk not in present and at >= place and text.startswith(chunk, at - place):
                    present[chunk] = at - place
    return present


def _whole_messages(library: Library, messages: Sequence[Fact[str]]) -> list[Match]:
    found: list[Match] = []
    beginnings = [(fold(fact.value[:200]).rstrip(".!"), *fact.span) for fact in messages]
    for pattern in library.short:
        literal = pattern.chunks[0].text
        for folded, start, end in beginnings:
            if folded == literal or (pattern.open_end and folded.startswith(literal) and len(folded) < 90):
                found.append(Match(pattern, start, end, len(literal) + 8.0, 1.0, True))
                break
    return found


def _best(pattern: CompiledPattern, folded: Folded, present: dict[str, int]) -> Match | None:
    text = folded.text
    here = [index for index, chunk in enumerate(pattern.chunks) if chunk.text in present]
    if len(here) < len(pattern.chunks) and (
        pattern.bounded or _MOSTLY * sum(pattern.chunks[index].weight for index in here) < _LEAST
    ):
        return None
    anchor = max(here, key=lambda index: pattern.chunks[index].weight)
    chunk = pattern.chunks[anchor]
    best: Match | None = None
    at = present[chunk.text]
    for _ in range(_OCCURRENCES):
        run = _align(pattern.chunks, anchor, at, text)
        match = _judge(pattern, run, folded)
        if match is not None and (best is None or match.weight > best.weight):
            best = match
            if match.exact:
                break
        at = text.find(chunk.text, at + 1)
        if at < 0:
            break
    return best


def _align(chunks: tuple[Chunk, ...], anchor: int, at: int, text: str) -> _Run:
    chunk = chunks[anchor]
    run = _Run(at, at + len(chunk.text), chunk.weight, size(chunk.text), whole=True, first=anchor)
    slack = 0
    for index in range(anchor + 1, len(chunks)):
        slack = _extend_right(run, chunks[index], slack, text)
    slack = 0
    for index in range(anchor - 1, -1, -1):
        slack = _extend_left(run, chunks[index], chunks[index + 1], slack, text)
        if slack == 0:
            run.first = index
    return run


def _extend_right(run: _Run, chunk: Chunk, slack: int, text: str) -> int:
    letters = len(chunk.text)
    at = text.find(chunk.text, run.end, run.end + chunk.gap + slack + letters)
    if at >= 0 and not slack and chunk.digits_only and not _numeric(text[run.end : at]):
        at = -1
    if at < 0:
        run.whole = False
        at = text.find(chunk.text, run.end, run.end + chunk.gap + slack + STRAY_GAP + letters)
    if at < 0:
        return slack + chunk.gap + letters
    run.end = at + letters
    run.weight += chunk.weight
    run.length += size(chunk.text)
    return 0


def _extend_left(run: _Run, chunk: Chunk, right: Chunk, slack: int, text: str) -> int:
    letters = len(chunk.text)
    at = text.rfind(chunk.text, max(0, run.start - right.gap - slack - letters), run.start)
    if at >= 0 and not slack and right.digits_only and not _numeric(text[at + letters : run.start]):
        at = -1
    if at < 0:
        run.whole = False
        at = text.rfind(chunk.text, max(0, run.start - right.gap - slack - STRAY_GAP - letters), run.start)
    if at < 0:
        return slack + right.gap + letters
    run.start = at
    run.weight += chunk.weight
    run.length += size(chunk.text)
    return 0


def _numeric(between: str) -> bool:
    return not between.strip("0123456789.,_+x*#n-")


def _judge(pattern: CompiledPattern, run: _Run, folded: Folded) -> Match | None:
    coverage = run.length / pattern.length
    if pattern.bounded and (not run.whole or coverage < 1):
        return None
    exact = run.whole and coverage >= 1
    prose = pattern.length < _PROSE and pattern.spaced and pattern.kind != "field"
    if pattern.bounded or prose:
        start, end = folded.span(run.start, run.end)
        words = folded.original[start:end]
        if prose and not any(character.isspace() for character in words):
            return None  # "InternalServerError" is a class name, not the sentence "Internal server error"
        if pattern.bounded and not _stands_alone(pattern, start, end, folded.original):
            return None
    weight = float(pattern.length)
    if not exact:
        weight = run.weight * (_MOSTLY if run.first == 0 or coverage >= 0.5 else 0.5)
        if weight < _LEAST:
            return None
    return Match(pattern, run.start, run.end, weight, coverage, exact)


def _stands_alone(pattern: CompiledPattern, start: int, end: int, original: str) -> bool:
    if _is_word(original[start]) and start > 0 and _is_word(original[start - 1]):
        escaped = start > 1 and original[start - 1] in "nrt" and original[start - 2] == "\\"
        coloured = original[start - 1] == "m" and "[" in original[max(0, start - 8) : start]
        if not (escaped or coloured):
            return False
    return pattern.open_end or not (end < len(original) and _is_word(original[end - 1]) and _is_word(original[end]))


def _is_word(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())
