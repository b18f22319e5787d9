"""A text with some of its words marked, cut to what a page can show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from triage.diagnosis import Span

_WHOLE = 6_000
"""Characters up to which a text is shown whole."""
_AROUND = 600
"""Characters shown around each mark of a longer one."""


@dataclass(frozen=True)
class Piece:
    """A run of text, marked or not; or a gap of ``left_out`` characters that aren't shown."""

    text: str = ""
    marked: bool = False
    left_out: int = 0


def excerpt(text: str, spans: Iterable[Span]) -> list[Piece]:
    """Return ``text`` as pieces with ``spans`` marked; of a long text, only what stands around the marks."""
    marks = _merged(span for span in spans if 0 <= span.start < span.end <= len(text))
    windows = [Span(0, len(text))] if len(text) <= _WHOLE else _windows(len(text), marks)
    pieces: list[Piece] = []
    at = 0
    for window in windows:
        if window.start > at:
            pieces.append(Piece(left_out=window.start - at))
        at = window.start
        for mark in marks:
            if window.start <= mark.start < window.end:
                pieces += [Piece(text[at : mark.start]), Piece(text[mark.start : mark.end], marked=True)]
                at = mark.end
        pieces.append(Piece(text[at : window.end]))
        at = max(at, window.end)
    if at < len(text):
        pieces.append(Piece(left_out=len(text) - at))
    return [piece for piece in pieces if piece.text or piece.left_out]


def _windows(length: int, marks: list[Span]) -> list[Span]:
    around = [Span(max(0, mark.start - _AROUND), min(length, mark.end + _AROUND)) for mark in marks]
    return _merged([Span(0, _AROUND), *around])


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(Span(span.start, span.end))
    return merged
