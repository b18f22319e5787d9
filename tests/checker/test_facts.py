from __future__ import annotations

import shutil
import typing

import pytest
from anthropic.resources.messages.messages import DEPRECATED_MODELS
from anthropic.types.model_param import ModelParam

from triage.checker.registry import RULES
from triage.checker.rules.fields import ARGUMENTS_OF_THE_SDK
from triage.checker.shapes import OLDER, SAMPLING, load_shapes
from triage.knowledge import KnowledgeError, load
from triage.knowledge.facts import load_facts, load_facts_from
from triage.knowledge.loader import HERE


def test_every_model_of_the_sdk_is_known():
    literal, _ = typing.get_args(ModelParam)
    assert set(typing.get_args(literal)) <= set(load_facts().models)


def test_every_retirement_that_the_sdk_announces_is_known():
    for name, day in DEPRECATED_MODELS.items():
        model = load_facts().models.get(name)
        if name.startswith(("claude-1", "claude-instant")):
            continue
        spoken = f"{model.retires:%B} {model.retires.day}"
        assert day.startswith(spoken)
        assert day.endswith(str(model.retires.year))


def test_every_fact_says_where_and_when_it_was_read():
    facts = load_facts()
    for entry in (*facts.models.values(), *facts.limits.values()):
        assert entry.sources
    assert facts.checked.year >= 2026


def test_every_rule_looks_for_causes_that_exist():
    for rule in RULES:
        assert set(rule.causes) <= set(load().causes), rule.name
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_fields_that_are_taken_besides_the_shapes_are_really_besides_them():
    shapes = load_shapes()
    fields = set(shapes["objects"][shapes["roots"]["messages"]]["fields"])
    assert not fields & (SAMPLING | OLDER | set(ARGUMENTS_OF_THE_SDK))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("models.yaml", "prefill: false", "prefil: false", "models.yaml: claude-fable-5-2: prefil"),
        ("models.yaml", "successor: claude-opus-4-8", "successor: claude-opus-0", "no model claude-opus-0"),
        ("models.yaml", "id: claude-fable-5-1", "id: claude-fable-5-2", "stands twice"),
        ("limits.yaml", "slug: batch_requests", "slug: body_bytes", "stands twice"),
        ("limits.yaml", "unit: pages\n    value: 100", "unit: pages", "either value or by_endpoint"),
        ("limits.yaml", "entries:", "entrys:", "has to hold a list"),
        ("limits.yaml", "entries:", "\tentries:", "can't be read"),
    ],
)
def test_a_wrong_fact_is_named_with_file_entry_and_field(tmp_path, file, old, new, message):
    for name in ("models.yaml", "limits.yaml"):
        shutil.copy(HERE / name, tmp_path)
    path = tmp_path / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError, match=message):
        load_facts_from(tmp_path)
