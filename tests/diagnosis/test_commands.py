from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

OVERLOADED = 'API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'


def run(*args: str, **options: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*args, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def paste(tmp_path: Path) -> Path:
    path = tmp_path / "paste.txt"
    path.write_text(OVERLOADED, encoding="utf-8")
    return path


def test_a_person_gets_title_verdict_reason_and_fixes_without_colours(paste: Path) -> None:
    out, _ = run("diagnose", str(paste))
    for words in ("[overloaded]", "Retry: yes", "Because:", "Fix 1:", "Who acts: provider"):
        assert words in out
    assert "\x1b[" not in out


def test_json_is_one_object(paste: Path) -> None:
    out, _ = run("diagnose", str(paste), json=True)
    assert json.loads(out)["cause"] == "overloaded"


def test_a_person_sees_both_errors_of_a_log_and_where_it_arose(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text(f"Connection error.\nAPI Error: 401 invalid x-api-key\n{OVERLOADED}", encoding="utf-8")
    out, _ = run("diagnose", str(path))
    for words in ("Where it arose:", "Error that decides:", "Other error:", "Credential: api key"):
        assert words in out


def test_a_draft_of_an_entry_is_yaml_with_todays_date(tmp_path: Path) -> None:
    path = tmp_path / "unknown.txt"
    path.write_text("400 frobnicator 12 is bent", encoding="utf-8")
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("diagnose", str(path), draft=True, stdout=out)
    (entry,) = yaml.safe_load(out.getvalue())
    assert entry["patterns"] == [{"text": "<n> frobnicator <n> is bent"}]
    assert isinstance(entry["sources"][0]["checked"], dt.date)


def test_unknown_ends_with_code_2_and_asks(tmp_path: Path) -> None:
    path = tmp_path / "nothing.txt"
    path.write_text("it does not work", encoding="utf-8")
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("diagnose", str(path), stdout=out)
    assert ended.value.code == 2
    assert "Question:" in out.getvalue()


def test_lines_are_answered_in_order_and_bad_ones_named(tmp_path: Path) -> None:
    path = tmp_path / "pastes.jsonl"
    rows = [json.dumps({"id": "a", "text": OVERLOADED}), "no json", '{"id": "b"}', '{"id": 7, "text": "?"}', "[]", ""]
    path.write_text("\n".join(rows), encoding="utf-8")
    out, err = run("diagnose", str(path), jsonl=True)
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["id"], line["cause"]) for line in lines] == [("a", "overloaded"), (7, "unknown")]
    assert [line.split(":")[0] for line in err.splitlines()] == ["line 2", "line 3", "line 5"]


@pytest.mark.parametrize(("name", "words"), [("429", "[429]"), ("overloaded", "[overloaded]")])
def test_a_code_or_a_slug_in_place_of_a_file_is_explained(name: str, words: str) -> None:
    assert words in run("diagnose", name)[0]
    assert words in run("diagnose", explain=name)[0]


def test_a_missing_file_and_a_wrong_slug_are_clear_errors() -> None:
    with pytest.raises(CommandError, match="no-such-file can't be read: No such file"):
        run("diagnose", "no-such-file")
    with pytest.raises(CommandError, match="nobody is neither a cause nor a code"):
        run("diagnose", explain="nobody")


def test_measuring_reads_both_formats_and_shows_misses(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    rows = [
        {"id": "p1", "text": OVERLOADED, "cause": "overloaded", "category": "server", "retryable": True,
         "http_status": 529, "request_id": None},
        {"id": "p2", "text": OVERLOADED, "cause": "bad_gateway", "category": "server", "retryable": True,
         "http_status": 502, "request_id": None, "confidence": "low"},
        {"id": "c1", "text": OVERLOADED, "accept": ["overloaded", "stream_error_midway"], "http_status": 529},
    ]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    out, _ = run("measure", str(path), misses=True)
    assert "cause first              2 /     3    66.7%" in out
    assert "category                 3 /     3   100.0%" in out
    assert "p2 cause first: overloaded <> bad_gateway (low)" in out


def test_measuring_names_the_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"id": 1, "text": "x"}', encoding="utf-8")
    with pytest.raises(CommandError, match="line 1: has to be an object with text, and cause or accept"):
        run("measure", str(path))
