from __future__ import annotations

import importlib.util
from pathlib import Path

import anthropic
import pytest

from triage.checker.shapes import Comparison, load_shapes

ROOT = Path(__file__).parent.parent.parent


def _writer():
    spec = importlib.util.spec_from_file_location("write_request_shapes", ROOT / "scripts/write_request_shapes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_shapes_are_those_of_the_installed_sdk():
    assert load_shapes()["sdk"] == anthropic.__version__, "run scripts/write_request_shapes.py"
    assert (ROOT / "triage/checker/shapes.json").read_text(encoding="utf-8") == _writer().rendered()


def test_every_union_of_objects_has_a_tag_to_tell_its_members_apart():
    objects = load_shapes()["objects"]

    def references(shape):
        for item in shape:
            if isinstance(item, dict):
                yield from [item["ref"]] if "ref" in item else ()
                yield from references(item.get("list", ()))

    for entry in objects.values():
        for shape in entry["fields"].values():
            for name in references(shape):
                assert name in objects


def _mismatches(request):
    return [(m.problem, m.path) for m in Comparison("messages", frozenset(), frozenset()).run(request).mismatches]


SMALLEST = {"model": "claude-opus-4-8", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"max_tokens": 1.0}, []),
        ({"max_tokens": True}, [("value", ("max_tokens",))]),
        ({"max_tokens": "1"}, [("value", ("max_tokens",))]),
        ({"stream": 1}, [("value", ("stream",))]),
        ({"system": None}, [("value", ("system",))]),
        ({"metadata": []}, [("value", ("metadata",))]),
        ({"metadata": {"user": 1}}, [("unknown", ("metadata", "user"))]),
        ({"container": None}, []),
        ({"thinking": {}}, [("missing", ("thinking", "type"))]),
        ({"thinking": {"type": []}}, [("value", ("thinking", "type"))]),
        ({"messages": [{"role": "tool", "content": "x"}]}, [("value", ("messages", 0, "role"))]),
        ({"messages": [{"role": "user"}]}, [("missing", ("messages", 0, "content"))]),
        ({"messages": ["x"]}, [("value", ("messages", 0))]),
        ({"tools": [{"name": "a", "input_schema": {"anything": 1}}]}, []),
        ({"tools": [{"type": "bash_20250124", "name": "sh"}]}, [("value", ("tools", 0, "name"))]),
        ({"tools": [{"type": "bash_19990101", "name": "bash"}]}, [("value", ("tools", 0, "type"))]),
    ],
)
def test_a_mismatch_is_named_with_its_place(change, expected):
    assert _mismatches({**SMALLEST, **change}) == expected
