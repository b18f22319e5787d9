"""Text folded for comparison, so that line wraps, nesting depth, quoting style and colours vanish.

Folding drops what programs change on the way (white space, quotes, escapes, colours, boxes, line prefixes, long dashes)
and lower-cases the rest. The same folding is applied to the patterns of the knowledge and to what people paste.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

_BLOCK = 512
"""Characters folded at once; a span is mapped back by re-reading the one block that it lies in."""

_LOG_PREFIX = (
    r"^(?:"
    r"[ \t]*\d{1,4}\|[\w.-]{1,40}[ \t]*\|"  # pm2: "0|app  | "
    r"|[ \t]*[\w.-]{1,40}[ \t]+\|(?=[ \t])"  # docker compose: "web-1  | "
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,64} [\w./@-]{1,64}(?:\[\d{1,9}\])?:"  # syslog
    r")"
)
_JUNK = re.compile(
    _LOG_PREFIX
    + r"|\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|\x1b."  # terminal control sequences
    + r"|\[[0-9]{1,2}(?:;[0-9]{1,3}){0,5}m"  # colours whose escape character was lost in copying
    + r"|\\+(?:u(?:001[bB]|201[89a-fA-F]|0022|0027|0060|2019|003[ce]|00a0|2026|2014|2013|00b7|200b)"
    + r"|x1b|033|[nrt\"'`/])"  # escapes inside strings, at any nesting depth
    + r"|\.\.\.+"
    + r"|[\s\\\"'`´‘’‚‛“”„‟«»‹›「」『』＂＇|>—–‒―·•∙⋅…"  # white space, quotes, long dashes, dots between clauses
    + r"\u2500-\u259f\u23bf\u23ba-\u23bd\u200b-\u200f\u2060\ufeff\x00-\x1f\x7f]+",  # boxes, unseen characters
    re.MULTILINE,
)
_WIDE = str.maketrans("：，（）［］｛｝！？；．－", ":,()[]{}!?;.-")


def lower(text: str) -> str:
    """Return ``text`` in lower case, of the same length, so that offsets hold."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters, such as the Turkish dotted I, grow when lowered
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return lowered


def fold(text: str) -> str:
    """Return ``text`` folded for comparison; offsets are lost (see :class:`Folded` where they matter)."""
    kept = _JUNK.sub("", text)
    return lower(kept if kept.isascii() else kept.translate(_WIDE))


def _blocks(text: str) -> list[int]:
    """Return the starts of the blocks of ``text``, cut where no escape sequence can be split."""
    starts, position, size = [0], _BLOCK, len(text)
    while position < size:
        newline = text.rfind("\n", position - _BLOCK // 2, position)
        if newline >= 0:
            cut = newline + 1
        else:
            cut = position
            while cut < size and not (text[cut - 1].isalnum() and text[cut].isalnum() and _plain(text, cut)):
                cut += 1
                if cut - position > _BLOCK:
                    break
        if cut >= size:
            break
        starts.append(cut)
        position = cut + _BLOCK
    return starts


def _plain(text: str, cut: int) -> bool:
    before = text[max(0, cut - 12) : cut]
    return "\\" not in before and "\x1b" not in before


@dataclass
class Folded:
    """A text with its folded form, and the way back from folded offsets to original ones."""

    original: str
    text: str = field(init=False)
    _starts: list[int] = field(init=False, repr=False)
    _offsets: list[int] = field(init=False, repr=False)
    _maps: dict[int, tuple[list[int], list[int]]] = field(init=False, repr=False, default_factory=dict)

    _spans: dict[tuple[int, int], tuple[int, int]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Fold block by block, noting only where each block begins in both texts."""
        self._starts = _blocks(self.original)
        ends = [*self._starts[1:], len(self.original)]
        parts: list[str] = []
        self._offsets = []
        length = 0
        for start, end in zip(self._starts, ends, strict=True):
            part = fold(self.original[start:end])
            self._offsets.append(length)
            parts.append(part)
            length += len(part)
        self.text = "".join(parts)

    def origin(self, offset: int) -> int:
        """Return the offset in the original text of the folded character at ``offset``."""
        if not self.text:
            return 0
        offset = min(offset, len(self.text) - 1)
        block = bisect_right(self._offsets, offset) - 1
        folded_starts, original_starts = self._map(block)
        within = offset - self._offsets[block]
        segment = bisect_right(folded_starts, within) - 1
        return original_starts[segment] + within - folded_starts[segment]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original offsets that enclose the folded characters ``start`` to ``end``."""
        known = self._spans.get((start, end))
        if known is None:
            first = self.origin(start)
            known = (first, first) if end <= start or not self.text else (first, self.origin(end - 1) + 1)
            self._spans[start, end] = known
        return known

    def _map(self, block: int) -> tuple[list[int], list[int]]:
        if block not in self._maps:
            start = self._starts[block]
            end = self._starts[block + 1] if block + 1 < len(self._starts) else len(self.original)
            folded_starts, original_starts = [0], [start]
            kept, after = 0, start
            for junk in _JUNK.finditer(self.original[start:end]):
                kept += start + junk.start() - after
                after = start + junk.end()
                if folded_starts[-1] == kept:
                    original_starts[-1] = after
                else:
                    folded_starts.append(kept)
                    original_starts.append(after)
            self._maps[block] = (folded_starts, original_starts)
        return self._maps[block]
