"""The text as it is read: without terminal controls, with escaped letters spelled out, cut where it is too long.

Every change is remembered, so that what is read can be shown in the text that the person pasted.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from triage.diagnosis.findings import Span

_CONTROL = (
    r"\x1b\[[0-9;?]*(?:\n[^\S\n]*[0-9;?]*)?[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|\x1b[^\[\]]|\r(?=\n)"
    r"|(?<!\\)\\{1,64}(?:u001[bB]|x1[bB]|033)\[[0-9;]{0,20}m"
)
_ESCAPED_LETTER = r"(?<!\\)\\{1,64}u(?:0[0-9a-fA-F][89a-fA-F][0-9a-fA-F]|[1-9a-cA-Cf][0-9a-fA-F]{3})"
_CHANGED = re.compile(f"(?P<control>{_CONTROL})|(?P<letter>{_ESCAPED_LETTER})")
_SIGNS = ("\x1b", "\r\n", "\\u", "\\x1", "\\0")
"""What a text has to hold before anything in it is changed."""


@dataclass(frozen=True)
class Plain:
    """A readable text and where its pieces stand in the original."""

    text: str
    truncated: bool
    _here: tuple[int, ...]
    _there: tuple[int, ...]

    def origin(self, offset: int) -> int:
        """Return the offset in the original of the character at ``offset``."""
        piece = bisect_right(self._here, offset) - 1
        return self._there[piece] + offset - self._here[piece]

    def span(self, span: Span) -> Span:
        """Return ``span`` as offsets into the original."""
        if span.end <= span.start:
            return span
        return Span(self.origin(span.start), self.origin(span.end - 1) + 1)


def make_plain(original: str, limit: int) -> Plain:
    """Return ``original`` as it is read; of more than ``limit`` characters the beginning and the end."""
    half = limit // 2
    parts = (
        [(0, original)] if len(original) <= limit else [(0, original[:half]), (len(original) - half, original[-half:])]
    )
    pieces: list[str] = []
    here: list[int] = [0]
    there: list[int] = [0]
    length = 0
    for number, (offset, part) in enumerate(parts):
        if number:
            pieces.append("\n")
            length += 1
            here.append(length)
            there.append(offset)
        after = 0
        for match in _CHANGED.finditer(part) if any(sign in part for sign in _SIGNS) else ():
            spelled = _spelled(match.group("letter"))
            pieces += (part[after : match.start()], spelled)
            length += match.start() - after
            if spelled:
                here.append(length)
                there.append(offset + match.start())
                length += len(spelled)
            here.append(length)
            there.append(offset + match.end())
            after = match.end()
        pieces.append(part[after:])
        length += len(part) - after
    return Plain("".join(pieces), len(parts) > 1, tuple(here), tuple(there))


def _spelled(letter: str | None) -> str:
    return chr(int(letter[-4:], 16)) if letter else ""
