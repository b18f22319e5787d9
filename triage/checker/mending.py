"""Applies mends: makes a new request from the old one and says what was done to it and what that cost."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from typing import Any

from triage.checker.model import Edit, Finding, Mend
from triage.checker.pointers import Path
from triage.checker.reading import count_values

_LONGEST_LINE = 400
_MOST_LINES = 40_000


def apply(request: Any, findings: Iterable[Finding]) -> tuple[Any, list[Finding]]:
    """Apply the mends of ``findings`` that don't touch one another to a copy of ``request``.

    Returns:
        The new request, which shares with the old one what no edit touched, and the findings whose mends went into
        it; the others have to wait for the next round.
    """
    taken: list[Edit] = []
    used: list[Finding] = []
    for finding in findings:
        edits = finding.mended.edits if finding.mended else ()
        if edits and not any(_collide(edit.path, other.path) for edit in edits for other in taken):
            taken += edits
            used.append(finding)
    mended = request
    copies: dict[int, Any] = {}
    # From the end to the beginning, so that no edit moves the place of one that is still to come; within one mend a
    # removal at the same place comes before what is put there.
    for edit in sorted(taken, key=_from_the_end, reverse=True):
        mended = _apply(mended, edit, copies)
    return mended, used


def _collide(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _from_the_end(edit: Edit) -> tuple[tuple[tuple[int, int, str], ...], int]:
    steps = tuple((1, step, "") if isinstance(step, int) else (0, 0, step) for step in edit.path)
    return steps, 1 if edit.op == "remove" else 0


def _apply(request: Any, edit: Edit, copies: dict[int, Any]) -> Any:
    """Return ``request`` with ``edit`` done to it; ``copies`` holds, by their id, the containers that were copied."""
    root = holder = _own(request, copies)
    for step in edit.path[:-1]:
        holder[step] = _own(holder[step], copies)
        holder = holder[step]
    last = edit.path[-1]
    if edit.op == "remove":
        del holder[last]
    elif edit.op == "add" and isinstance(holder, list):
        holder.insert(int(last), edit.value)
    else:
        holder[last] = edit.value
    return root


def _own(container: Any, copies: dict[int, Any]) -> Any:
    """Return a copy of a container that may be changed: the container itself where it is such a copy already."""
    if id(container) not in copies:
        made = container.copy()
        copies[id(made)] = made
        return made
    return container


def as_text(document: Any) -> str:
    """Return a request as indented JSON, as the mended file holds it."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return text if _can_be_sent(text) else json.dumps(document, indent=2)


def as_line(document: Any) -> str:
    """Return a request as one line of JSONL."""
    text = json.dumps(document, ensure_ascii=False)
    return text if _can_be_sent(text) else json.dumps(document)


def _can_be_sent(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def difference(before: Any, after: Any) -> str:
    """Return the unified diff of two requests as indented JSON; overlong lines (base64) are cut in it.

    Empty where nothing changed, and where the request has too many lines for a diff that somebody would read.
    """
    if max(count_values(before), count_values(after)) > _MOST_LINES:
        return ""
    old, new = _lines(before), _lines(after)
    if max(len(old), len(new)) > _MOST_LINES:
        return ""
    return (
        "\n".join(difflib.unified_diff(old, new, "request.json", "request.mended.json", lineterm=""))
        if old != new
        else ""
    )


def _lines(document: Any) -> list[str]:
    return [_cut(line) for line in as_text(document).splitlines()]


def _cut(line: str) -> str:
    if len(line) <= _LONGEST_LINE:
        return line
    return f"{line[: _LONGEST_LINE // 2]} … {len(line) - _LONGEST_LINE:,} more … {line[-_LONGEST_LINE // 2 :]}"


def account(used: Iterable[Finding]) -> list[Mend]:
    """Return the mends that went into a request, each wording once."""
    unique: dict[tuple[str, str | None], Mend] = {}
    for finding in used:
        if finding.mended:
            unique.setdefault((finding.mended.does, finding.mended.costs), finding.mended)
    return list(unique.values())
