"""Reads the sentences in which something says what is wrong."""

from __future__ import annotations

import re

from triage.diagnosis.findings import Span
from triage.diagnosis.reading.evidence import Fact

_KEY = re.compile(r"(?:message|msg|detail|error_?description|error)\\*[\"'”’]?\s{0,4}[:=：]\s{0,12}(?=\\*[\"'“”‘’])")
_QUOTE = re.compile(r"(\\*)([\"'“”‘’])")
_CLOSING = {"“": "”", "‘": "’"}
_AFTER_STATUS = re.compile(
    r"(?:error|error code|request rejected|http(?:/[\d.]{1,3})?)\W{0,6}[2-5]\d\d(?!\d)[)\]]?[^\S\n]{0,3}[:·-]?\s{0,4}"
    r"([^\s{<(][^\n]{2,600})"
)
_AFTER_CLASS = re.compile(r"(?:error|exception|failure|fault)(?::| -)[^\S\n]{1,3}([^\n{]{3,600})")
_AFTER_LABEL = re.compile(
    r"(?m)^\W{0,8}(?:message|reason|fehler|错误|エラー|오류)[^\S\n]{0,2}[:：][^\S\n]{0,3}([^\n{]{3,600})"
)
_SPACES = re.compile(r"\s+")
_LEAST, _MOST, _COUNT = 2, 4000, 60
_FEW_CHARACTERS, _FEW_LINES = 600, 4


def read_messages(text: str, lowered: str) -> list[Fact[str]]:
    """Return the messages in the text's order; the rank is higher for values of a body's ``message`` field.

    ``lowered`` is the text in lower case, of the same length. A value that holds another body gives way to the
    messages inside it.
    """
    found: dict[int, Fact[str]] = {}
    for match in _KEY.finditer(lowered):
        if len(found) >= _COUNT:
            break
        value = _quoted(text, match.end())
        if value is not None and value.span.start not in found:
            found[value.span.start] = value
    for rank, form in ((2, _AFTER_STATUS), (1, _AFTER_CLASS), (1, _AFTER_LABEL)):
        for match in form.finditer(lowered):
            if len(found) >= 2 * _COUNT:
                break
            words = text[match.start(1) : match.end(1)].strip()
            if match.start(1) not in found and words:
                found[match.start(1)] = Fact(_clean(words), Span(match.start(1), match.start(1) + len(words)), rank)
    return [found[at] for at in sorted(found)]


def read_short_lines(text: str) -> list[Fact[str]]:
    """Return the lines of a text of a few lines, each as a message: people also paste the bare sentence."""
    if len(text) > _FEW_CHARACTERS:
        return []
    lines = list(re.finditer(r"[^\n]*[^\s][^\n]*", text))
    if len(lines) > _FEW_LINES:
        return []
    return [Fact(_clean(line.group(0)), Span(line.start(), line.end()), 0) for line in lines]


def _quoted(text: str, at: int) -> Fact[str] | None:
    """Return the string that begins at ``at``, up to its quote of the same kind and escape depth."""
    opening = _QUOTE.match(text, at)
    if not opening:
        return None
    depth, quote = len(opening.group(1)), _CLOSING.get(opening.group(2), opening.group(2))
    start = position = opening.end()
    limit = min(len(text), start + _MOST)
    while True:
        end = text.find(quote, position, limit)
        if end < 0:
            end = limit if limit == len(text) else text.rfind(" ", start, limit)
            break
        slashes = end
        while slashes > start and text[slashes - 1] == "\\":
            slashes -= 1
        follows = text[end + 1 : end + 3].lstrip("\\ \n")[:1]
        if end - slashes == depth and (follows in ",}])\n" or not follows or end + 1 == len(text)):
            end = slashes
            break
        position = end + 1
    value = text[start:end]
    if len(value) < _LEAST or (re.match(r"\s*\\*[\"']?\s*[{\[]\\*[\"']", value) and "message" in value):
        return None
    return Fact(_clean(value), Span(start, end), 3)


def _clean(value: str) -> str:
    value = re.sub(r"\\+(?=[\"'`/])", "", value)
    value = re.sub(r"\\+[nrt]", " ", value)
    value = re.sub(r"\x1b\[[0-9;]*m|[\u2500-\u259f]", "", value)
    return _SPACES.sub(" ", value).strip()
