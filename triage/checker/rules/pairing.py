"""Tool calls and their results: every call answered at once, every result with a call, every id once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from triage.checker.model import Edit, Mend
from triage.checker.pointers import Path
from triage.checker.registry import Found, rule
from triage.checker.view import Block, Turn, View

INTERRUPTED = "No result: the call was interrupted."

_RESULT_OF = {
    "tool_search_tool_regex": "tool_search_tool_result",
    "tool_search_tool_bm25": "tool_search_tool_result",
}


def result_type(block: Block) -> str:
    """Return the type of the result block that answers a call of a server tool."""
    if block.kind == "mcp_tool_use":
        return "mcp_tool_result"
    name = block.text_of("name") or ""
    return _RESULT_OF.get(name, f"{name}_tool_result")


def is_server_result(kind: str) -> bool:
    """Whether a block type is the result of a tool that runs at Anthropic."""
    return kind.endswith("_tool_result") and kind != "tool_result"


def _calls(turn: Turn) -> list[Block]:
    return [block for block in turn.blocks if block.kind == "tool_use" and block.text_of("id") is not None]


def _spoken(view: View) -> list[Turn]:
    """The turns of user and assistant; a system message between them has its own rule."""
    return [turn for turn in view.turns if turn.role != "system"]


@rule("tool_use_without_result")
def every_call_is_answered_at_once(view: View) -> Iterator[Found]:
    """Each tool_use needs its tool_result at the start of the user turn right after it."""
    turns = _spoken(view)
    for number, turn in enumerate(turns):
        if turn.role != "assistant" or not (calls := _calls(turn)):
            continue
        follower = turns[number + 1] if number + 1 < len(turns) else None
        if follower is None or follower.role == "user":
            yield from _unanswered(view, turn, calls, follower)


def _unanswered(view: View, turn: Turn, calls: list[Block], follower: Turn | None) -> Iterator[Found]:
    leading: set[str] = set()
    later: dict[str, Block] = {}
    still_leading = True
    for block in follower.blocks if follower else ():
        still_leading = still_leading and block.kind == "tool_result"
        answered = block.text_of("tool_use_id") if block.kind == "tool_result" else None
        if answered is not None:
            if still_leading:
                leading.add(answered)
            else:
                later[answered] = block
    for call in calls:
        identity = call.data["id"]
        if identity in leading:
            continue
        name = call.text_of("name") or "?"
        late = later.get(identity)
        if late is not None:
            yield Found(
                late.path,
                f"The result of {name} ({identity}) stands behind other content: results come first in the turn.",
                _to_the_front(view, late),
            )
        else:
            yield Found(
                call.path,
                f"The call of {name} ({identity}) has no tool_result in the message right after it.",
                _placeholder(view, turn, follower, identity),
            )


def _to_the_front(view: View, block: Block) -> Mend | None:
    path: Path = block.path
    if view.content.get(int(path[1])) is None or path[3] == 0:
        return None
    return Mend(
        "moves the result to the front of its message",
        (Edit("remove", path), Edit("add", (*path[:3], 0), block.data)),
    )


def _placeholder(view: View, turn: Turn, follower: Turn | None, identity: str) -> Mend:
    result = {"type": "tool_result", "tool_use_id": identity, "is_error": True, "content": INTERRUPTED}
    costs = "the model is told that the call was interrupted; put the real result there if you have it"
    if follower is None:
        edit = Edit("add", ("messages", turn.messages[-1] + 1), {"role": "user", "content": [result]})
        return Mend("adds a user message with a result that says the call was interrupted", (edit,), costs)
    index = follower.messages[0]
    content = view.message_at[index].get("content")
    if isinstance(content, list):
        edit = Edit("add", ("messages", index, "content", 0), result)
    else:
        blocks: list[Any] = [result]
        if isinstance(content, str) and content.strip():
            blocks.append({"type": "text", "text": content})
        edit = Edit("replace", ("messages", index, "content"), blocks)
    return Mend("adds a result that says the call was interrupted", (edit,), costs)


@rule("tool_result_without_use")
def every_result_has_its_call(view: View) -> Iterator[Found]:
    """Each tool_result refers to a tool_use of the turn right before it, and only once."""
    if view.continues_thread:
        return
    previous: Turn | None = None
    for turn in _spoken(view):
        called = {call.data["id"] for call in _calls(previous)} if previous and previous.role == "assistant" else set()
        seen: set[str] = set()
        for block in turn.blocks:
            identity = block.text_of("tool_use_id") if block.kind == "tool_result" else None
            if identity is None or turn.role != "user":
                continue
            if identity not in called:
                yield Found(
                    block.path,
                    f"No call with the id {identity} stands in the assistant message right before this result.",
                    _as_text(block),
                )
            elif identity in seen:
                mend = Mend("drops the second result", (Edit("remove", block.path),), "the second result's content")
                yield Found(block.path, f"The call {identity} has a second result.", mend)
            seen.add(identity)
        previous = turn


def _as_text(block: Block) -> Mend:
    content = block.data.get("content")
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "\n".join(part for part in parts if isinstance(part, str))
    text = content if isinstance(content, str) and content.strip() else "(empty)"
    plain = {"type": "text", "text": f"Result of an earlier tool call: {text}"}
    return Mend(
        "turns the result into plain text",
        (Edit("replace", block.path, plain),),
        "the model no longer sees it as a tool's result; images in it are dropped",
    )


def fresh_name(name: str, taken: set[str], counts: Counter[str]) -> str:
    """Return ``name`` with the next free number behind it, and mark that as taken."""
    while True:
        counts[name] += 1
        fresh = f"{name}_{counts[name] + 1}"
        if fresh not in taken:
            taken.add(fresh)
            return fresh


@rule("tool_ids_not_unique")
def every_id_is_used_once(view: View) -> Iterator[Found]:
    """No two calls of the request share an id."""
    seen: set[str] = set()
    taken = {call.data["id"] for turn in view.turns for call in _calls(turn)}
    counts: Counter[str] = Counter()
    for number, turn in enumerate(view.turns):
        if turn.role != "assistant":
            continue
        answers = _results(view.turns[number + 1]) if number + 1 < len(view.turns) else {}
        occurrences: Counter[str] = Counter()
        for call in _calls(turn):
            identity = call.data["id"]
            place = occurrences[identity]
            occurrences[identity] += 1
            if identity not in seen:
                seen.add(identity)
                continue
            fresh = fresh_name(identity, taken, counts)
            edits = [Edit("replace", (*call.path, "id"), fresh)]
            # Within a turn calls and results of one id belong together in their order.
            if place < len(answers.get(identity, ())):
                edits.append(Edit("replace", (*answers[identity][place].path, "tool_use_id"), fresh))
            yield Found(
                call.path,
                f"The id {identity} was already used by an earlier call.",
                Mend(f"gives the later call and its result the id {fresh}", tuple(edits)),
            )


def _results(turn: Turn) -> dict[str, list[Block]]:
    """Return the tool results of a turn by the call that they name."""
    results: dict[str, list[Block]] = {}
    for block in turn.blocks:
        if block.kind == "tool_result" and (identity := block.text_of("tool_use_id")) is not None:
            results.setdefault(identity, []).append(block)
    return results


@rule("server_tool_without_result")
def server_tools_are_complete(view: View) -> Iterator[Found]:
    """A call of a server tool has its result in the assistant's turn, a result has its call before it."""
    called: set[str] = set()
    answered = {
        block.data.get("tool_use_id")
        for turn in view.turns
        for block in turn.blocks
        if is_server_result(block.kind) and isinstance(block.data.get("tool_use_id"), str)
    }
    for number, turn in enumerate(view.turns):
        # A turn that was paused is sent back as it is, and a call of an own tool may interrupt a server tool.
        open_allowed = number == len(view.turns) - 1 or bool(_calls(turn))
        for block in turn.blocks:
            identity = block.text_of("id")
            if block.kind in ("server_tool_use", "mcp_tool_use") and identity is not None:
                called.add(identity)
                if identity not in answered and not open_allowed:
                    name = block.text_of("name") or "?"
                    yield Found(
                        block.path,
                        f"The call of the server tool {name} ({identity}) has no {result_type(block)} block.",
                        Mend("drops the call", (Edit("remove", block.path),), "the model no longer sees this call"),
                    )
            reference = block.text_of("tool_use_id")
            if is_server_result(block.kind) and reference is not None and reference not in called:
                if view.continues_thread:
                    continue
                yield Found(
                    block.path,
                    f"No server_tool_use with the id {reference} stands before this {block.kind}.",
                    Mend("drops the result", (Edit("remove", block.path),), "what the tool returned"),
                )
