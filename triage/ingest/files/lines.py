"""Reads a file line by line within bounded memory, whatever it is packed and encoded in."""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LONGEST_LINE = 16 * 1024 * 1024
"""Characters of a line that is read; a transcript's lines hold whole images, and tell nothing where they do."""
STANDARD_INPUT = "-"

_HEAD = 4_096
_BUFFER = 1024 * 1024
_GZIP = b"\x1f\x8b"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Unreadable(ValueError):
    """A file that can't be read, or not to its end; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, without its end."""

    number: int
    """From 1."""
    text: str
    complete: bool = True
    """Whether a line feed ended it; the last line of a file that is being written may not be whole yet."""
    too_long: bool = False
    """Whether it had more than ``LONGEST_LINE`` characters; then ``text`` is empty."""


@dataclass
class OpenFile:
    """A file that is being read."""

    name: str
    size: int | None
    """Bytes as stored; None where that can't be known beforehand."""
    position: Callable[[], int]
    """Returns how many of these bytes were taken so far."""
    lines: Iterator[Line]
    foreign_lines: int = 0
    """Lines that were no UTF-8 and were read as Windows-1252, the encoding of old logs."""


@contextmanager
def open_file(name: str) -> Iterator[OpenFile]:
    """Open ``name``, ``-`` being standard input; plain or gzip; UTF-8, UTF-16 or UTF-32, with their marks or without.

    Raises:
        Unreadable: there is no such file, or what it holds is no text. Its lines raise it where the file breaks off.
    """
    with ExitStack() as closing:
        raw: IO[bytes] = sys.stdin.buffer
        size = None
        try:
            if name != STANDARD_INPUT:
                raw = closing.enter_context(Path(name).open("rb", buffering=_BUFFER))
                size = Path(name).stat().st_size
            opened = _opened(name, size, _Counted(raw))
        except OSError as error:
            raise Unreadable(error.strerror or str(error)) from None
        yield opened


class _Counted(io.RawIOBase):
    """Counts the bytes that are read through it; a pipe can't tell where it is."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # typeshed wants any writable buffer
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)


def _opened(name: str, size: int | None, counted: _Counted) -> OpenFile:
    stream: io.BufferedReader = io.BufferedReader(counted, _BUFFER)
    opened = OpenFile(name, size, lambda: counted.taken, iter(()))
    try:
        if stream.peek(2)[:2] == _GZIP:
            stream = io.BufferedReader(gzip.GzipFile(fileobj=stream), _BUFFER)
        encoding = _encoding_of(stream.peek(_HEAD)[:_HEAD])
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(_broken_off(error)) from None
    read = _utf8_lines(stream, opened) if encoding is None else _text_lines(stream, encoding)
    opened.lines = _until_broken(read)
    return opened


def _encoding_of(head: bytes) -> str | None:
    """Return the encoding that a file's first bytes show, None for UTF-8 or one byte a character.

    Raises:
        Unreadable: they are no text.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" not in head:
        return None
    for first_zero, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):  # western text: every other byte is 0
        zeros, others = head[first_zero::2], head[1 - first_zero :: 2]
        if len(zeros) > 1 and zeros.count(0) > 0.8 * len(zeros) and others.count(0) < 0.1 * len(others) + 1:
            return encoding
    raise Unreadable("binary data, no text")


def _utf8_lines(stream: io.BufferedReader, opened: OpenFile) -> Iterator[Line]:
    number = 0
    while data := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(data) > LONGEST_LINE:
            while data and not data.endswith(b"\n"):
                data = stream.readline(LONGEST_LINE)
            yield Line(number, "", too_long=True)
            continue
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
            opened.foreign_lines += 1
        yield Line(number, text.rstrip("\r\n"), complete=data.endswith(b"\n"))


def _text_lines(stream: io.BufferedReader, encoding: str) -> Iterator[Line]:
    reader = io.TextIOWrapper(stream, encoding, errors="replace", newline="\n")
    number = 0
    while text := reader.readline(LONGEST_LINE + 1):
        number += 1
        if len(text) > LONGEST_LINE:
            while text and not text.endswith("\n"):
                text = reader.readline(LONGEST_LINE)
            yield Line(number, "", too_long=True)
            continue
        yield Line(number, text.rstrip("\r\n"), complete=text.endswith("\n"))


def _until_broken(lines: Iterator[Line]) -> Iterator[Line]:
    try:
        yield from lines
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(_broken_off(error)) from None


def _broken_off(error: Exception) -> str:
    return f"it can't be read any further: {error}"
