"""Writes ``triage/checker/shapes.json``: what the installed anthropic SDK says a Messages request may hold.

Run it after an upgrade of the SDK; a test fails for as long as the file and the installed SDK disagree.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import types
import typing
from pathlib import Path
from typing import Any

import anthropic
import typing_extensions
from anthropic.types import message_count_tokens_params, message_create_params
from anthropic.types.beta import message_count_tokens_params as beta_count_tokens_params
from anthropic.types.beta import message_create_params as beta_create_params

TARGET = Path(__file__).parent.parent / "triage" / "checker" / "shapes.json"

SENT_AS_HEADERS = ("betas", "user_profile_id", "workspace_id")
"""Arguments of the SDK's methods that travel as headers; in a body the API refuses them."""

Shape = list[Any]
_UNIONS = (typing.Union, types.UnionType)
_SIMPLE: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


class Collector:
    """Collects every typed dict that can be reached from a root, by its name without ``Beta`` and ``Param``."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}

    def add(self, kind: type) -> str:
        """Describe a typed dict and everything below it; return its name."""
        name = re.sub(r"^_?(Beta)?(Request(?=Document))?|(Params?)+$", "", kind.__name__)
        if name in self.objects:
            return name
        entry: dict[str, Any] = {"required": [], "fields": {}}
        self.objects[name] = entry
        for field, hint in typing_extensions.get_type_hints(kind, include_extras=True).items():
            if typing_extensions.get_origin(hint) is typing_extensions.Required:
                entry["required"].append(field)
            entry["fields"][field] = self.shape(hint)
        entry["required"].sort()
        return name

    def shape(self, hint: Any) -> Shape:
        """Describe a type hint as a list of alternatives."""
        origin, arguments = typing_extensions.get_origin(hint), typing_extensions.get_args(hint)
        if origin in (typing_extensions.Required, typing_extensions.NotRequired, typing.Annotated):
            return self.shape(arguments[0])
        if origin in _UNIONS:
            return self._union(arguments)
        return self._list(origin, arguments) or self._single(hint, origin, arguments)

    def _single(self, hint: Any, origin: Any, arguments: tuple[Any, ...]) -> Shape:
        """Describe what is no union and no list."""
        if origin is typing.Literal:
            return [{"const": sorted(arguments, key=str)}]
        if typing_extensions.is_typeddict(hint):
            return [{"ref": self.add(hint)}]
        if origin is dict:
            return ["object"]
        if hint is object:
            return ["any"]
        return [_SIMPLE[hint]] if hint in _SIMPLE else []

    def _list(self, origin: Any, arguments: tuple[Any, ...]) -> Shape:
        """Describe a list by its items; file objects and the like have none that JSON knows."""
        if origin in (None, dict, typing.Literal) or len(arguments) != 1:
            return []
        items = self.shape(arguments[0])
        return [{"list": items}] if items else []

    def _union(self, members: tuple[Any, ...]) -> Shape:
        """Join alternatives, each once; the models of responses and Python's file objects are no JSON."""
        joined: Shape = []
        for member in members:
            for alternative in self.shape(member):
                if alternative not in joined:
                    joined.append(alternative)
        constants = sorted({value for item in joined if isinstance(item, dict) for value in item.get("const", ())})
        others = [item for item in joined if not (isinstance(item, dict) and "const" in item)]
        return others + ([{"const": constants}] if constants and "string" not in others else [])


def describe() -> dict[str, Any]:
    """Return the whole description: objects by name, and the names of the roots by endpoint."""
    stable, beta = Collector(), Collector()
    for source in (message_create_params.MessageCreateParamsBase, *_variants(message_count_tokens_params)):
        stable.add(source)
    messages = beta.add(beta_create_params.MessageCreateParamsBase)
    count_tokens = beta.add(beta_count_tokens_params.MessageCountTokensParams)
    for root in (messages, count_tokens):
        for header in SENT_AS_HEADERS:
            beta.objects[root]["fields"].pop(header, None)
    beta.objects[messages]["fields"]["stream"] = ["boolean"]
    for name, entry in beta.objects.items():
        known = stable.objects.get(name)
        entry["beta"] = known is None
        entry["beta_fields"] = sorted(set(entry["fields"]) - set(known["fields"]) - {"stream"}) if known else []
    return {
        "sdk": anthropic.__version__,
        "roots": {"messages": messages, "count_tokens": count_tokens},
        "objects": dict(sorted(beta.objects.items())),
    }


def _variants(module: types.ModuleType) -> list[type]:
    return [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and typing_extensions.is_typeddict(kind)
    ]


def rendered() -> str:
    """Return the text of the file as it has to be."""
    return json.dumps(describe(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    TARGET.write_text(rendered(), encoding="utf-8")
    sys.stdout.write(f"{TARGET.name} written for anthropic {anthropic.__version__}\n")
