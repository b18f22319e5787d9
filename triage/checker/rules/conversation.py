"""Roles, their order, and what may stand in which role: beginning, end, system messages, empty content."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from triage.checker.model import Edit, Mend
from triage.checker.registry import Found, rule
from triage.checker.rules.pairing import is_server_result
from triage.checker.view import FROM_ASSISTANT_SERVER, Block, Turn, View

_ONLY_FROM_ASSISTANT = ("tool_use", "server_tool_use", "mcp_tool_use", "thinking", "redacted_thinking")


@rule("invalid_value")
def there_are_messages(view: View) -> Iterator[Found]:
    """At least one message, and no more than the API takes."""
    messages = view.request.get("messages")
    if not isinstance(messages, list):
        return
    if not messages:
        yield Found(("messages",), "There has to be at least one message.")
    limit = view.limit("messages")
    if limit is not None and len(messages) > limit:
        yield Found(("messages",), f"{len(messages):,} messages; the API takes {limit:,}.")


@rule("role_order")
def the_user_begins(view: View) -> Iterator[Found]:
    """The first message has the role user, unless it carries a compacted conversation."""
    if not view.messages or view.messages[0][0] != 0:
        return
    index, first = view.messages[0]
    blocks = view.content[index]
    if first.get("role") != "assistant" or (blocks and blocks[0].kind == "compaction"):
        return
    mend = None
    if any(message.get("role") == "user" for _, message in view.messages):
        mend = Mend(
            "drops the assistant's first message",
            (Edit("remove", ("messages", 0)),),
            "what the assistant said first; put it into `system` if it matters",
        )
    yield Found(("messages", 0), "The first message has to have the role user.", mend)


@rule("system_role_misplaced")
def system_messages_stand_where_they_may(view: View) -> Iterator[Found]:
    """A system message never comes first, needs a newer model, and follows a user's turn."""
    messages = view.message_at
    for index, message in view.messages:
        if message.get("role") != "system" or _is_directive(message):
            continue
        why = _why_misplaced(view, index, messages)
        if why:
            yield Found(("messages", index), why, partial(_into_system, view, index, message))


def _why_misplaced(view: View, index: int, messages: dict[int, dict[str, Any]]) -> str | None:
    if index == 0 and not view.continues_thread:
        return "A system message can't be the first message: the system prompt belongs in `system`."
    if view.model and view.model.system_messages is False:
        return f"{view.model.name} takes no system messages within the conversation."
    before, after = messages.get(index - 1), messages.get(index + 1)
    if before is not None and before.get("role") == "assistant":
        blocks = view.content[index - 1]
        if not (blocks and blocks[-1].kind in FROM_ASSISTANT_SERVER):
            return "A system message has to follow a user message."
    # Of several system messages in a row only the last one's place counts.
    if after is not None and after.get("role") == "user":
        return "A system message has to be the last message or be followed by the assistant's."
    return None


def _is_directive(message: dict[str, Any]) -> bool:
    """Whether a system message only sets the output_config of the turns to come, which it may do anywhere."""
    return not message.get("content") and bool(message.get("output_config"))


def _into_system(view: View, index: int, message: dict[str, Any]) -> Mend | None:
    content, system = message.get("content"), view.request.get("system")
    texts: list[Any] = [{"type": "text", "text": content}] if isinstance(content, str) else view_texts(view, index)
    if not texts or not isinstance(system, str | list | None):
        return None
    if system is None and isinstance(content, str):
        joined: Any = content
    elif isinstance(system, str):
        joined = "\n\n".join([system, *(block["text"] for block in texts)])
    else:
        joined = [*(system or []), *texts]
    op = Edit("replace" if "system" in view.request else "add", ("system",), joined)
    return Mend(
        "moves the text to the top-level `system`",
        (Edit("remove", ("messages", index)), op),
        None if index == 0 else "the instruction holds from the beginning, and the prompt cache starts anew",
    )


def view_texts(view: View, index: int) -> list[Any]:
    """Return the blocks of a message where all of them are text, else nothing."""
    blocks = view.content[index]
    return [block.data for block in blocks] if all(block.text_of("text") is not None for block in blocks) else []


@rule("missing_field")
def a_system_message_says_something(view: View) -> Iterator[Found]:
    """A system message has content, or else sets the output_config."""
    for index, message in view.messages:
        if message.get("role") == "system" and "content" not in message and not message.get("output_config"):
            yield Found(("messages", index, "content"), "`content` is required here unless output_config is set.")


@rule("invalid_value")
def blocks_stand_in_their_role(view: View) -> Iterator[Found]:
    """Calls and thinking come from the assistant, results of own tools from the user."""
    for index, message in view.messages:
        role = message.get("role")
        for block in view.content[index]:
            if role == "user" and block.kind in _ONLY_FROM_ASSISTANT:
                yield Found(block.path, f"A {block.kind} block can only stand in an assistant message.")
            elif role == "assistant" and block.kind == "tool_result":
                yield Found(block.path, "A tool_result block can only stand in a user message.")


@rule("prefill_not_supported")
def the_conversation_ends_with_the_user(view: View) -> Iterator[Found]:
    """Newer models don't continue an assistant message."""
    if not view.turns or view.turns[-1].role != "assistant" or view.endpoint == "count_tokens":
        return
    turn = view.turns[-1]
    last = turn.blocks[-1].kind if turn.blocks else "text"
    if _says_nothing(view, turn):
        return
    paused = last in FROM_ASSISTANT_SERVER or is_server_result(last)
    if (
        paused
        or last in ("tool_use", "compaction", "container_upload")
        or not (view.model and view.model.prefill is False)
    ):
        return
    index = turn.messages[-1]
    mend = None
    if any(earlier.role == "user" for earlier in view.turns[:-1]):
        mend = Mend(
            "drops the assistant's last message",
            tuple(Edit("remove", ("messages", number)) for number in turn.messages),
            "the beginning of the answer isn't fixed any more; output_config.format fixes its form",
        )
    yield Found(("messages", index), f"{view.model.name} can't continue an assistant message.", mend)


@rule("trailing_whitespace")
def a_prefill_ends_in_no_space(view: View) -> Iterator[Found]:
    """The text that the model is to continue must not end in white space."""
    if (
        not view.messages
        or view.messages[-1][1].get("role") != "assistant"
        or (view.model and view.model.prefill is False)
    ):
        return
    index, message = view.messages[-1]
    content = message.get("content")
    path: tuple[str | int, ...] = ("messages", index, "content")
    if isinstance(content, list) and (blocks := view.content[index]) and blocks[-1].kind == "text":
        content, path = blocks[-1].data.get("text"), (*blocks[-1].path, "text")
    if isinstance(content, str) and content.strip() and content != content.rstrip():
        mend = Mend("takes the white space off the end", (Edit("replace", path, content.rstrip()),))
        yield Found(path, "The last assistant text ends in white space.", mend)


@rule("empty_content")
def nothing_is_empty(view: View) -> Iterator[Found]:
    """Turns and text blocks hold more than white space; only the assistant's last turn may be empty."""
    messages = view.message_at
    for number, turn in enumerate(view.turns):
        optional = number == len(view.turns) - 1 and turn.role == "assistant"
        if _says_nothing(view, turn) and not optional and not all(_is_directive(messages[i]) for i in turn.messages):
            yield _empty_message(view, turn.messages[0], "is empty")
        for index in turn.messages:
            content = messages[index].get("content")
            if isinstance(content, str) and content and not content.strip():
                yield _empty_message(view, index, "holds white space only")
            for block in view.content[index]:
                yield from _empty_text(view, block, len(view.content[index]))
    for block in view.system:
        yield from _empty_text(view, block, len(view.system))
    system = view.request.get("system")
    if isinstance(system, str) and system and not system.strip():
        mend = Mend("drops the empty system prompt", (Edit("remove", ("system",)),))
        yield Found(("system",), "The system prompt holds white space only.", mend)


def _says_nothing(view: View, turn: Turn) -> bool:
    """Whether all messages of a turn are empty; the API joins them before it looks."""
    return all(view.message_at[index].get("content") in ("", []) for index in turn.messages)


def _empty_message(view: View, index: int, what: str) -> Found:
    role = view.message_at[index].get("role")
    mend = None
    if len(view.messages) > 1:
        mend = Mend("drops the message", (Edit("remove", ("messages", index)),))
    return Found(("messages", index), f"This {role} message {what}.", mend)


def _empty_text(view: View, block: Block, siblings: int) -> Iterator[Found]:
    text = block.text_of("text")
    if block.kind != "text" or text is None or text.strip():
        return
    mend = None
    if siblings > 1:
        mend = Mend("drops the empty block", (Edit("remove", block.path),), _mark_lost(block))
    elif block.path[0] == "messages" and len(view.messages) > 1:
        mend = Mend("drops the message that holds nothing else", (Edit("remove", block.path[:2]),), _mark_lost(block))
    elif block.path[0] == "system":
        mend = Mend("drops the empty system prompt", (Edit("remove", ("system",)),), _mark_lost(block))
    what = "is empty" if not text else "holds white space only"
    yield Found((*block.path, "text"), f"This text block {what}.", mend)


def _mark_lost(block: Block) -> str | None:
    return "its cache_control mark" if block.data.get("cache_control") else None
