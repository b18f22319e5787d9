"""Reads the knowledge from its YAML files and checks it as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import yaml
from pydantic import ValidationError

from triage.knowledge.schema import Cause, Code, Entry, Question

Slugged = TypeVar("Slugged", Cause, Code, Question)
Read = TypeVar("Read", bound=Entry)
_YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one reads the files ten times faster

HERE = Path(__file__).parent
UNKNOWN = "unknown"
"""The slug that stands for "the evidence names no cause"; it is an answer, not an entry."""


class KnowledgeError(ValueError):
    """A file of the knowledge is wrong; the message names file, entry and field."""


@dataclass(frozen=True)
class Knowledge:
    """Everything that is known, keyed by slug, in the order of the files."""

    causes: Mapping[str, Cause]
    codes: Mapping[str, Code]
    questions: Mapping[str, Question]
    family_of: Mapping[str, str]
    """The file (without ``.yaml``) that each cause stands in: the families of the reference page."""
    code_of_status: Mapping[int, Code] = field(init=False)
    cause_of_error_code: Mapping[str, Cause] = field(init=False)

    def __post_init__(self) -> None:
        """Build the two look-ups that every diagnosis needs."""
        by_status = {code.status: code for code in self.codes.values() if code.status is not None}
        by_error_code = {code: cause for cause in self.causes.values() for code in cause.seen_with.error_code}
        object.__setattr__(self, "code_of_status", MappingProxyType(by_status))
        object.__setattr__(self, "cause_of_error_code", MappingProxyType(by_error_code))


@cache
def load() -> Knowledge:
    """Return the knowledge that ships with this package; read once per process.

    Raises:
        KnowledgeError: a file is not valid YAML, an entry breaks the schema, or a reference leads nowhere.
    """
    return load_from(HERE)


def load_from(folder: Path) -> Knowledge:
    """Read and check the knowledge in ``folder`` (``causes/*.yaml``, ``codes.yaml``, ``walk.yaml``).

    Raises:
        KnowledgeError: as for :func:`load`.
    """
    causes: dict[str, Cause] = {}
    family_of: dict[str, str] = {}
    for path in sorted((folder / "causes").glob("*.yaml")):
        for cause in read_entries(path, Cause):
            if cause.slug in causes:
                raise KnowledgeError(
                    f"causes/{path.name}: {cause.slug}: slug: also stands in {family_of[cause.slug]}.yaml"
                )
            causes[cause.slug] = cause
            family_of[cause.slug] = path.stem
    codes = _by_slug(folder / "codes.yaml", Code)
    questions = _by_slug(folder / "walk.yaml", Question)
    knowledge = Knowledge(
        MappingProxyType(causes),
        MappingProxyType(codes),
        MappingProxyType(questions),
        MappingProxyType(family_of),
    )
    _check_references(knowledge)
    return knowledge


def _by_slug(path: Path, kind: type[Slugged]) -> dict[str, Slugged]:
    entries: dict[str, Slugged] = {}
    for entry in read_entries(path, kind):
        if entry.slug in entries:
            raise KnowledgeError(f"{path.name}: {entry.slug}: slug: stands twice in this file")
        entries[entry.slug] = entry
    return entries


def read_entries(path: Path, kind: type[Read]) -> Iterator[Read]:
    """Yield the entries of the YAML list at ``path``, each checked as a ``kind``.

    Raises:
        KnowledgeError: the file is no YAML list, or an entry breaks the schema; the message names the entry by its
            ``slug`` or ``name``.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_YamlLoader)  # noqa: S506 - a safe loader, in C
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KnowledgeError(f"{path.name}: can't be read: {error}") from error
    if not isinstance(raw, list):
        raise KnowledgeError(f"{path.name}: has to be a list of entries, not {type(raw).__name__}")
    for number, item in enumerate(raw, start=1):
        name = (item.get("slug") or item.get("name")) if isinstance(item, dict) else None
        try:
            yield kind.model_validate(item)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "entry"
            raise KnowledgeError(f"{path.name}: {name or f'entry {number}'}: {where}: {first['msg']}") from error


def _check_references(knowledge: Knowledge) -> None:
    """Every slug that an entry names has to exist, and no error_code may lead to two causes."""
    known = {*knowledge.causes, UNKNOWN}
    references: list[tuple[str, str, str, str]] = []
    owner_of: dict[str, str] = {}
    for slug, cause in knowledge.causes.items():
        file = f"causes/{knowledge.family_of[slug]}.yaml"
        references += [(file, slug, "neighbours", neighbour.slug) for neighbour in cause.neighbours]
        for code in cause.seen_with.error_code:
            if code in owner_of:
                raise KnowledgeError(f"{file}: {slug}: seen_with.error_code: {code} already leads to {owner_of[code]}")
            owner_of[code] = slug
    for slug, entry in knowledge.codes.items():
        references += [("codes.yaml", slug, "causes", target) for target in entry.causes]
        if entry.default_cause:
            references.append(("codes.yaml", slug, "default_cause", entry.default_cause))
    for slug, question in knowledge.questions.items():
        for answer in question.answers:
            references += [("walk.yaml", slug, f"answers.{answer.slug}.causes", target) for target in answer.causes]
            if answer.next and answer.next not in knowledge.questions:
                raise KnowledgeError(f"walk.yaml: {slug}: answers.{answer.slug}.next: no question {answer.next}")
    for file, entry_slug, where, target in references:
        if target not in known:
            raise KnowledgeError(f"{file}: {entry_slug}: {where}: no cause {target}")
