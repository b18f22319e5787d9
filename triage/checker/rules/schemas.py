"""JSON Schemas of tools and of the output: that they are schemas, and that strict ones can be compiled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from triage.checker.json_schema import Problem, optional_parameters, problems, strict_problems, union_parameters
from triage.checker.model import Edit, Mend
from triage.checker.pointers import Path
from triage.checker.registry import Found, rule
from triage.checker.rules.tools import is_custom
from triage.checker.view import Block, View

_PROPERTY = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_JOINERS = ("oneOf", "anyOf", "allOf")


def _own_schemas(view: View) -> Iterator[tuple[Block, dict[str, Any]]]:
    for tool in view.tools:
        schema = tool.data.get("input_schema")
        if is_custom(tool) and isinstance(schema, dict):
            yield tool, schema


@rule("tool_schema_invalid")
def every_schema_is_one(view: View) -> Iterator[Found]:
    """An input_schema is a JSON Schema of an object, joined at the top by nothing."""
    for tool, schema in _own_schemas(view):
        path = (*tool.path, "input_schema")
        if schema.get("type") != "object":
            op = Edit("replace" if "type" in schema else "add", (*path, "type"), "object")
            what = f"is {schema['type']!r}"[:80] if "type" in schema else "is missing"
            yield Found((*path, "type"), f"`type` {what}; it has to be `object`.", Mend("sets type to object", (op,)))
        for joiner in _JOINERS:
            if joiner in schema:
                mend = Mend(
                    f"takes {joiner} out", (Edit("remove", (*path, joiner)),), "your code has to check what it demanded"
                )
                yield Found((*path, joiner), f"`{joiner}` can't stand at the top of an input_schema.", mend)
        yield from _property_names(path, schema)
        for problem in problems({key: value for key, value in schema.items() if key not in (*_JOINERS, "type")}):
            yield _broken(path, problem)


def _property_names(path: Path, schema: dict[str, Any]) -> Iterator[Found]:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return
    required = schema.get("required")
    names = required if isinstance(required, list) else []
    listed = {name: place for place, name in enumerate(names) if isinstance(name, str)}
    for name in properties:
        if not _PROPERTY.fullmatch(name):
            message = f"The property `{name[:80]}` may only hold letters, digits, _ . and -, up to 64."
            mend = partial(_renamed, path, properties, name, listed.get(name))
            yield Found((*path, "properties", name), message, mend)


def _renamed(path: Path, properties: dict[str, Any], name: str, required: int | None) -> Mend | None:
    """Give a property a name that is allowed, also at its place in ``required``, unless another one has that name."""
    fresh = (re.sub(r"[^a-zA-Z0-9_.-]", "_", name) or "_")[:64]
    if fresh in properties:
        return None
    edits = [
        Edit("remove", (*path, "properties", name)),
        Edit("add", (*path, "properties", fresh), properties[name]),
    ]
    if required is not None:
        edits.append(Edit("replace", (*path, "required", required), fresh))
    return Mend(f"renames it to `{fresh}`", tuple(edits), "your code gets the input under the new name")


def _broken(path: Path, problem: Problem) -> Found:
    where = (*path, *problem.path)
    mend = Mend("takes it out", (Edit("remove", where),), "what it demanded") if problem.removable else None
    return Found(where, problem.message, mend)


@rule("tool_schema_invalid")
def an_output_schema_is_one(view: View) -> Iterator[Found]:
    """output_config.format.schema is a JSON Schema."""
    for path, schema in _output_schema(view):
        for problem in problems(schema):
            yield _broken(path, problem)


def _output_schema(view: View) -> Iterator[tuple[Path, dict[str, Any]]]:
    config = view.request.get("output_config")
    wanted = config.get("format") if isinstance(config, dict) else None
    schema = wanted.get("schema") if isinstance(wanted, dict) else None
    if isinstance(schema, dict):
        yield ("output_config", "format", "schema"), schema


def _strict_schemas(view: View) -> Iterator[tuple[Path, dict[str, Any]]]:
    for tool, schema in _own_schemas(view):
        if tool.data.get("strict") is True:
            yield (*tool.path, "input_schema"), schema
    yield from _output_schema(view)


@rule("strict_schema_unsupported")
def strict_schemas_can_be_compiled(view: View) -> Iterator[Found]:
    """What becomes a grammar holds no lookaround, no recursion, no bounds, and closes its objects."""
    for path, schema in _strict_schemas(view):
        for problem in strict_problems(schema):
            where = (*path, *problem.path)
            mend = None
            if problem.closes:
                op = Edit("replace" if problem.removable else "add", where, False)
                mend = Mend("sets additionalProperties to false", (op,), "keys that aren't listed can't come")
            elif problem.removable:
                mend = Mend("takes it out", (Edit("remove", where),), "your code has to check what it demanded")
            yield Found(where, problem.message, mend)


@rule("strict_schema_unsupported")
def strict_schemas_are_few_and_small(view: View) -> Iterator[Found]:
    """At most 20 strict tools, 24 optional parameters and 16 unions over all strict schemas."""
    strict = [tool for tool in view.tools if tool.data.get("strict") is True]
    most = view.limit("strict_tools")
    if most is not None and len(strict) > most:
        extra = strict[most:]
        edits = tuple(Edit("remove", (*tool.path, "strict")) for tool in extra)
        mend = Mend(f"takes strict off the last {len(extra)}", edits, "their inputs are no longer guaranteed to fit")
        yield Found((*strict[most].path, "strict"), f"{len(strict)} strict tools; {most} are allowed.", mend)
    for slug, count_of, what in (
        ("strict_optional", optional_parameters, "optional parameters"),
        ("strict_unions", union_parameters, "parameters with a union type"),
    ):
        limit, total = view.limit(slug), 0
        for path, schema in _strict_schemas(view):
            total += count_of(schema)
            if limit is not None and total > limit:
                yield Found(path, f"Up to here the strict schemas have {total} {what}; {limit} are allowed.")
                break
