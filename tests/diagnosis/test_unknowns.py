from __future__ import annotations

import datetime as dt

import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.diagnosis.test_engine import body
from triage.diagnosis import diagnose, draft_entry
from triage.knowledge import load
from triage.knowledge.schema import Cause


def unknown(number: int, ident: str, path: str, model: str) -> str:
    sentence = f"The frobnicator of {model} rejected item {number} ({ident}) at {path}/f.json"
    return f"API Error: 400 {body('invalid_request_error', sentence)}"


@given(
    number=st.integers(0, 10**9),
    ident=st.from_regex(r"toolu_01[A-Za-z0-9]{12,22}", fullmatch=True) | st.uuids().map(str),
    path=st.from_regex(r"(/[a-z]{2,9}){2,4}", fullmatch=True),
    model=st.sampled_from(["claude-opus-4-8", "claude-sonnet-4-5-20250929", "us.anthropic.claude-opus-5-v1:0"]),
)
def test_equal_unknowns_have_the_equal_template(number: int, ident: str, path: str, model: str) -> None:
    found = diagnose(unknown(number, ident, path, model))
    assert found.cause == "unknown"
    assert found.template == "The frobnicator of <model> rejected item <n> (<id>) at <path>"


def test_different_unknowns_have_different_templates() -> None:
    one, other = (diagnose("400 " + body("invalid_request_error", words)) for words in ("a is bent", "b is bent"))
    assert one.template != other.template


def test_without_a_message_the_most_telling_line_is_the_template() -> None:
    assert diagnose("starting job 17\nFrobnicator error 4711 in worker 3\n\nbye").template == (
        "Frobnicator error <n> in worker <n>"
    )
    assert diagnose(" \n ").template is None


def test_the_draft_of_an_entry_is_whole_but_for_what_only_a_person_can_say() -> None:
    found = diagnose(unknown(3, "toolu_01abcdefghijklm", "/srv/app", "claude-opus-4-8"))
    (entry,) = yaml.safe_load(draft_entry(found, dt.date(2026, 11, 22)))
    cause = Cause.model_validate(entry)
    assert cause.seen_with.status == (400,)
    assert cause.seen_with.type == ("invalid_request_error",)
    assert cause.patterns[0].text == found.template
    assert cause.slug not in load().causes
    assert {neighbour.slug for neighbour in cause.neighbours} <= set(load().causes)
    said = (cause.title, cause.meaning, cause.fixes[0].do)
    assert [words.split(":")[0] for words in said] == ["TITLE", "MEANING", "FIX"]


def test_a_draft_without_a_date_is_refused_until_somebody_checks_the_source() -> None:
    (entry,) = yaml.safe_load(draft_entry(diagnose("")))
    assert entry["sources"][0]["checked"] == "YYYY-MM-DD"
    assert entry["slug"]
