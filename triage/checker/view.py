"""What a rule gets to see: one request, where it goes, what is known about its model, and its parts by path."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from triage.checker.pointers import Path
from triage.checker.shapes import Compared, compare
from triage.knowledge.facts import Effort, Endpoint, Facts, Model

FROM_ASSISTANT_SERVER = frozenset({"server_tool_use", "mcp_tool_use"})


class Block(NamedTuple):
    """A content block and where it stands."""

    path: Path
    data: dict[str, Any]
    kind: str
    """The block's type; empty where it has none."""

    def text_of(self, field: str) -> str | None:
        """Return a field that has to be text; ``None`` where it is missing or something else."""
        value = self.data.get(field)
        return value if isinstance(value, str) else None


class Turn(NamedTuple):
    """Neighbouring messages of one role, which the API takes as one turn."""

    role: str
    messages: tuple[int, ...]
    blocks: tuple[Block, ...]


@dataclass
class View:
    """One Messages request, with its parts at hand; parts of a wrong type are left out (the shape rule names them)."""

    request: dict[str, Any]
    endpoint: Endpoint
    facts: Facts
    today: dt.date
    size: int
    may_hold_halves: bool = True

    @cached_property
    def model(self) -> Model | None:
        """What is known about the requested model; ``None`` where it isn't known or not named in the body."""
        name = self.request.get("model")
        return self.facts.models.get(name) if isinstance(name, str) else None

    @cached_property
    def shape(self) -> Compared:
        """What the comparison with the shapes of the SDK's types found."""
        return compare(self.request, self.endpoint)

    @cached_property
    def messages(self) -> list[tuple[int, dict[str, Any]]]:
        """The messages that are objects, with their index."""
        messages = self.request.get("messages")
        if not isinstance(messages, list):
            return []
        return [(index, message) for index, message in enumerate(messages) if isinstance(message, dict)]

    @cached_property
    def message_at(self) -> dict[int, dict[str, Any]]:
        """The messages that are objects, by their index."""
        return dict(self.messages)

    @cached_property
    def tools(self) -> list[Block]:
        """The entries of ``tools`` that are objects."""
        return list(_objects(self.request.get("tools"), ("tools",)))

    @cached_property
    def system(self) -> list[Block]:
        """The blocks of ``system``, where it is a list."""
        return list(_objects(self.request.get("system"), ("system",)))

    @cached_property
    def content(self) -> dict[int, list[Block]]:
        """The blocks of each message whose content is a list, by the message's index."""
        return {
            index: list(_objects(message.get("content"), ("messages", index, "content")))
            for index, message in self.messages
        }

    @cached_property
    def blocks(self) -> list[Block]:
        """The blocks of all messages in one list, without what they hold themselves."""
        return [block for blocks in self.content.values() for block in blocks]

    @cached_property
    def nested(self) -> list[Block]:
        """All blocks of all messages, also those inside tool results and documents, in the order of the request."""
        nested: list[Block] = []
        for block in self.blocks:
            nested.append(block)
            if not _HOLDERS.isdisjoint(block.data):
                nested += _inner(block)
        return nested

    @cached_property
    def _by_kind(self) -> dict[str, list[Block]]:
        by_kind: dict[str, list[Block]] = {}
        for block in self.nested:
            by_kind.setdefault(block.kind, []).append(block)
        return by_kind

    @property
    def kinds(self) -> Collection[str]:
        """The types of all blocks, those inside others included."""
        return self._by_kind.keys()

    def of_kind(self, kind: str) -> Sequence[Block]:
        """Return the blocks of one type, those inside others included, in the order of the request."""
        return self._by_kind.get(kind, ())

    @cached_property
    def turns(self) -> list[Turn]:
        """The messages, neighbours of one role joined as the API joins them."""
        turns: list[Turn] = []
        for role, messages in groupby(self.messages, key=_role):
            indexes = tuple(index for index, _ in messages)
            turns.append(Turn(role, indexes, tuple(block for index in indexes for block in self.content[index])))
        return turns

    @cached_property
    def thinking(self) -> str | None:
        """The value of ``thinking.type``."""
        thinking = self.request.get("thinking")
        kind = thinking.get("type") if isinstance(thinking, dict) else None
        return kind if isinstance(kind, str) else None

    @cached_property
    def effort(self) -> str | None:
        """The value of ``output_config.effort``."""
        config = self.request.get("output_config")
        effort = config.get("effort") if isinstance(config, dict) else None
        return effort if isinstance(effort, str) else None

    @cached_property
    def max_tokens(self) -> int | None:
        """``max_tokens``, where it is a whole number."""
        return whole_number(self.request.get("max_tokens"))

    @property
    def continues_thread(self) -> bool:
        """Whether earlier messages are kept by the API and don't stand in this request."""
        thread = self.request.get("thread")
        return isinstance(thread, dict) and thread.get("type") == "continue"

    def limit(self, slug: str) -> int | None:
        """Return the number of a limit at this request's endpoint."""
        return self.facts.limit(slug, self.endpoint)


EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")


def whole_number(value: object) -> int | None:
    """Return ``value`` where it is a whole number (true and false are none)."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: object) -> float | None:
    """Return ``value`` where it is a number (true and false are none)."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _role(indexed: tuple[int, dict[str, Any]]) -> str:
    role = indexed[1].get("role")
    return role if isinstance(role, str) else ""


def block_at(path: Path, data: dict[str, Any]) -> Block:
    """Return the block that ``data`` is."""
    kind = data.get("type", "")
    return Block(path, data, kind if isinstance(kind, str) else "")


def _objects(value: object, path: Path) -> Iterator[Block]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield block_at((*path, index), item)


_HOLDERS = frozenset({"content", "source"})


def _inner(block: Block) -> Iterator[Block]:
    """Yield what a block holds: the content of a tool result, the content of a document's source."""
    for inner in _objects(block.data.get("content"), (*block.path, "content")):
        yield inner
        yield from _inner(inner)
    source = block.data.get("source")
    if isinstance(source, dict):
        for inner in _objects(source.get("content"), (*block.path, "source", "content")):
            yield inner
            yield from _inner(inner)
