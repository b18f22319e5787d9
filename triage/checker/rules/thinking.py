"""Thinking: what the model takes, budgets, where thinking blocks have to stand, signatures, effort."""

from __future__ import annotations

from collections.abc import Iterator

from triage.checker.model import Edit, Mend
from triage.checker.registry import Found, rule
from triage.checker.view import EFFORTS, Block, Turn, View, whole_number

_THOUGHTS = ("thinking", "redacted_thinking")
_SIGNED = {"thinking": "signature", "redacted_thinking": "data"}
"""The field that only the API can write, by the type of the block."""


def _budget(view: View) -> int | None:
    thinking = view.request.get("thinking")
    return whole_number(thinking.get("budget_tokens")) if isinstance(thinking, dict) else None


def _refused(view: View) -> bool:
    return bool(view.model and view.model.thinking_refused and view.thinking in view.model.thinking_refused)


@rule("thinking_mode_not_supported")
def the_model_takes_this_kind_of_thinking(view: View) -> Iterator[Found]:
    """Each model refuses some values of ``thinking.type``."""
    if not (_refused(view) and view.model):
        return
    yield Found(
        ("thinking", "type"), f"{view.model.name} doesn't take thinking.type {view.thinking}.", _other_mode(view)
    )


def _other_mode(view: View) -> Mend | None:
    if view.thinking == "enabled":
        return Mend(
            "changes thinking to adaptive",
            (Edit("replace", ("thinking",), {"type": "adaptive"}),),
            "the budget; output_config.effort sets the depth instead",
        )
    if view.thinking == "disabled":
        if view.model and view.model.id == "claude-sonnet-5-5":
            return Mend("changes disabled to between_tools", (Edit("replace", ("thinking", "type"), "between_tools"),))
        return Mend("takes thinking out", (Edit("remove", ("thinking",)),), "this model always thinks")
    if view.thinking != "adaptive":
        return None
    smallest = view.limit("thinking_budget") or 1024
    if view.max_tokens is None or view.max_tokens <= smallest:
        return Mend(
            "turns thinking off", (Edit("replace", ("thinking",), {"type": "disabled"}),), "the model won't think"
        )
    budget = max(smallest, view.max_tokens // 2)
    return Mend(
        f"changes thinking to enabled with a budget of {budget:,} tokens",
        (Edit("replace", ("thinking",), {"type": "enabled", "budget_tokens": budget}),),
        "the model no longer decides by itself how much to think",
    )


@rule("thinking_budget_invalid")
def the_budget_fits(view: View) -> Iterator[Found]:
    """``budget_tokens`` is at least 1,024 and below ``max_tokens``."""
    budget, smallest = _budget(view), view.limit("thinking_budget")
    if view.thinking != "enabled" or budget is None or smallest is None or _refused(view):
        return
    path = ("thinking", "budget_tokens")
    if budget < smallest:
        mend = Mend(f"raises the budget to {smallest:,}", (Edit("replace", path, smallest),))
        yield Found(path, f"The budget is {budget:,} tokens; the smallest is {smallest:,}.", mend)
    elif view.max_tokens is not None and budget >= view.max_tokens:
        # With the interleaved-thinking beta and tools the budget covers the whole turn and may be larger.
        interleaved = bool(view.tools)
        note = " (allowed only with the interleaved-thinking beta header)" if interleaved else ""
        yield Found(
            path,
            f"The budget of {budget:,} tokens has to be below max_tokens, which is {view.max_tokens:,}{note}.",
            _room_for(view, budget),
            "warning" if interleaved else "error",
        )


def _room_for(view: View, budget: int) -> Mend | None:
    wanted = budget + max(view.max_tokens or 0, 1024)
    most = view.model.max_output if view.model else None
    if most is None or wanted <= most:
        return Mend(
            f"raises max_tokens to {wanted:,}", (Edit("replace", ("max_tokens",), wanted),), "answers may get longer"
        )
    if view.max_tokens is not None and view.max_tokens > 1024:
        lower = max(1024, view.max_tokens // 2)
        edit = Edit("replace", ("thinking", "budget_tokens"), lower)
        return Mend(f"lowers the budget to {lower:,}", (edit,), "less room to think")
    return None


def _loop_start(view: View) -> Turn | None:
    """Return the assistant's turn that began the tool loop (or the prefill) which this request continues."""
    start: Turn | None = None
    for turn in reversed(view.turns):
        if turn.role == "assistant":
            start = turn
        elif turn.role == "user":
            if not any(block.kind == "tool_result" for block in turn.blocks):
                return start
        else:
            return start
    return start


@rule("thinking_block_missing")
def a_tool_loop_begins_with_thinking(view: View) -> Iterator[Found]:
    """With a thinking budget, the assistant's turn that is being continued begins with its thinking."""
    if view.thinking != "enabled" or _refused(view) or view.continues_thread:
        return
    start = _loop_start(view)
    broken = set()
    if start is not None and start.blocks and start.blocks[0].kind not in _THOUGHTS:
        broken.add(start.messages[0])
        yield _missing(view, start)
    for turn in view.turns:
        misplaced = turn.role == "assistant" and any(block.kind in _THOUGHTS for block in turn.blocks)
        if misplaced and turn.blocks[0].kind not in _THOUGHTS and turn.messages[0] not in broken:
            yield _missing(view, turn)


def _missing(view: View, turn: Turn) -> Found:
    first = turn.blocks[0]
    place = next((number for number, block in enumerate(turn.blocks) if block.kind in _THOUGHTS), None)
    mend: Mend | None
    if place is not None and turn.blocks[place].path[:2] == first.path[:2]:
        block = turn.blocks[place]
        mend = Mend(
            "moves the thinking block to the front",
            (Edit("remove", block.path), Edit("add", first.path, block.data)),
            "it holds only if that was its place in the API's answer",
        )
    else:
        edit = Edit("replace", ("thinking",), {"type": "disabled"})
        mend = Mend("turns thinking off for this request", (edit,), "the model won't think in this turn")
    return Found(
        first.path,
        f"Thinking is on, and this assistant turn begins with {first.kind or 'another block'}, not with its thinking.",
        mend,
    )


@rule("thinking_signature_invalid")
def every_thinking_block_is_signed(view: View) -> Iterator[Found]:
    """A signature, or the data of a redacted block, is never empty."""
    for blocks in view.content.values():
        for block in blocks:
            field = _SIGNED.get(block.kind)
            if field and (value := block.text_of(field)) is not None and not value.strip():
                yield Found(
                    (*block.path, field), f"The {field} of this {block.kind} block is empty.", _drop(block, blocks)
                )


def _drop(block: Block, blocks: list[Block]) -> Mend:
    alone = len(blocks) == 1
    path = block.path[:2] if alone else block.path
    what = "drops the message, which holds nothing else" if alone else "drops the block"
    return Mend(what, (Edit("remove", path),), "the model no longer sees this piece of its thinking")


@rule("effort_not_supported")
def the_effort_is_possible(view: View) -> Iterator[Found]:
    """The model has an effort parameter, and this level, also with thinking turned off."""
    model, effort = view.model, view.effort
    if model is None or effort not in EFFORTS:
        return
    path = ("output_config", "effort")
    if model.effort == ():
        mend = Mend(
            "takes the effort out", (Edit("remove", path),), "the effort stays at what the model does by itself"
        )
        yield Found(path, f"{model.name} has no effort parameter.", mend)
    elif model.effort is not None and effort not in model.effort:
        best = model.effort[-1]
        mend = Mend(f"lowers the effort to {best}", (Edit("replace", path, best),), "less effort than was asked for")
        yield Found(path, f"{model.name} doesn't have the level {effort}; it has {', '.join(model.effort)}.", mend)
    elif (
        model.effort_without_thinking is not None
        and view.thinking == "disabled"
        and effort not in model.effort_without_thinking
    ):
        best = model.effort_without_thinking[-1]
        mend = Mend(f"lowers the effort to {best}", (Edit("replace", path, best),), "less effort than was asked for")
        yield Found(path, f"{model.name} takes the level {effort} only with thinking.", mend)
