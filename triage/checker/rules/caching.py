"""Marks for the prompt cache: how many, and in which order their lifetimes may come."""

from __future__ import annotations

from collections.abc import Iterator

from triage.checker.model import Edit, Mend
from triage.checker.registry import Found, rule
from triage.checker.view import Block, View


def marked(view: View) -> list[Block]:
    """Return all blocks with a cache mark, in the order in which the cache reads them: tools, system, messages."""
    candidates = [*view.tools, *view.system, *view.nested]
    return [block for block in candidates if isinstance(block.data.get("cache_control"), dict)]


@rule("cache_control_limit")
def at_most_four_marks(view: View) -> Iterator[Found]:
    """No more than four blocks carry cache_control."""
    marks, limit = marked(view), view.limit("cache_control")
    if limit is None or len(marks) <= limit:
        return
    keep = {id(block.data) for block in _worth_keeping(marks, limit)}
    surplus = [block for block in marks if id(block.data) not in keep]
    edits = tuple(Edit("remove", (*block.path, "cache_control")) for block in surplus)
    mend = Mend(
        f"keeps the {limit} that reach furthest", edits, "shorter parts of the prompt are no longer cached alone"
    )
    path = (*marks[limit].path, "cache_control")
    yield Found(path, f"{len(marks)} blocks carry cache_control; {limit} are allowed.", mend)


def _worth_keeping(marks: list[Block], limit: int) -> list[Block]:
    """Keep the last mark of tools and of system, and the last ones of the messages."""
    kept: list[Block] = []
    for part in ("tools", "system"):
        kept += [block for block in marks if block.path[0] == part][-1:]
    rest = [block for block in reversed(marks) if not any(block.data is other.data for other in kept)]
    return kept + rest[: limit - len(kept)]


@rule("invalid_value")
def longer_lifetimes_come_first(view: View) -> Iterator[Found]:
    """A mark for one hour can't come after one for five minutes."""
    marks = marked(view)
    short: list[Block] = []
    for block in marks:
        if block.data["cache_control"].get("ttl", "5m") != "1h":
            short.append(block)
        elif short:
            edits = tuple(
                Edit(
                    "replace" if "ttl" in early.data["cache_control"] else "add",
                    (*early.path, "cache_control", "ttl"),
                    "1h",
                )
                for early in short
            )
            mend = Mend("lets the earlier marks hold one hour as well", edits, "writing them to the cache costs more")
            path = (*block.path, "cache_control", "ttl")
            yield Found(
                path, "A mark with ttl 1h comes after one with ttl 5m; the longer ones have to come first.", mend
            )
            return
