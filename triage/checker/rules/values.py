"""Values that have the right type and are still outside what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from triage.checker.model import Edit, Mend
from triage.checker.pointers import Path
from triage.checker.registry import Found, rule
from triage.checker.view import Block, View, number, whole_number

_ID = re.compile(r"[a-zA-Z0-9_-]+")
_SERVER_ID = re.compile(r"srvtoolu_[a-zA-Z0-9_]+")


@rule("invalid_value")
def numbers_are_in_range(view: View) -> Iterator[Found]:
    """max_tokens isn't negative, temperature and top_p lie between 0 and 1, top_k isn't negative."""
    if view.max_tokens is not None and view.max_tokens < 0:
        mend = Mend("sets max_tokens to 1024", (Edit("replace", ("max_tokens",), 1024),))
        yield Found(("max_tokens",), "`max_tokens` can't be negative.", mend)
    for name, most in (("temperature", 1.0), ("top_p", 1.0), ("top_k", None)):
        if name not in view.request:
            continue
        value = number(view.request[name])
        mend = Mend(f"takes {name} out", (Edit("remove", (name,)),), "sampling goes back to the default")
        if value is None:
            yield Found((name,), f"`{name}` has to be a number.", mend)
        elif value < 0 or (most is not None and value > most):
            most_text = f"between 0 and {most:g}" if most else "0 or more"
            yield Found((name,), f"`{name}` is {value:g}; it has to be {most_text}.", mend)


@rule("invalid_value")
def stop_sequences_have_text(view: View) -> Iterator[Found]:
    """Each stop sequence holds more than white space."""
    sequences = view.request.get("stop_sequences")
    for index, sequence in enumerate(sequences if isinstance(sequences, list) else ()):
        if isinstance(sequence, str) and not sequence.strip():
            path = ("stop_sequences", index)
            mend = Mend("drops it", (Edit("remove", path),), "the answer doesn't stop there")
            yield Found(path, "A stop sequence has to hold more than white space.", mend)


@rule("invalid_value")
def ids_are_well_formed(view: View) -> Iterator[Found]:
    """Ids of tool calls hold letters, digits, underscore and hyphen; those of server tools begin with srvtoolu_."""
    places: dict[str, list[Path]] = {}
    for block in view.blocks:
        field = {"tool_use": "id", "tool_result": "tool_use_id"}.get(block.kind)
        if field and (identity := block.text_of(field)) is not None:
            places.setdefault(identity, []).append((*block.path, field))
    for block in view.blocks:
        identity = block.text_of("id")
        if identity is not None:
            if block.kind == "tool_use" and not _ID.fullmatch(identity):
                message = f"The id `{identity[:60]}` may only hold letters, digits, underscore and hyphen."
                yield Found((*block.path, "id"), message, partial(_clean_id, identity, places[identity]))
            elif block.kind == "server_tool_use" and not _SERVER_ID.fullmatch(identity):
                yield Found((*block.path, "id"), f"The id `{identity[:60]}` of a server tool begins with srvtoolu_.")


def _clean_id(identity: str, places: list[Path]) -> Mend:
    clean = re.sub(r"[^a-zA-Z0-9_-]", "_", identity) or "toolu_1"
    edits = tuple(Edit("replace", path, clean) for path in places)
    return Mend(f"changes the id to `{clean}`, in the call and its result", edits)


@rule("invalid_value")
def the_choice_names_a_tool(view: View) -> Iterator[Found]:
    """tool_choice needs tools, and a named tool has to be among them."""
    choice = view.request.get("tool_choice")
    if not isinstance(choice, dict):
        return
    tools = view.request.get("tools")
    if choice.get("type") in ("any", "tool") and not tools and not view.request.get("mcp_servers"):
        mend = Mend("takes tool_choice out", (Edit("remove", ("tool_choice",)),), "no tool is called")
        yield Found(("tool_choice",), "`tool_choice` is set, and there are no tools.", mend)
        return
    names = {tool.text_of("name") for tool in view.tools}
    name = choice.get("name")
    if choice.get("type") == "tool" and isinstance(name, str) and None not in names and name not in names:
        mend = Mend("changes tool_choice to auto", (Edit("replace", ("tool_choice",), {"type": "auto"}),))
        yield Found(("tool_choice", "name"), f"No tool with the name `{name[:80]}` is among the tools.", mend)


@rule("invalid_value")
def toolsets_name_their_server(view: View) -> Iterator[Found]:
    """A toolset of MCP names one of the servers of the request."""
    servers = view.request.get("mcp_servers")
    listed = servers if isinstance(servers, list) else []
    names = [server.get("name") for server in listed if isinstance(server, dict)]
    known = {name for name in names if isinstance(name, str)}
    for tool in view.tools:
        name = tool.text_of("mcp_server_name")
        if tool.kind == "mcp_toolset" and name is not None and name not in known:
            mend = Mend("drops the toolset", (Edit("remove", tool.path),), "its tools")
            yield Found((*tool.path, "mcp_server_name"), f"No server `{name[:80]}` is in `mcp_servers`.", mend)


@rule("invalid_value")
def servers_are_used(view: View) -> Iterator[Found]:
    """Where toolsets name their servers, every server has one."""
    servers = view.request.get("mcp_servers")
    used = {tool.text_of("mcp_server_name") for tool in view.tools if tool.kind == "mcp_toolset"}
    for index, server in enumerate(servers if isinstance(servers, list) else ()):
        name = server.get("name") if isinstance(server, dict) else None
        if used and isinstance(name, str) and name not in used:
            path = ("mcp_servers", index)
            mend = Mend("drops the server", (Edit("remove", path),), "its tools weren't offered anyway")
            yield Found(path, f"No toolset in `tools` names the server `{name[:80]}`.", mend)


_RUN_CODE = ("code_execution", "web_search_2026", "web_fetch_2026", "mcp_toolset")


@rule("invalid_value")
def a_container_has_code_to_run(view: View) -> Iterator[Found]:
    """A container can only be named together with a tool that runs code in it."""
    container = view.request.get("container")
    named = container.get("id") if isinstance(container, dict) else container
    if isinstance(named, str) and not any(tool.kind.startswith(_RUN_CODE) for tool in view.tools):
        path = ("container", "id") if isinstance(container, dict) else ("container",)
        mend = Mend("takes the container out", (Edit("remove", path),), "a new container is made when one is needed")
        yield Found(path, "A container can only be named together with the code execution tool.", mend)


@rule("invalid_value")
def the_model_is_named(view: View) -> Iterator[Found]:
    """The model's name isn't empty."""
    if view.request.get("model") == "":
        yield Found(("model",), "`model` is empty.")


@rule("invalid_value")
def addresses_are_https(view: View) -> Iterator[Found]:
    """Images and documents by address are only fetched over https."""
    for block in (*view.of_kind("image"), *view.of_kind("document")):
        url = _address(block)
        if url is not None and not url.lower().startswith("https://"):
            path = (*block.path, "source", "url")
            mend = None
            if url.lower().startswith("http://"):
                mend = Mend("changes http to https", (Edit("replace", path, "https" + url[4:]),))
            yield Found(path, "Only addresses that begin with https:// are fetched.", mend)


def _address(block: Block) -> str | None:
    source = block.data.get("source")
    if not isinstance(source, dict) or source.get("type") != "url":
        return None
    url = source.get("url")
    return url if isinstance(url, str) else None


@rule("invalid_value")
def batches_are_not_streamed(view: View) -> Iterator[Found]:
    """An item of a batch can't ask for streaming."""
    if view.endpoint == "batches" and view.request.get("stream") is True:
        mend = Mend("takes stream out", (Edit("remove", ("stream",)),))
        yield Found(("stream",), "An item of a batch can't be streamed.", mend)


@rule("invalid_value")
def web_tools_may_be_used(view: View) -> Iterator[Found]:
    """max_uses is at least 1."""
    for tool in view.tools:
        uses = whole_number(tool.data.get("max_uses"))
        if uses is not None and uses < 1:
            mend = Mend(
                "takes max_uses out", (Edit("remove", (*tool.path, "max_uses")),), "the number of uses is not bounded"
            )
            yield Found((*tool.path, "max_uses"), "`max_uses` has to be at least 1.", mend)
