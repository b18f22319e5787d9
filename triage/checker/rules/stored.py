"""Blocks that only the API can write and that have to come back as they were: compaction, encrypted results."""

from __future__ import annotations

import binascii
from collections.abc import Iterator

from triage.checker.model import Edit, Mend
from triage.checker.registry import Found, rule
from triage.checker.view import Block, View, block_at

_SHORTEST = 12
"""Bytes; encryption alone adds more than that to the shortest text."""

_ENCRYPTED = ("encrypted_content", "encrypted_stdout", "encrypted_index")
_MAY_HOLD = frozenset({*_ENCRYPTED, "content", "citations"})


@rule("compaction_block_invalid")
def a_compaction_comes_first_and_alone(view: View) -> Iterator[Found]:
    """A signed compaction block is the first block of the conversation, and the only one."""
    signed = [block for block in view.of_kind("compaction") if len(block.path) == 4 and block.text_of("signature")]
    for position, block in enumerate(signed):
        last = block is signed[-1]
        if not last:
            mend = Mend(
                "drops the older compaction", (Edit("remove", block.path),), "nothing: the newest one covers it"
            )
            yield Found(block.path, f"{len(signed)} compaction blocks; only the newest may be sent.", mend)
        elif block.path[1] != 0 or block.path[3] != 0:
            yield Found(
                block.path,
                "The compaction block has to be the first block of the conversation.",
                _drop_before(block) if position == 0 else None,
            )


def _drop_before(block: Block) -> Mend:
    message, place = int(block.path[1]), int(block.path[3])
    edits = [Edit("remove", ("messages", index)) for index in range(message)]
    edits += [Edit("remove", ("messages", message, "content", index)) for index in range(place)]
    return Mend(
        "drops what stands before the compaction", tuple(edits), "those messages; the compaction stands for them"
    )


@rule("encrypted_content_invalid")
def encrypted_fields_are_whole(view: View) -> Iterator[Found]:
    """Encrypted fields are base64 and never empty; anything else was made up, cut or masked."""
    for block in view.nested:
        if _MAY_HOLD.isdisjoint(block.data):
            continue
        for holder in (block, *_inside(block)):
            for field in _ENCRYPTED:
                value = holder.text_of(field)
                if value is not None and not _plausible(value):
                    mend = Mend("drops the result block", (Edit("remove", block.path),), "what the tool had returned")
                    message = f"`{field}` isn't what the API wrote: it is empty, cut, masked or re-encoded."
                    yield Found((*holder.path, field), message, mend)


def _inside(block: Block) -> Iterator[Block]:
    content = block.data.get("content")
    if isinstance(content, dict):
        yield block_at((*block.path, "content"), content)
    citations = block.data.get("citations")
    for index, citation in enumerate(citations if isinstance(citations, list) else ()):
        if isinstance(citation, dict):
            yield block_at((*block.path, "citations", index), citation)


def _plausible(value: str) -> bool:
    """Whether a text can be what the API wrote: base64, of either alphabet, padded or not, and not just a word."""
    standard = value.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        raw = binascii.a2b_base64((standard + "=" * (-len(standard) % 4)).encode("ascii"), strict_mode=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) >= _SHORTEST
