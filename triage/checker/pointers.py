"""Paths into a request: as JSON pointer, and in the form in which the API's messages write them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Step = str | int
Path = tuple[Step, ...]

_TAGGED_LISTS = frozenset({"content", "tools", "edits", "citations", "skills"})
_TAGGED_OBJECTS = frozenset({"source", "thinking", "tool_choice", "cache_control", "caller", "thread", "format"})


class NoSuchElementError(LookupError):
    """A path leads nowhere in this request; the message names the first step that isn't there."""


def to_pointer(path: Path) -> str:
    """Return ``path`` as a JSON pointer (RFC 6901): ``/messages/66/content/3``; the whole request is ``""``."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def look_up(request: Any, path: Path) -> Any:
    """Return the element of ``request`` that ``path`` leads to.

    Raises:
        NoSuchElementError: a step isn't there.
    """
    element = request
    for depth, step in enumerate(path):
        try:
            element = element[step]
        except (KeyError, IndexError, TypeError) as error:
            raise NoSuchElementError(f"{to_pointer(path[: depth + 1])} is not in this request") from error
    return element


def tag_of(holder: Step, container: Any, element: Any) -> str | None:
    """Return the name that the API's messages put behind an element of a union: ``custom``, ``tool_use``, ``base64``.

    ``holder`` is the field that holds the element, ``container`` what the element stands in directly.
    """
    if not isinstance(element, dict):
        return None
    kind = element.get("type")
    if isinstance(container, list):
        if holder == "tools":
            return kind if isinstance(kind, str) else "custom"
        if holder not in _TAGGED_LISTS:
            return None
    elif holder not in _TAGGED_OBJECTS:
        return None
    if kind == "document" and isinstance(source := element.get("source"), dict):
        return "pdf" if source.get("media_type") == "application/pdf" else "document"
    return kind if isinstance(kind, str) else None


def to_api_form(request: Any, path: Path) -> str:
    """Return ``path`` as the API's messages write it, the names of unions included: ``tools.0.custom.name``."""
    return ".".join(_api_steps(request, path))


def _api_steps(request: Any, path: Path) -> Iterator[str]:
    element, holder, within_system = request, "", False
    for depth, step in enumerate(path):
        yield str(step)
        container = element
        try:
            element = element[step]
        except (KeyError, IndexError, TypeError):
            yield from (str(rest) for rest in path[depth + 1 :])
            return
        if isinstance(step, str):
            holder = step
        within_system = within_system or step == "system"
        last = depth == len(path) - 1
        # A union's name is only written in front of a field, and the blocks of `system` are no union.
        if not last and isinstance(path[depth + 1], str) and not (within_system and isinstance(step, int)):
            tag = tag_of(holder, container, element)
            if tag:
                yield tag
