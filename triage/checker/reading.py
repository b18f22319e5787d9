"""Reads what a person has at hand (a request as JSON, a batch, a JSONL file) into one request or a list of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from triage.checker.model import Unreadable

MAX_BYTES = 300_000_000
"""Larger input isn't read: no endpoint takes more than 256 MB."""
MAX_DEPTH = 200
"""Deeper nesting isn't read; no request needs it, and every walk over it would have to guard its stack."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
"""An escape of a surrogate, or one that stands there by itself."""

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


def read(given: object) -> Read:
    """Read a request or a batch from text, bytes or parsed JSON.

    Raises:
        UnreadableError: it isn't JSON (with line and column), has another top shape, or is too large or too deep.
    """
    if isinstance(given, bytes | bytearray):
        given = _decode(bytes(given))
    if not isinstance(given, str):
        given = _as_text(given)
    halves = _SURROGATE.search(given) is not None
    size = len(given) if given.isascii() else len(given.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise UnreadableError(f"The input has {size:,} bytes; more than {MAX_BYTES:,} isn't read.")
    if not given.strip():
        raise UnreadableError("There is nothing in the input.", 1, 1)
    try:
        document = _parse(given)
    except UnreadableError as error:
        document = _json_lines(given, error)
        return Read("jsonl", document, size, halves)
    _check_depth(document)
    if isinstance(document, dict) and _is_item(document):
        return Read("jsonl", {"requests": [document]}, size, halves)
    return Read(_form_of(document), document, size, halves)


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


def _json_lines(text: str, whole: UnreadableError) -> dict[str, Any]:
    """Read one item per line; where the first line is no item, what was wrong with the whole is the better answer."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    items: list[Any] = []
    for number, line in lines:
        try:
            item = _parse(line, number)
        except UnreadableError:
            if not items:
                raise whole from None
            raise
        if not isinstance(item, dict) or not _is_item(item):
            if not items:
                raise whole
            raise UnreadableError(f"Line {number} is no item of a batch: it needs custom_id and params.", number, 1)
        _check_depth(item)
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


def _check_depth(document: Any) -> None:
    """Refuse what is nested too deep, level by level, so that the check itself needs no stack."""
    level = [document] if isinstance(document, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise UnreadableError(f"The JSON is nested more than {MAX_DEPTH} levels deep.")
        below = (element.values() if isinstance(element, dict) else element for element in level)
        level = [child for children in below for child in children if isinstance(child, dict | list)]


def _as_text(given: object) -> str:
    """Write parsed JSON as text, so that everything is read in the same way."""
    try:
        return json.dumps(given, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except RecursionError as error:
        raise UnreadableError(f"The JSON is nested more than {MAX_DEPTH} levels deep.") from error
    except (TypeError, ValueError) as error:
        raise UnreadableError(f"This can't be written as JSON: {error}") from error
