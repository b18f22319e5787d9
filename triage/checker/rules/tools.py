"""Tools: their names, that no two share one, that one is loaded, that the model takes their type."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial

from triage.checker.model import Edit, Mend
from triage.checker.registry import Found, rule
from triage.checker.rules.pairing import fresh_name
from triage.checker.view import Block, View

_ALLOWED = re.compile(r"[a-zA-Z0-9_-]+")


def is_custom(tool: Block) -> bool:
    """Whether a tool is the caller's own, with a schema of its own."""
    return tool.data.get("type") in (None, "custom")


@rule("tool_name_invalid")
def names_have_allowed_characters(view: View) -> Iterator[Found]:
    """Letters, digits, underscore and hyphen, up to 128."""
    longest = view.limit("tool_name") or 128
    for tool in view.tools:
        name = tool.text_of("name")
        if not is_custom(tool) or name is None:
            continue
        path = (*tool.path, "name")
        if not name:
            yield Found(path, "The name of this tool is empty.")
        elif not _ALLOWED.fullmatch(name):
            bad = "".join(sorted(set(re.sub(_ALLOWED, "", name))))[:20]
            message = f"The name `{name[:140]}` holds what isn't allowed: {bad!r}."
            fresh = re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:longest]
            yield Found(path, message, partial(_rename, view, tool, fresh))
        elif len(name) > longest:
            message = f"The name has {len(name)} characters; {longest} are allowed."
            yield Found(path, message, partial(_rename, view, tool, name[:longest]))


def _rename(view: View, tool: Block, fresh: str) -> Mend:
    """Give a tool another name, also where the history and tool_choice use it."""
    old = tool.data["name"]
    edits = [Edit("replace", (*tool.path, "name"), fresh)]
    choice = view.request.get("tool_choice")
    if isinstance(choice, dict) and choice.get("name") == old:
        edits.append(Edit("replace", ("tool_choice", "name"), fresh))
    edits += [
        Edit("replace", (*block.path, "name"), fresh)
        for block in view.blocks
        if block.kind == "tool_use" and block.data.get("name") == old
    ]
    return Mend(f"renames the tool to `{fresh}`", tuple(edits), "your code has to answer calls under the new name")


@rule("tool_names_not_unique")
def names_differ(view: View) -> Iterator[Found]:
    """No two tools of a request share a name."""
    seen: dict[str, Block] = {}
    taken = {tool.text_of("name") or "" for tool in view.tools}
    counts: Counter[str] = Counter()
    for tool in view.tools:
        name = tool.text_of("name")
        if name is None:
            continue
        if name not in seen:
            seen[name] = tool
            continue
        first = seen[name]
        message = f"`{name[:140]}` is also the name of tools.{first.path[1]}."
        if tool.data == first.data or not is_custom(tool):
            lost = None if tool.data == first.data else "the second tool"
            mend = Mend("drops the second one", (Edit("remove", tool.path),), lost)
        else:
            fresh = fresh_name(name[:120], taken, counts)
            mend = Mend(
                f"renames the second one to `{fresh}`",
                (Edit("replace", (*tool.path, "name"), fresh),),
                "your code has to answer calls under the new name",
            )
        yield Found((*tool.path, "name"), message, mend)


@rule("all_tools_deferred")
def one_tool_is_loaded(view: View) -> Iterator[Found]:
    """Not every tool may wait to be found by tool search."""
    if not view.tools or not all(_deferred(tool) for tool in view.tools):
        return
    search = [tool for tool in view.tools if tool.kind.startswith("tool_search_tool")] or view.tools[:1]
    edits = tuple(Edit("remove", (*tool.path, "defer_loading")) for tool in search if "defer_loading" in tool.data)
    names = ", ".join(str(tool.data.get("name")) for tool in search)
    mend = Mend(f"loads {names} from the beginning", edits, "its definition counts in every request") if edits else None
    yield Found(("tools",), "All tools have defer_loading: true; at least one has to be loaded.", mend)


def _deferred(tool: Block) -> bool:
    if tool.kind == "mcp_toolset":
        default = tool.data.get("default_config")
        return isinstance(default, dict) and default.get("defer_loading") is True and not tool.data.get("configs")
    return tool.data.get("defer_loading") is True


@rule("parameter_not_supported")
def the_model_takes_the_tool(view: View) -> Iterator[Found]:
    """Some models refuse older versions of a tool."""
    for tool in view.tools:
        if view.model and tool.kind in view.model.tools_refused:
            yield Found((*tool.path, "type"), f"{view.model.name} doesn't take the tool {tool.kind}.")
