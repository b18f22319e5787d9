"""Finds the element that an error message points at: ``messages.66.content.3``, ``tools.187.custom.input_schema``."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from triage.checker.naming import Names
from triage.checker.pointers import Path, tag_of, to_api_form, to_pointer

_IN_TEXT = re.compile(
    r"(?<![\w./-])(?:requests[.\[]\d+\]?\.(?:params\.)?)?"
    r"(?:messages|tools|system|thinking|output_config|tool_choice|mcp_servers|fallbacks|context_management|metadata"
    r"|stop_sequences|max_tokens|temperature|top_p|top_k)"
    r"(?:\.[A-Za-z_$][\w$-]*|\.\d+|\[\d+\]|\[['\"][^'\"\]]{1,80}['\"]\])*"
)
_STEP = re.compile(r"\[['\"]([^'\"]+)['\"]\]|\[(\d+)\]|([^.\[\]/]+)")
_LONGEST_TEXT = 160


@dataclass(frozen=True)
class Resolved:
    """The element that a path leads to. ``complete`` is false where the path goes on to what isn't there."""

    pointer: str
    path: str
    name: str | None
    element: Any
    complete: bool
    rest: str = ""
    """The part of the path that leads to nothing, as it was written."""

    def excerpt(self) -> str:
        """Return the element as indented JSON, long texts cut."""
        return json.dumps(_shortened(self.element), indent=2, ensure_ascii=True)

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON, long texts within the element cut."""
        return {
            "pointer": self.pointer,
            "path": self.path,
            "name": self.name,
            "element": _shortened(self.element),
            "complete": self.complete,
            "rest": self.rest,
        }


def find_paths(text: str) -> list[str]:
    """Return the paths that stand in an error message, in the order of the text, each once."""
    found = []
    for match in _IN_TEXT.finditer(text):
        path = match.group().rstrip(".")
        # A lone word such as "messages" only counts where the message is about it: "max_tokens: 5 > 4".
        if "." in path or "[" in path or text[match.end() : match.end() + 1] == ":":
            found.append(path)
    return list(dict.fromkeys(found))


def resolve(path: str, request: Any) -> Resolved | None:
    """Find the element that ``path`` names in a parsed request.

    Takes a JSON pointer (``/messages/0``), the API's form with or without the names of unions
    (``messages.0.content.1.tool_use.id``), and the form with brackets (``messages[0].content[1]``).

    Returns:
        The element, or the last one on the way to it that is there; ``None`` where not even the first step is there.
    """
    steps = _steps(path)
    element, container, holder = request, None, ""
    done: Path = ()
    position = 0
    while position < len(steps):
        step = steps[position]
        inner = _enter(element, step)
        if inner is not None:
            key, below = inner
            if isinstance(key, str):
                holder = key
            container, element = element, below
            done = (*done, key)
        elif not done or not _is_tag(step, holder, container, element):
            break
        position += 1
    if not done:
        return None
    rest = ".".join(steps[position:])
    name = Names(request).element(done)
    return Resolved(to_pointer(done), to_api_form(request, done), name, element, not rest, rest)


def _steps(path: str) -> list[str]:
    text = path.strip().rstrip(":,;").strip("`'\"")
    if text.startswith("/"):
        return [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]
    return [next(group for group in match.groups() if group is not None) for match in _STEP.finditer(text)]


def _enter(element: Any, step: str) -> tuple[str | int, Any] | None:
    if isinstance(element, dict) and step in element:
        return step, element[step]
    if isinstance(element, list) and step.isascii() and step.isdigit() and len(step) < 10 and int(step) < len(element):
        return int(step), element[int(step)]
    return None


def _is_tag(step: str, holder: str, container: Any, element: Any) -> bool:
    """Whether a step is only the name of the union's member, which the request itself doesn't hold."""
    if step == tag_of(holder, container, element):
        return True
    # Relays and older answers write class names (`FrontendRemoteMcpToolDefinition`) or the member of a union
    # that the element was compared with (`str`, `list`, `thinking.adaptive`).
    known = ("custom", "text", "image", "document", "pdf", "str", "list", "tagged-union", "base64", "url", "file")
    return isinstance(element, dict | list | str) and (step in known or (step[:1].isupper() and step.isidentifier()))


def _shortened(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"{value[:_LONGEST_TEXT]}… ({len(value):,} characters)"
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    return value
