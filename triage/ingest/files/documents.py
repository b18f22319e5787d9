"""Turns a JSON list, or objects that are printed over several lines, into one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain

from triage.ingest.files.lines import LONGEST_LINE, Line

_BETWEEN = " \t\r\n,[]"
_DECODER = json.JSONDecoder()


def one_a_line(lines: Iterator[Line]) -> Iterator[Line]:
    """Yield ``lines`` as they are, or, where they begin a list or a printed object, each object as a line of its own.

    Such a line has the number of the one that its object begins in. Memory is bounded by the largest object.
    """
    for line in lines:
        if not line.text.strip() and not line.too_long:
            continue
        rest = chain((line,), lines)
        yield from _objects(rest) if _begins_document(line.text.strip()) else rest


def _begins_document(text: str) -> bool:
    return text == "{" or (text.startswith("[") and text[1:].lstrip()[:1] in ("", "{", "]"))


def _objects(lines: Iterator[Line]) -> Iterator[Line]:
    held: list[str] = []
    first, indent, size = 0, 0, 0
    for line in lines:
        if line.too_long:
            yield line
            held, size = [], 0
            continue
        text = line.text if held else line.text.lstrip(_BETWEEN)
        if not text:
            continue
        depth = len(line.text) - len(line.text.lstrip())
        if not held:
            first, indent = line.number, depth
        held.append(text)
        size += len(text)
        closes = text.rstrip(_BETWEEN).endswith("}") and depth <= indent
        if closes or size > LONGEST_LINE:
            yield from _decoded("\n".join(held), first)
            held, size = [], 0
    if held:
        yield Line(first, "\n".join(held), complete=False)


def _decoded(text: str, number: int) -> Iterator[Line]:
    """Yield each object in ``text``; what is none is yielded as it stands, to be refused by who reads it."""
    place = 0
    while True:
        while place < len(text) and text[place] in _BETWEEN:
            place += 1
        if place == len(text):
            return
        try:
            value, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            yield Line(number, text[place:])
            return
        yield Line(number, json.dumps(value))
