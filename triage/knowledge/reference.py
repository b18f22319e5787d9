"""What the reference tells beside causes and codes: error types, exception classes, practices and topics.

Read from ``types.yaml``, ``exceptions.yaml``, ``code_exceptions.yaml``, ``practices.yaml`` and ``topics.yaml``. Nothing
here is needed to diagnose; it is what a reader looks up.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, TypeVar

from pydantic import Field, StringConstraints

from triage.knowledge.facts import load_facts
from triage.knowledge.loader import HERE, UNKNOWN, Knowledge, KnowledgeError, load, read_entries
from triage.knowledge.schema import Actor, Category, Entry, RetryPolicy, Slug, Snippet, Source, Text

ClassName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]*$", max_length=80)]
CodeSlug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]
NamedBy = Literal["docs", "sdk", "claude-code"]
State = Literal["does", "part", "not_yet", "not_ours"]
"""How far this server goes with a practice; ``not_ours`` where only the calling program can follow it."""
Chapter = Literal["retrying", "reading", "sending", "watching"]


class ErrorType(Entry):
    """One value of ``error.type`` in the API's answers."""

    slug: Slug
    title: Text
    meaning: Text
    statuses: tuple[int, ...] = Field(min_length=1)
    """The statuses it comes with, most usual first; 200 stands for an error event within a stream."""
    category: Category
    who_acts: Actor
    retry: RetryPolicy
    causes: tuple[Slug, ...] = Field(min_length=1)
    """The causes behind it, most frequent first."""
    named_by: tuple[NamedBy, ...] = Field(min_length=1)
    """Who lists it: not every type that is sent stands in the SDK's own list."""
    example: Text
    sources: tuple[Source, ...] = Field(min_length=1)


class Attribute(Entry):
    """A property of an exception and what it holds."""

    name: Text
    holds: Text


class ExceptionClass(Entry):
    """One exception class of the SDK. What it inherits stands at its base, not here."""

    name: ClassName
    sdk: Literal["python", "typescript"] = "python"
    module: Text
    """Where to import it from; for the private ones, where a traceback says they are from."""
    base: ClassName
    raised: Text
    """When it is raised."""
    attributes: tuple[Attribute, ...] = ()
    status: int | None = Field(default=None, ge=100, le=599)
    error_code: Slug | None = None
    code: CodeSlug | None = None
    """The entry of ``codes.yaml`` that it leads to."""
    causes: tuple[Slug, ...] = ()
    typescript: ClassName | None = None
    """The class of the same meaning in the TypeScript SDK, where there is one."""
    retried: bool
    """Whether the SDK sends the request again by itself."""
    retry_note: Text
    aliases: tuple[ClassName, ...] = ()
    """Former names, which the SDK still knows."""
    example: Text | None = None
    sources: tuple[Source, ...] = Field(min_length=1)


class CodeException(Entry):
    """A class that the SDK raises for one pair of status and ``error_code``; the rest follows from the two."""

    name: ClassName
    module: Text
    status: int = Field(ge=400, le=599)
    error_code: Slug
    when: Text


class Outdated(Entry):
    """A piece of advice that is still passed on, and what holds instead."""

    advice: Text
    today: Text


class Practice(Entry):
    """One thing that a good client does, who does it by itself, and what is wrong in what people are told."""

    slug: Slug
    title: Text
    chapter: Chapter
    do: Text
    sdk: Text
    """What the SDKs do today."""
    here: Text
    """What this server does about it today."""
    state: State
    outdated: tuple[Outdated, ...] = ()
    snippets: tuple[Snippet, ...] = ()
    causes: tuple[Slug, ...] = ()
    sources: tuple[Source, ...] = Field(min_length=1)


class Fact(Entry):
    """A row of a topic's table."""

    name: Text
    value: Text


class Topic(Entry):
    """Something that holds for all errors alike: their shape, their ids, their sizes."""

    slug: Slug
    title: Text
    text: tuple[Text, ...] = Field(min_length=1)
    """Paragraphs."""
    facts: tuple[Fact, ...] = ()
    limits: tuple[Slug, ...] = ()
    """Entries of ``limits.yaml`` that are shown as rows, so that a number stands in one place."""
    snippets: tuple[Snippet, ...] = ()
    sources: tuple[Source, ...] = Field(min_length=1)


Named = TypeVar("Named", ErrorType, ExceptionClass, Practice, Topic)


@dataclass(frozen=True)
class Reference:
    """All of it, keyed by slug or class name, in the order of the files."""

    types: Mapping[str, ErrorType]
    exceptions: Mapping[str, ExceptionClass]
    practices: Mapping[str, Practice]
    topics: Mapping[str, Topic]

    def exception(self, name: str) -> ExceptionClass | None:
        """Return the class that is or was called ``name``."""
        found = self.exceptions.get(name)
        return found or next((each for each in self.exceptions.values() if name in each.aliases), None)

    def lineage(self, exception: ExceptionClass) -> tuple[ExceptionClass, ...]:
        """Return the bases of ``exception``, nearest first, as far as they are the SDK's own."""
        bases: list[ExceptionClass] = []
        base = self.exceptions.get(exception.base)
        while base is not None:
            bases.append(base)
            base = self.exceptions.get(base.base)
        return tuple(bases)

    def children(self, name: str) -> tuple[ExceptionClass, ...]:
        """Return the classes whose base is ``name``."""
        return tuple(each for each in self.exceptions.values() if each.base == name)


@cache
def load_reference() -> Reference:
    """Return the reference that ships with this package; read once per process.

    Raises:
        KnowledgeError: a file is not valid YAML, an entry breaks the schema, or a reference leads nowhere.
    """
    return load_reference_from(HERE, load())


def load_reference_from(folder: Path, knowledge: Knowledge) -> Reference:
    """Read and check the reference's files in ``folder``; what they name has to exist in ``knowledge``.

    Raises:
        KnowledgeError: as for :func:`load_reference`.
    """
    written = _keyed("exceptions.yaml", read_entries(folder / "exceptions.yaml", ExceptionClass))
    of_codes = _of_codes(read_entries(folder / "code_exceptions.yaml", CodeException), written, knowledge)
    reference = Reference(
        _keyed("types.yaml", read_entries(folder / "types.yaml", ErrorType)),
        _keyed("code_exceptions.yaml", (*written.values(), *of_codes)),
        _keyed("practices.yaml", read_entries(folder / "practices.yaml", Practice)),
        _keyed("topics.yaml", read_entries(folder / "topics.yaml", Topic)),
    )
    _check(reference, knowledge)
    return reference


def _keyed(file: str, entries: Iterable[Named]) -> Mapping[str, Named]:
    keyed: dict[str, Named] = {}
    for entry in entries:
        key = entry.name if isinstance(entry, ExceptionClass) else entry.slug
        if key in keyed:
            raise KnowledgeError(f"{file}: {key}: stands twice")
        keyed[key] = entry
    return MappingProxyType(keyed)


def _of_codes(
    entries: Iterable[CodeException], written: Mapping[str, ExceptionClass], knowledge: Knowledge
) -> Iterator[ExceptionClass]:
    """Derive a class from its status and code: the base from the status, the cause from the code."""
    by_status = {each.status: each for each in written.values() if each.status is not None}
    for entry in entries:
        base = by_status.get(entry.status)
        if base is None:
            raise KnowledgeError(f"code_exceptions.yaml: {entry.name}: status: no class for {entry.status}")
        cause = knowledge.cause_of_error_code.get(entry.error_code)
        if cause is None:
            raise KnowledgeError(f"code_exceptions.yaml: {entry.name}: error_code: leads to no cause")
        yield ExceptionClass(
            name=entry.name,
            module=entry.module,
            base=base.name,
            raised=entry.when,
            status=entry.status,
            error_code=entry.error_code,
            code=base.code,
            causes=(cause.slug,),
            typescript=base.typescript,
            retried=base.retried,
            retry_note=base.retry_note,
            sources=base.sources,
        )


def _check(reference: Reference, knowledge: Knowledge) -> None:
    """Every cause, code, base and limit that an entry names has to exist."""
    named: list[tuple[str, str, tuple[str, ...]]] = [
        *(("types.yaml", key, each.causes) for key, each in reference.types.items()),
        *(("exceptions.yaml", key, each.causes) for key, each in reference.exceptions.items()),
        *(("practices.yaml", key, each.causes) for key, each in reference.practices.items()),
    ]
    for file, key, causes in named:
        for cause in causes:
            if cause not in knowledge.causes and cause != UNKNOWN:
                raise KnowledgeError(f"{file}: {key}: causes: no cause {cause}")
    for exception in reference.exceptions.values():
        if exception.base not in reference.exceptions and not hasattr(builtins, exception.base):
            raise KnowledgeError(f"exceptions.yaml: {exception.name}: base: no class {exception.base}")
        if exception.code is not None and exception.code not in knowledge.codes:
            raise KnowledgeError(f"exceptions.yaml: {exception.name}: code: no code {exception.code}")
    for topic in reference.topics.values():
        for limit in topic.limits:
            if limit not in load_facts().limits:
                raise KnowledgeError(f"topics.yaml: {topic.slug}: limits: no limit {limit}")
