from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from anthropic import _error_classes

from triage.knowledge import KnowledgeError, load, load_from
from triage.knowledge.loader import HERE

Change = Callable[[Path], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the knowledge to break."""
    for name in ("codes.yaml", "walk.yaml"):
        shutil.copy(HERE / name, tmp_path / name)
    shutil.copytree(HERE / "causes", tmp_path / "causes")
    return tmp_path


def edit(file: str, change: Callable[[list[dict]], None]) -> Change:
    def apply(folder: Path) -> None:
        path = folder / file
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(entries)
        path.write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")

    return apply


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (edit("causes/server.yaml", lambda e: e[0].update(colour="red")), r"server\.yaml: \w+: colour: .*"),
        (edit("causes/server.yaml", lambda e: e[0].pop("title")), r"server\.yaml: \w+: title: Field required"),
        (edit("causes/server.yaml", lambda e: e[0].update(category="weather")), r"server\.yaml: \w+: category: .*"),
        (
            edit("causes/server.yaml", lambda e: e.append(dict(e[0]))),
            r"causes/server\.yaml: \w+: slug: also stands in server\.yaml",
        ),
        (
            edit("causes/server.yaml", lambda e: e[0]["neighbours"].append({"slug": "nobody", "difference": "x"})),
            r"causes/server\.yaml: \w+: neighbours: no cause nobody",
        ),
        (
            edit("codes.yaml", lambda e: e[0].update(default_cause="nobody")),
            r"codes\.yaml: \w+: default_cause: no cause nobody",
        ),
        (
            edit("walk.yaml", lambda e: e[0]["answers"][0].update(next="nowhere", causes=[])),
            r"walk\.yaml: \w+: answers\.\w+\.next: no question nowhere",
        ),
        (
            lambda folder: (folder / "codes.yaml").write_text("a: b"),
            r"codes\.yaml: has to be a list of entries, not dict",
        ),
        (lambda folder: (folder / "codes.yaml").write_text("- ["), r"codes\.yaml: can't be read: .*"),
        (lambda folder: (folder / "walk.yaml").unlink(), r"walk\.yaml: can't be read: .*"),
    ],
)
def test_an_error_names_file_entry_and_field(folder: Path, change: Change, message: str) -> None:
    change(folder)
    with pytest.raises(KnowledgeError) as raised:
        load_from(folder)
    assert re.fullmatch(message, str(raised.value), re.DOTALL), str(raised.value)


def test_an_error_code_can_not_lead_to_two_causes(folder: Path) -> None:
    edit("causes/server.yaml", lambda e: e[0]["seen_with"].update(error_code=["ramp_limit_exceeded"]))(folder)
    with pytest.raises(KnowledgeError, match="error_code: ramp_limit_exceeded already leads to"):
        load_from(folder)


def test_every_error_code_of_the_installed_sdk_leads_to_a_cause() -> None:
    source = Path(_error_classes.__file__).read_text(encoding="utf-8")
    codes = set(re.findall(r"""["']([a-z]+(?:_[a-z]+)+)["']""", source))
    in_table = {code for code in codes if code in load().cause_of_error_code}
    assert len(in_table) >= 100


def test_the_knowledge_holds_every_cause_once_with_three_examples_or_more() -> None:
    causes = load().causes
    assert len(causes) >= 160
    assert {slug for slug, cause in causes.items() if len(cause.examples) < 3} == set()
