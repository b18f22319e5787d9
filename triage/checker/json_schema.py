"""Checks a JSON Schema against what draft 2020-12 says about its own keywords, and against what strict output takes.

Only what is certainly wrong is named: unknown keywords and formats pass, as the draft has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from triage.checker.pointers import NoSuchElementError, Path, look_up

_TYPES = frozenset({"string", "number", "integer", "boolean", "object", "array", "null"})
_SCHEMAS = (
    "additionalProperties",
    "items",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
)
_LISTS_OF_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS_OF_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_BOUNDS = (*_NUMBERS, "minLength", "maxLength", "maxItems", "uniqueItems", "minProperties", "maxProperties")
_LOOKAROUND = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]|\(\?P=|\\k<|(?<!\\)\\[bB]")


class Problem(NamedTuple):
    """One thing that is wrong in a schema, with its place in it."""

    path: Path
    message: str
    removable: bool = False
    """Whether leaving it out mends the schema (for ``closes``: whether the keyword is there)."""
    closes: bool = False
    """Whether the mend is to set additionalProperties to false."""


class _At(NamedTuple):
    path: Path
    schema: Any


def walk(schema: Any, path: Path = ()) -> Iterator[_At]:
    """Yield a schema and all schemas in it, each with its place."""
    yield _At(path, schema)
    if not isinstance(schema, dict):
        return
    for keyword in _SCHEMAS:
        if isinstance(schema.get(keyword), dict | bool):
            yield from walk(schema[keyword], (*path, keyword))
    for keyword in _LISTS_OF_SCHEMAS:
        value = schema.get(keyword)
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from walk(item, (*path, keyword, index))
    for keyword in _MAPS_OF_SCHEMAS:
        value = schema.get(keyword)
        for name, item in value.items() if isinstance(value, dict) else ():
            yield from walk(item, (*path, keyword, name))


def problems(schema: dict[str, Any]) -> Iterator[Problem]:
    """Yield what makes ``schema`` no JSON Schema of draft 2020-12."""
    for path, part in walk(schema):
        if isinstance(part, bool):
            continue
        if not isinstance(part, dict):
            yield Problem(path, "A schema has to be an object here.")
            continue
        for keyword, fits, wanted in _KEYWORDS:
            if keyword in part and not fits(part[keyword]):
                yield Problem((*path, keyword), f"`{keyword}` has to be {wanted}.", removable=True)
        yield from _reference(schema, part, path)


def _reference(root: dict[str, Any], part: dict[str, Any], path: Path) -> Iterator[Problem]:
    target = part.get("$ref")
    if not isinstance(target, str) or not target.startswith("#/"):
        return
    steps = [step.replace("~1", "/").replace("~0", "~") for step in target[2:].split("/")]
    try:
        _follow(root, steps)
    except NoSuchElementError:
        yield Problem((*path, "$ref"), f"`$ref` leads nowhere: {target[:100]}.")


def _follow(root: dict[str, Any], steps: list[str]) -> Any:
    element: Any = root
    for step in steps:
        key: str | int = int(step) if isinstance(element, list) and step.isdigit() else step
        element = look_up(element, (key,))
    return element


def _is_type(value: Any) -> bool:
    if isinstance(value, list):
        return (
            bool(value)
            and all(isinstance(item, str) and item in _TYPES for item in value)
            and len(set(value)) == len(value)
        )
    return isinstance(value, str) and value in _TYPES


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict | bool)


def _is_schemas(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value) and len(set(value)) == len(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and float(value).is_integer()


def _is_pattern(value: Any) -> bool:
    return isinstance(value, str)


_KEYWORDS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("type", _is_type, "one of " + ", ".join(sorted(_TYPES)) + ", or a list of them"),
    *((keyword, _is_schema, "a schema (an object, or true or false)") for keyword in _SCHEMAS),
    *((keyword, _is_schemas, "a list of schemas with at least one") for keyword in _LISTS_OF_SCHEMAS),
    *((keyword, lambda value: isinstance(value, dict), "an object") for keyword in _MAPS_OF_SCHEMAS),
    ("required", _is_names, "a list of names, each once"),
    ("enum", lambda value: isinstance(value, list), "a list"),
    *((keyword, _is_number, "a number") for keyword in _NUMBERS),
    *((keyword, _is_count, "a whole number from 0 on") for keyword in _COUNTS),
    ("uniqueItems", lambda value: isinstance(value, bool), "true or false"),
    ("pattern", _is_pattern, "a text"),
    ("$ref", lambda value: isinstance(value, str), "a text"),
    ("description", lambda value: isinstance(value, str), "a text"),
    ("title", lambda value: isinstance(value, str), "a text"),
)


def strict_problems(schema: dict[str, Any]) -> Iterator[Problem]:
    """Yield what keeps a valid schema from being compiled to a grammar."""
    for path, part in walk(schema):
        if not isinstance(part, dict):
            continue
        if part.get("type") == "object" and part.get("additionalProperties") is not False:
            there = "additionalProperties" in part
            message = "An object of a strict schema needs additionalProperties: false."
            yield Problem((*path, "additionalProperties"), message, removable=there, closes=True)
        for keyword in _BOUNDS:
            if keyword in part:
                yield Problem((*path, keyword), f"`{keyword}` can't be used in a strict schema.", removable=True)
        if _is_count(part.get("minItems")) and part["minItems"] > 1:
            yield Problem((*path, "minItems"), "`minItems` can only be 0 or 1 in a strict schema.", removable=True)
        pattern = part.get("pattern")
        if isinstance(pattern, str) and _LOOKAROUND.search(pattern):
            message = "The pattern uses a lookaround, a word boundary or a backreference, which can't be compiled."
            yield Problem((*path, "pattern"), message, removable=True)
        yield from _strict_reference(part, path)


def _strict_reference(part: dict[str, Any], path: Path) -> Iterator[Problem]:
    target = part.get("$ref")
    if not isinstance(target, str):
        return
    if not target.startswith("#"):
        yield Problem((*path, "$ref"), "A strict schema can't refer to another document.")
        return
    steps = tuple(target.lstrip("#").strip("/").split("/")) if target not in ("#", "#/") else ()
    if tuple(str(step) for step in path[: len(steps)]) == steps:
        yield Problem((*path, "$ref"), "A strict schema can't refer to itself.")


def optional_parameters(schema: dict[str, Any]) -> int:
    """Count the properties, at every level, that aren't listed in ``required``."""
    count = 0
    for _, part in walk(schema):
        properties = part.get("properties") if isinstance(part, dict) else None
        if isinstance(properties, dict):
            required = part.get("required")
            listed = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
            count += sum(name not in listed for name in properties)
    return count


def union_parameters(schema: dict[str, Any]) -> int:
    """Count the schemas, at every level, that use anyOf or a list of types."""
    return sum(
        isinstance(part, dict) and ("anyOf" in part or isinstance(part.get("type"), list)) for _, part in walk(schema)
    )
