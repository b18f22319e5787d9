"""Missing and unknown fields, and values of the wrong kind, at every level of the request."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from triage.checker.model import Edit, Mend
from triage.checker.pointers import look_up
from triage.checker.registry import Found, More, rule
from triage.checker.shapes import Mismatch, Problem
from triage.checker.view import View

ARGUMENTS_OF_THE_SDK = {
    "betas": "send it as the header anthropic-beta",
    "extra_headers": "send what it holds as headers",
    "extra_query": "send what it holds in the URL",
    "extra_body": "put what it holds at the top of the body",
    "timeout": "it is a setting of the client",
    "user_profile_id": "send it as the header anthropic-user-profile-id",
    "workspace_id": "send it as the header anthropic-workspace-id",
}

_MOST_GUESSES = 50
"""Beyond so many mismatches nobody is helped by guesses at what was meant, and each of them takes time."""

_CAUSES: dict[Problem, str] = {"missing": "missing_field", "unknown": "unknown_field", "value": "invalid_value"}

OF_OTHER_VENDORS = {
    "response_format": "output_config.format",
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "stop": "stop_sequences",
    "functions": "tools",
    "function_call": "tool_choice",
    "reasoning_effort": "output_config.effort",
    "user": "metadata.user_id",
    "system_prompt": "system",
    "prompt_cache_key": "cache_control",
}


@rule("missing_field", "unknown_field", "invalid_value", "image_invalid", "system_role_misplaced")
def every_field_has_its_shape(view: View) -> Iterator[Found | More]:
    """Compare the whole request with the shapes of the SDK's types."""
    for number, mismatch in enumerate(view.shape.mismatches):
        if mismatch.problem == "missing":
            yield _missing(mismatch)
            continue
        plain = mismatch if number < _MOST_GUESSES else mismatch._replace(known=())
        yield _unknown(view, plain) if plain.problem == "unknown" else _wrong(view, plain)
    for problem, count in view.shape.untold.items():
        yield More(_CAUSES[problem], count)


@rule("missing_field")
def a_cloud_body_names_its_version(view: View) -> Iterator[Found]:
    """Bedrock and Google Cloud take the version of the API in the body."""
    versions = {"bedrock": "bedrock-2023-05-31", "vertex": "vertex-2023-10-16"}
    version = versions.get(view.endpoint)
    if version and "anthropic_version" not in view.request:
        mend = Mend(f"adds anthropic_version {version}", (Edit("add", ("anthropic_version",), version),))
        yield Found(("anthropic_version",), f"This endpoint needs anthropic_version in the body ({version}).", mend)


def _missing(mismatch: Mismatch) -> Found:
    field = str(mismatch.path[-1])
    mend = None
    if mismatch.path == ("max_tokens",):
        mend = Mend("sets max_tokens to 1024", (Edit("add", ("max_tokens",), 1024),), "an answer ends at 1,024 tokens")
    return Found(mismatch.path, f"`{field}` is required here: {mismatch.wanted}.", mend, cause="missing_field")


def _unknown(view: View, mismatch: Mismatch) -> Found:
    field = str(mismatch.path[-1])
    top = len(mismatch.path) == 1
    remove = Edit("remove", mismatch.path)
    if top and field in ARGUMENTS_OF_THE_SDK:
        advice = ARGUMENTS_OF_THE_SDK[field]
        mend = Mend(f"takes {field} out of the body", (remove,), f"{advice}, or its effect is lost")
        return Found(
            mismatch.path,
            f"`{field}` is an argument of the SDK, no field of the body: {advice}.",
            mend,
            cause="unknown_field",
        )
    near = OF_OTHER_VENDORS.get(field) if top else None
    if near is None:
        near = next(iter(difflib.get_close_matches(field, mismatch.known, 1, 0.8)), None)
        if near and near not in _owner(view, mismatch):
            rename = Edit("add", (*mismatch.path[:-1], near), look_up(view.request, mismatch.path))
            mend = Mend(f"renames {field} to {near}", (remove, rename))
            return Found(mismatch.path, f"`{field}` is not known here; `{near}` is.", mend, cause="unknown_field")
    hint = f" The field for this purpose is `{near}`." if near else ""
    mend = Mend(f"takes {field} out", (remove,), f"what {field} asked for doesn't happen")
    return Found(mismatch.path, f"`{field}` is not known here.{hint}", mend, cause="unknown_field")


def _owner(view: View, mismatch: Mismatch) -> dict[str, object]:
    owner = look_up(view.request, mismatch.path[:-1])
    return owner if isinstance(owner, dict) else {}


def _wrong(view: View, mismatch: Mismatch) -> Found:
    value = look_up(view.request, mismatch.path)
    shown = f"`{value}`" if isinstance(value, str) and len(value) <= 60 else _kind(value)
    cause = "invalid_value"
    if mismatch.owner == "Base64ImageSource" and mismatch.path[-1] == "media_type":
        cause = "image_invalid"
    mend = None
    if isinstance(value, str) and mismatch.known:
        near = difflib.get_close_matches(value.lower(), mismatch.known, 1, 0.75)
        if near:
            mend = Mend(f"replaces `{value}` by `{near[0]}`", (Edit("replace", mismatch.path, near[0]),))
    return Found(mismatch.path, f"{shown} is not accepted here: {mismatch.wanted}.", mend, cause=cause)


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return "An object"
    if isinstance(value, list):
        return "A list"
    if isinstance(value, str):
        return "This text"
    return f"`{str(value).lower() if isinstance(value, bool) else 'null' if value is None else value}`"
