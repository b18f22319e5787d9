"""Reads what a person has at hand (a request as JSON, a batch, a JSONL file) into one request or a list of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from triage.checker.model import Unreadable
from triage.checker.pointers import Path, to_api_form

MAX_BYTES = 300_000_000
"""Larger input isn't read: no endpoint takes more than 256 MB."""
MAX_DEPTH = 200
"""Deeper nesting isn't read; no request needs it, and every walk over it would have to guard its stack."""

MAX_VALUES = 320_000
"""Fields and items of a request up to which it is looked at; 100,000 messages, which the API takes, have 300,000."""
MAX_ITEMS = 200_000
"""A batch of more requests isn't read; the API takes half as many."""

_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

Form = Literal["request", "batch", "jsonl"]


@dataclass(frozen=True)
class Read:
    """A request, or the items of a batch (``custom_id`` and ``params`` each)."""

    form: Form
    document: Any
    size: int
    """Bytes of the body as it was given, or as compact JSON where it was given parsed."""
    may_hold_halves: bool = True
    """Whether a lone surrogate may be in it; where not, nobody has to look at every text."""


class UnreadableError(ValueError):
    """The input is no request; carries why and where."""

    def __init__(
        self, message: str, line: int | None = None, column: int | None = None, cause: str | None = None
    ) -> None:
        super().__init__(message)
        self.reason = Unreadable(message, line, column, cause)


def read(given: object, *, whole: bool = False) -> Read:
    """Read a request or a batch from text, bytes or parsed JSON; ``whole``: however many values it holds.

    Raises:
        UnreadableError: it isn't JSON (with line and column), has another top shape, or is too large or too deep.
    """
    if isinstance(given, bytes | bytearray):
        given = _decode(bytes(given))
    if not isinstance(given, str):
        given = _as_text(given)
    size, halves = _size(given)
    if size > MAX_BYTES:
        raise UnreadableError(f"The input has {size:,} bytes; more than {MAX_BYTES:,} isn't read.")
    if not given.strip():
        raise UnreadableError("There is nothing in the input.", 1, 1)
    try:
        document = _parse(given)
    except UnreadableError as error:
        document = _json_lines(given, error, whole=whole)
        return Read("jsonl", document, size, halves)
    form = _form_of(document) if isinstance(document, dict) and not _is_item(document) else None
    if form == "request" and not whole:
        _check_number(document)
    else:
        count_values(document)
    if form == "batch" and not whole and len(document["requests"]) > MAX_ITEMS:
        raise _too_many_items(len(document["requests"]))
    if form is None and isinstance(document, dict):
        return Read("jsonl", {"requests": [document]}, size, halves)
    return Read(form or _form_of(document), document, size, halves)


def _size(text: str) -> tuple[int, bool]:
    """Return the bytes of a text, and whether half of a character may be in it, as it is or as an escape."""
    escaped = "\\u" in text and _ESCAPED_SURROGATE.search(text) is not None
    if text.isascii():
        return len(text), escaped
    try:
        return len(text.encode("utf-8")), escaped
    except UnicodeEncodeError:
        return len(text.encode("utf-8", "surrogatepass")), True


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"The input isn't UTF-8: byte {error.start} can't be read."
        raise UnreadableError(message, line, None, "invalid_json") from error


def _parse(text: str, first_line: int = 1) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        what = error.msg[:1].lower() + error.msg[1:]
        message = f"This isn't JSON: {what} in line {line}, column {error.colno}.{_hint(text)}"
        raise UnreadableError(message, line, error.colno, "invalid_json") from error
    except RecursionError as error:
        raise UnreadableError(f"The JSON is nested more than {MAX_DEPTH} levels deep.", first_line) from error
    except ValueError as error:
        raise UnreadableError(
            f"This isn't JSON that the API reads: {error}", first_line, None, "invalid_json"
        ) from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON.")


def _hint(text: str) -> str:
    start = text.lstrip()[:2]
    if start == "{'":
        return " It looks like a Python dict: print it with json.dumps(...)."
    if text.lstrip().startswith("curl"):
        return " It begins with curl: give only what stands behind -d."
    return ""


def _json_lines(text: str, problem: UnreadableError, *, whole: bool) -> dict[str, Any]:
    """Read one item per line; where the first line is no item, ``problem`` with all of it is the better answer."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) > MAX_ITEMS and not whole and lines[0][1].lstrip().startswith("{"):
        raise _too_many_items(len(lines))
    items: list[Any] = []
    for number, line in lines:
        try:
            item = _parse(line, number)
        except UnreadableError:
            if not items:
                raise problem from None
            raise
        if not isinstance(item, dict) or not _is_item(item):
            if not items:
                raise problem
            raise UnreadableError(f"Line {number} is no item of a batch: it needs custom_id and params.", number, 1)
        count_values(item)
        items.append(item)
    return {"requests": items}


def _is_item(document: dict[str, Any]) -> bool:
    return "params" in document and "messages" not in document


def _form_of(document: Any) -> Form:
    if isinstance(document, dict):
        if "messages" not in document and isinstance(document.get("requests"), list):
            return "batch"
        for wrapper in ("body", "request", "json_data", "kwargs"):
            if "messages" not in document and isinstance(document.get(wrapper), dict):
                raise UnreadableError(f"The request stands inside {wrapper!r}: give only what is in there.", 1, 1)
        return "request"
    if isinstance(document, list):
        raise UnreadableError(
            "This is a list. A request is an object with model, max_tokens and messages; "
            "a batch is an object with requests, or one item per line.",
            1,
            1,
        )
    raise UnreadableError(f"This is JSON, but no request: an object is needed, not {_name(document)}.", 1, 1)


def _name(value: Any) -> str:
    names = {str: "a text", bool: "true or false", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def count_values(document: Any) -> int:
    """Return how many fields and items a document holds, at all levels.

    Raises:
        UnreadableError: it is nested too deep.
    """
    return sum(sum(map(len, level)) for level in _levels(document))


def _levels(document: Any) -> Iterator[list[Any]]:
    """Yield the objects and lists of a document level by level, so that the check itself needs no stack."""
    level = [document] if isinstance(document, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise UnreadableError(f"The JSON is nested more than {MAX_DEPTH} levels deep.")
        yield level
        below = (element.values() if isinstance(element, dict) else element for element in level)
        level = [child for children in below for child in children if isinstance(child, dict | list)]


def _check_number(document: Any) -> None:
    """Refuse what is nested too deep, or holds too many values to be looked at one by one."""
    values, fullest = 0, document
    for level in _levels(document):
        values += sum(map(len, level))
        fullest = max(fullest, max(level, key=len), key=len)
        if values > MAX_VALUES:
            place = _way_to(fullest, document)
            where = f"`{place}`" if place else "its top level"
            raise UnreadableError(
                f"The request has more than {MAX_VALUES:,} fields and items, too many to be looked at one by one; "
                f"{where} alone holds {len(fullest):,}."
            )


def _too_many_items(count: int) -> UnreadableError:
    return UnreadableError(f"The batch has {count:,} requests; more than {MAX_ITEMS:,} aren't looked at.")


def _way_to(wanted: Any, document: Any) -> str:
    """Return the path to the object or list ``wanted`` within ``document``; empty for the document itself."""
    level: list[tuple[Path, Any]] = [((), document)]
    while level:
        below: list[tuple[Path, Any]] = []
        for way, element in level:
            if element is wanted:
                return to_api_form(document, way)
            children = element.items() if isinstance(element, dict) else enumerate(element)
            below += [((*way, key), child) for key, child in children if isinstance(child, dict | list)]
        level = below
    return ""


def _as_text(given: object) -> str:
    """Write parsed JSON as text, so that everything is read in the same way."""
    try:
        return json.dumps(given, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except RecursionError as error:
        raise UnreadableError(f"The JSON is nested more than {MAX_DEPTH} levels deep.") from error
    except (TypeError, ValueError) as error:
        raise UnreadableError(f"This can't be written as JSON: {error}") from error
