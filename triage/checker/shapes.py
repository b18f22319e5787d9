"""Compares a request with the shapes that the SDK's types give it: missing and unknown fields, wrong values.

The shapes are a data file written from the SDK's types (``shapes.json``), not the types themselves: the checker stays
free of the SDK and its second of import time, a report can say for which version it holds, and an upgrade of the SDK
shows as a difference in review. A test fails while file and installed SDK disagree.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path as FilePath
from typing import Any, Literal, NamedTuple

from triage.checker.pointers import Path
from triage.knowledge.facts import Endpoint

SAMPLING = frozenset({"temperature", "top_p", "top_k"})
"""Gone from API version 2026-10-21 and from the SDK's types, still taken with the version before."""

OLDER = frozenset({"output_format", "fallback"})
"""Fields of earlier betas, which the SDK's types no longer show."""

_BEHIND_HEADERS = {("CacheControlEphemeral", "scope"): "scope"}
"""Fields that the SDK doesn't show and that the API takes with a beta header (Claude Code sends them); clouds refuse
them."""

_OF_CLOUDS = frozenset({"anthropic_version", "anthropic_beta"})

Problem = Literal["missing", "unknown", "value"]

_MOST_TOLD = 500
"""Mismatches of one request that are told; those behind them are counted."""


class Mismatch(NamedTuple):
    """One place where a request doesn't have the shape it should."""

    problem: Problem
    path: Path
    owner: str
    """The name of the shape that the field belongs to."""
    wanted: str
    known: tuple[str, ...] = ()
    """For an unknown field: the fields that exist there. For a wrong value: the values that are allowed."""


@dataclass(frozen=True)
class Shape:
    """What one value may be: any of several simple kinds, constants, a list, or one of several objects."""

    words: frozenset[str]
    constants: frozenset[str]
    items: Shape | None
    members: tuple[str, ...]
    """The names of the objects that it may be."""

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The constants in alphabetical order."""
        return tuple(sorted(self.constants))

    @cached_property
    def wanted(self) -> str:
        """Say in words what is accepted."""
        parts = [_NAMES[word] for word in sorted(self.words - {"null"})] + sorted(map(repr, self.constants))
        parts += ["an object"] if self.members else []
        parts += ["a list"] if self.items else []
        return " or ".join(dict.fromkeys([*parts, *(["null"] if "null" in self.words else [])]))


@dataclass(frozen=True)
class ObjectShape:
    """What one kind of object holds."""

    name: str
    required: tuple[str, ...]
    fields: Mapping[str, Shape]
    beta: bool
    beta_fields: frozenset[str]

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The fields that there are, in alphabetical order."""
        return tuple(sorted(self.fields))

    @property
    def feature(self) -> str:
        """The name by which a beta feature is known: the object's type, or else its own name."""
        kind = self.fields.get("type")
        return next(iter(kind.constants)) if kind and len(kind.constants) == 1 else self.name


@cache
def load_shapes() -> dict[str, Any]:
    """Return the shapes as they stand in the file, read once per process."""
    text = FilePath(__file__).with_name("shapes.json").read_text(encoding="utf-8")
    shapes: dict[str, Any] = json.loads(text)
    return shapes


@cache
def _objects() -> dict[str, ObjectShape]:
    return {
        name: ObjectShape(
            name,
            tuple(entry["required"]),
            {field: _shape(alternatives) for field, alternatives in entry["fields"].items()},
            entry["beta"],
            frozenset(entry["beta_fields"]),
        )
        for name, entry in load_shapes()["objects"].items()
    }


def _shape(alternatives: list[Any]) -> Shape:
    described = [item for item in alternatives if isinstance(item, dict)]
    lists = [item["list"] for item in described if "list" in item]
    return Shape(
        frozenset(item for item in alternatives if isinstance(item, str)),
        frozenset(value for item in described for value in item.get("const", ())),
        _shape(lists[0]) if lists else None,
        tuple(item["ref"] for item in described if "ref" in item),
    )


class _Union(NamedTuple):
    """Several objects of which a value is one: the field that tells them apart, and which value means whom."""

    key: str
    tags: dict[str, ObjectShape]
    untagged: ObjectShape | None
    """The member that may do without the field."""
    known: tuple[str, ...]
    wanted: str


@cache
def _union(names: tuple[str, ...]) -> _Union:
    members = [_objects()[name] for name in names]
    key = "role" if "role" in members[0].fields else "type"
    tags = {tag: member for member in members for tag in member.fields[key].constants}
    untagged = next((member for member in members if key not in member.required), None)
    known = tuple(sorted(tags))
    return _Union(key, tags, untagged, known, "one of " + ", ".join(known))


@dataclass(frozen=True)
class Compared:
    """What a comparison found: mismatches in the order of the request, and the beta features that were met."""

    mismatches: list[Mismatch]
    untold: Counter[Problem]
    """How many mismatches of each kind there are behind those."""
    betas: dict[str, Path]


def compare(request: dict[str, Any], endpoint: Endpoint) -> Compared:
    """Return the mismatches of a request with the shape that its endpoint takes, and the beta features in it."""
    cloud = endpoint in ("bedrock", "vertex")
    also, without = SAMPLING | OLDER, frozenset[str]()
    if cloud:
        also |= _OF_CLOUDS
        without = frozenset({"model", "stream"}) if endpoint == "bedrock" else frozenset({"model"})
    walk = Comparison("count_tokens" if endpoint == "count_tokens" else "messages", also, without, cloud=cloud)
    return walk.run(request)


class Comparison:
    """One walk over a request along its shape; remembers which beta features it met."""

    def __init__(self, root: str, also: frozenset[str], without: frozenset[str], *, cloud: bool = False) -> None:
        """``also`` are fields that the top level may have as well, ``without`` those that it must not have."""
        self._cloud = cloud
        self._root = _objects()[load_shapes()["roots"][root]]
        self._also, self._without = also, without
        self._found = Compared([], Counter(), {})

    def run(self, request: dict[str, Any]) -> Compared:
        """Compare the whole request."""
        self._object(self._root, request, ())
        return self._found

    def _tell(self, problem: Problem, path: Path, owner: str, wanted: str, known: tuple[str, ...] = ()) -> None:
        if len(self._found.mismatches) < _MOST_TOLD:
            self._found.mismatches.append(Mismatch(problem, path, owner, wanted, known))
        else:
            self._found.untold[problem] += 1

    def _object(self, shape: ObjectShape, value: dict[str, Any], path: Path) -> None:
        also, without = (self._also, self._without) if not path else (frozenset(), frozenset())
        betas = self._found.betas
        if shape.beta:
            betas.setdefault(shape.feature, path)
        for field in shape.required:
            if field not in value and field not in without:
                self._tell("missing", (*path, field), shape.name, shape.fields[field].wanted)
        for field, element in value.items():
            expected = shape.fields.get(field)
            if field in also:
                continue
            if (shape.name, field) in _BEHIND_HEADERS and not self._cloud:
                betas.setdefault(_BEHIND_HEADERS[shape.name, field], (*path, field))
            elif expected is None or field in without:
                known = tuple(name for name in shape.known if name not in without) if without else shape.known
                self._tell("unknown", (*path, field), shape.name, "", known)
            else:
                if field in shape.beta_fields and element is not None:
                    betas.setdefault(field, (*path, field))
                if not (isinstance(element, str) and (element in expected.constants or "string" in expected.words)):
                    self._value(expected, element, (*path, field), shape.name)

    def _value(self, shape: Shape, value: Any, path: Path, owner: str) -> None:
        if "any" in shape.words or (isinstance(value, dict) and "object" in shape.words):
            return
        if isinstance(value, dict) and shape.members:
            self._member(shape, value, path, owner)
        elif isinstance(value, list) and shape.items:
            for index, element in enumerate(value):
                self._value(shape.items, element, (*path, index), owner)
        elif not _scalar_fits(shape, value):
            self._tell("value", path, owner, shape.wanted, shape.known)

    def _member(self, shape: Shape, value: dict[str, Any], path: Path, owner: str) -> None:
        """Find the member of a union by its ``type`` or ``role``."""
        if len(shape.members) == 1:
            self._object(_objects()[shape.members[0]], value, path)
            return
        union = _union(shape.members)
        given = value.get(union.key)
        member = union.tags.get(given) if isinstance(given, str) else union.untagged if given is None else None
        if member is not None:
            self._object(member, value, path)
        elif union.key not in value:
            self._tell("missing", (*path, union.key), owner, union.wanted)
        else:
            self._tell("value", (*path, union.key), owner, union.wanted, union.known)


def _scalar_fits(shape: Shape, value: Any) -> bool:
    if value is None:
        return "null" in shape.words
    if isinstance(value, bool):
        return "boolean" in shape.words
    if isinstance(value, str):
        return "string" in shape.words or value in shape.constants
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return "number" in shape.words or ("integer" in shape.words and whole)


_NAMES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "any": "anything",
}
