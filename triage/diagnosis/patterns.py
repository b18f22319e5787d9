"""The knowledge's patterns, prepared for searching.

A pattern is cut at its placeholders into pieces, and each piece at word ends into chunks of a few words. Chunks are
looked for with ``str.find``, so the time is linear in the text whatever the text is, and a message that is cut off or
wrapped into a second column still matches by the chunks that are left.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from triage.diagnosis.folding import fold
from triage.knowledge import Cause, Knowledge
from triage.knowledge.schema import Pattern, PatternKind, Place

_HTML = frozenset(
    {"title", "html", "head", "body", "h1", "h2", "h3", "p", "center", "hr", "pre", "div", "span", "a", "br"}
)
_PLACEHOLDER = re.compile(r"<([A-Za-z][A-Za-z0-9_ ]{0,40})>|\([a-z]+(?:\|[a-z]+)+\)")
_PATH = re.compile(r"^\W*(?:<\w+>\W*)?(?:API Error:? *(?:\d{3})?[ :·]*)")
"""What a program prints before a message."""
_NUMBER_GAP, _INDEX_GAP, _TEXT_GAP = 24, 12, 120
STRAY_GAP = 90
"""Folded characters of something else that may stand inside a message: a second pane, a log prefix."""
_ENVELOPE = re.compile(r"type:error|error:\{|_error,message|errorcode:\d|apierror:?\d")
"""What every error body and line has around its message: it speaks for no cause."""
_CHUNK = 16
"""Folded characters at which a chunk ends with the word that reaches it."""
SAMPLINGS = ((8, 4), (5, 2))
"""(letters, stride): the text is sampled every ``stride`` characters for runs of ``letters``; a chunk of at least
``letters + stride - 1`` characters can't slip through. A chunk goes with the first sampling that it is long enough for.
"""
_BRIEF, _BRIEF_GAP = 22, 64
"""A pattern of few words must not bridge as much as one of many."""
_WHOLE_ONLY = 9
"""A pattern with fewer folded characters than this has to be the beginning of a whole message."""
_BOUNDED = 18
"""A pattern with fewer folded characters than this has to stand between word boundaries."""


@dataclass(frozen=True)
class Chunk:
    """A few words of a pattern. ``gap``: how many folded characters may lie between it and the chunk before it."""

    text: str
    gap: int
    digits_only: bool
    weight: float


@dataclass(frozen=True)
class CompiledPattern:
    """A pattern of a cause, ready for searching. ``length`` is the size of its folded literals."""

    cause: str
    kind: PatternKind
    source_text: str
    chunks: tuple[Chunk, ...]
    length: int
    whole_only: bool
    open_end: bool
    where: Place | None
    """The program that means the cause by these words, where others print them for another one too."""

    @property
    def spaced(self) -> bool:
        """Whether the pattern has white space between its words."""
        return " " in self.source_text.strip()

    @property
    def bounded(self) -> bool:
        """Whether the words have to stand alone, since they are short enough to be part of another word."""
        return self.length < _BOUNDED


@dataclass(frozen=True)
class Library:
    """All compiled patterns, and for each chunk the patterns that hold it."""

    patterns: tuple[CompiledPattern, ...]
    holders: dict[str, tuple[int, ...]]
    grams: tuple[dict[str, tuple[tuple[str, int], ...]], ...]
    """For each sampling, its chunks by every run of letters in them, with the run's places in the chunk, last first."""
    tiny: tuple[str, ...]
    """The chunks that are too short to be found by their runs."""
    short: tuple[CompiledPattern, ...]
    """Those that have to be the beginning of a whole message."""
    beginnings: tuple[tuple[str, int], ...]
    """The folded first literal of each pattern with its number, in alphabetical order."""
    exceptions: dict[str, tuple[str, ...]]
    """Exception names and errno codes (as written) with the causes that they go with."""

    def beginning_with(self, words: str) -> tuple[CompiledPattern, ...]:
        """Return the patterns whose first literal is longer than ``words`` (folded) and begins with them."""
        at = bisect_left(self.beginnings, (words, -1))
        found: list[CompiledPattern] = []
        while at < len(self.beginnings) and self.beginnings[at][0].startswith(words):
            if len(self.beginnings[at][0]) > len(words):
                found.append(self.patterns[self.beginnings[at][1]])
            at += 1
        return tuple(found)


def size(folded: str) -> int:
    """Return how much a folded text says, in letters of an alphabet; a Chinese character counts as three."""
    return (
        len(folded) if folded.isascii() else sum(3 if "\u2e80" <= character <= "\uffdc" else 1 for character in folded)
    )


def _pieces(text: str) -> list[tuple[str, int, bool]]:
    """Split a pattern at its placeholders into (literal, gap before it, gap holds digits only)."""
    pieces: list[tuple[str, int, bool]] = []
    position, gap, digits = 0, 0, False
    for match in _PLACEHOLDER.finditer(text):
        name = match.group(1)
        if name and name.lower() in _HTML:
            continue
        literal = text[position : match.start()]
        if fold(literal):
            pieces.append((literal, gap, digits))
            gap, digits = 0, False
        elif gap:
            digits = False
        number = name == "n"
        width = _NUMBER_GAP if number else _INDEX_GAP if name in ("i", "j", "code") else _TEXT_GAP
        digits = number and (gap == 0 or digits)
        gap += width
        position = match.end()
    if fold(text[position:]):
        pieces.append((text[position:], gap, digits))
    return pieces


def _words(literal: str) -> list[str]:
    """Cut a literal into chunks of at least ``_CHUNK`` folded characters, at white space."""
    chunks: list[str] = []
    current = ""
    for word in literal.split():
        current += fold(word)
        if len(current) >= _CHUNK:
            chunks.append(current)
            current = ""
    if current:
        if chunks and len(current) < 8:
            chunks[-1] += current
        else:
            chunks.append(current)
    return chunks


def _compile(text: str) -> tuple[list[tuple[str, int, bool]], bool]:
    """Return the chunks of one pattern as (text, gap, digits only), and whether it ends in a placeholder."""
    found: list[tuple[str, int, bool]] = []
    carried = 0
    stripped = text.strip().rstrip(".…")
    pieces = _pieces(stripped)
    brief = sum(size(fold(literal)) for literal, _, _ in pieces) < _BRIEF
    for literal, wide, digits in pieces:
        gap = min(wide, _BRIEF_GAP) if brief else wide
        for number, chunk in enumerate(_words(literal)):
            before, only_digits = (gap + carried, digits and not carried) if number == 0 else (0, False)
            if len(chunk) < 3 and found:
                carried = before + len(chunk)
                continue
            found.append((chunk, before if found else 0, only_digits))
            carried = 0
    last = _PLACEHOLDER.search(stripped[-44:])
    return found, bool(last and stripped.endswith(last.group(0)))


_libraries: dict[int, tuple[Knowledge, Library]] = {}


def library_of(knowledge: Knowledge) -> Library:
    """Return the compiled patterns of ``knowledge``; compiled once per knowledge object."""
    held = _libraries.get(id(knowledge))
    if held is None:
        held = _libraries[id(knowledge)] = (knowledge, _build(tuple(knowledge.causes.values())))
    return held[1]


def _build(causes: tuple[Cause, ...]) -> Library:
    raw: list[tuple[Cause, Pattern, list[tuple[str, int, bool]], bool]] = []
    for cause in causes:
        for pattern in cause.patterns:
            chunks, open_end = _compile(pattern.text)
            if chunks:
                raw.append((cause, pattern, chunks, open_end))
    texts = {cause.slug: "\n".join(fold(pattern.text) for pattern in cause.patterns) for cause in causes}
    shared: dict[str, int] = {}
    for words in {words for *_, chunks, _ in raw for words, _, _ in chunks}:
        everywhere = len(causes) if _ENVELOPE.search(words) else 0
        shared[words] = max(everywhere, sum(words in text for text in texts.values()), 1)
    patterns: list[CompiledPattern] = []
    holders: dict[str, list[int]] = {}
    for cause, pattern, chunks, open_end in raw:
        length = sum(size(words) for words, _, _ in chunks)
        compiled = tuple(Chunk(words, gap, digits, size(words) / shared[words]) for words, gap, digits in chunks)
        for chunk in compiled:
            holders.setdefault(chunk.text, []).append(len(patterns))
        whole_only = length < _WHOLE_ONLY
        patterns.append(
            CompiledPattern(
                cause.slug, pattern.kind, pattern.text, compiled, length, whole_only, open_end, pattern.where
            )
        )
    grams, tiny = _sampled(holders)
    return Library(
        tuple(patterns),
        {chunk: tuple(dict.fromkeys(numbers)) for chunk, numbers in holders.items()},
        grams,
        tiny,
        tuple(one for one in patterns if one.whole_only),
        tuple(sorted((fold(_PATH.sub("", _pieces(p.source_text)[0][0])), n) for n, p in enumerate(patterns))),
        _names(causes),
    )


def _names(causes: tuple[Cause, ...]) -> dict[str, tuple[str, ...]]:
    names: dict[str, list[str]] = {}
    for cause in causes:
        for name in cause.seen_with.exception:
            names.setdefault(name, []).append(cause.slug)
    return {name: tuple(slugs) for name, slugs in names.items()}


def _sampled(chunks: Iterable[str]) -> tuple[tuple[dict[str, tuple[tuple[str, int], ...]], ...], tuple[str, ...]]:
    """Return for each sampling its chunks by their runs of letters, and the chunks too short for any."""
    grams: list[dict[str, list[tuple[str, int]]]] = [{} for _ in SAMPLINGS]
    tiny: list[str] = []
    for words in chunks:
        for (letters, stride), table in zip(SAMPLINGS, grams, strict=True):
            if len(words) >= letters + stride - 1:
                for at in range(len(words) - letters, -1, -1):
                    table.setdefault(words[at : at + letters], []).append((words, at))
                break
        else:
            tiny.append(words)
    return tuple({run: tuple(found) for run, found in table.items()} for table in grams), tuple(tiny)
