"""Names the element that a path leads to, so that a person recognises it among hundreds."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from triage.checker.pointers import NoSuchElementError, Path, look_up


class Names:
    """Names the elements of one request; looks through its calls once, when the first result asks for its call."""

    def __init__(self, request: Any) -> None:
        """Take the request; it must not change while names are asked for."""
        self._request = request

    def element(self, path: Path) -> str | None:
        """Return a sentence such as "tools.187 is `mcp__jira__search`, from server `jira`".

        The nearest element with a name of its own is taken; ``None`` where there is none (the top of the request).
        """
        for depth in range(len(path), 1, -1):
            try:
                element = look_up(self._request, path[:depth])
            except NoSuchElementError:
                continue
            name = self._describe(path[:depth], element)
            if name:
                return f"{'.'.join(str(step) for step in path[:depth])} is {name}"
        return None

    def _describe(self, path: Path, element: Any) -> str | None:
        holder, index = path[-2], path[-1]
        if not isinstance(index, int) or not isinstance(element, dict):
            return None
        if holder == "tools":
            return _tool(element)
        if holder == "messages":
            role = element.get("role")
            return f"a message with the role {role}" if isinstance(role, str) else "a message"
        if holder in ("content", "system"):
            return self._block(element)
        if holder == "mcp_servers":
            return f"the MCP server {_quoted(element.get('name'))}"
        return None

    def _block(self, block: dict[str, Any]) -> str:
        kind = block.get("type")
        kind = kind if isinstance(kind, str) else "block"
        article = "an" if kind[:1] in "aeiou" else "a"
        if kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
            return f"{article} {kind} of {_quoted(block.get('name'))} ({_plain(block.get('id'))})"
        if kind.endswith("tool_result"):
            identity = block.get("tool_use_id")
            called = self._calls.get(identity) if isinstance(identity, str) else None
            return f"{article} {kind} for {_quoted(called) if called else 'a call'} ({_plain(identity)})"
        if kind in ("image", "document"):
            return f"{article} {kind}{_source(block)}"
        if kind == "text":
            return f"a text block{_opening(block.get('text'))}"
        return f"{article} {kind} block"

    @cached_property
    def _calls(self) -> dict[str, str]:
        """The tool that each call names, by the call's id; the first call where an id is used twice."""
        calls: dict[str, str] = {}
        messages = self._request.get("messages") if isinstance(self._request, dict) else None
        for message in messages if isinstance(messages, list) else ():
            content = message.get("content") if isinstance(message, dict) else None
            for block in content if isinstance(content, list) else ():
                identity, name = (block.get("id"), block.get("name")) if isinstance(block, dict) else (None, None)
                if isinstance(identity, str) and isinstance(name, str):
                    calls.setdefault(identity, name)
        return calls


def _tool(tool: dict[str, Any]) -> str:
    name, kind = tool.get("name"), tool.get("type")
    if kind == "mcp_toolset":
        return f"the toolset of the MCP server {_quoted(tool.get('mcp_server_name'))}"
    if not isinstance(name, str):
        return f"the tool {_quoted(kind)}"
    parts = name.split("__")
    if parts[0] == "mcp" and len(parts) >= 3:
        return f"{_quoted(name)}, from server {_quoted(parts[1])}"
    return _quoted(name)


def _source(block: dict[str, Any]) -> str:
    source, title = block.get("source"), block.get("title")
    parts = [_quoted(title)] if isinstance(title, str) else []
    if isinstance(source, dict):
        data = source.get("data")
        parts += [str(source[key])[:80] for key in ("media_type", "url", "file_id") if isinstance(source.get(key), str)]
        parts += [f"{len(data):,} characters"] if isinstance(data, str) else []
    return f" ({', '.join(parts)})" if parts else ""


def _opening(text: Any) -> str:
    if not isinstance(text, str) or not text.strip():
        return ""
    words = " ".join(text[:200].split())
    return f" that begins “{words[:40]}{'…' if len(words) > 40 else ''}”"


def _quoted(value: Any) -> str:
    return f"`{value[:140]}`" if isinstance(value, str) else "without a name"


def _plain(value: Any) -> str:
    return value[:80] if isinstance(value, str) else "no id"
