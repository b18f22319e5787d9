"""`manage.py import_errors`: what it says, and its exit codes."""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path

import pytest
import redis
from django.core.management import call_command
from django.core.management.base import CommandError

from triage.ingest.files import importing
from triage.models import Project, Request

pytestmark = pytest.mark.django_db(transaction=True)

LINE = {"at": "2026-11-20T10:00:00+00:00", "id": "a", "status": 529, "error": "Overloaded"}


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("import_errors", "--project", "alices-project", *arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.fixture
def good(project: Project, valkey: redis.Redis, tmp_path: Path) -> str:
    path = tmp_path / "good.jsonl"
    path.write_text(json.dumps(LINE) + "\n")
    return str(path)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps({**LINE, "id": "b"}) + "\n{torn\n")
    return str(path)


def test_all_read_is_0_and_the_totals_are_said(good: str) -> None:
    code, out, err = run(good)
    assert (code, err) == (0, "")
    assert "(ours): 1 lines, 1 tries, 1 failed; calls: 1 new, 0 known before" in out


def test_something_skipped_is_1_and_the_line_is_named(good: str, bad: str) -> None:
    code, out, err = run(good, bad)
    assert code == 1
    assert "skipped 1: no JSON (line 2)" in err
    assert "In all: 2 tries, 2 failed; calls: 2 new, 0 known before; 1 lines skipped" in out


def test_a_file_that_cant_be_read_is_1_beside_one_that_can(good: str) -> None:
    code, _, err = run("missing.log", good)
    assert code == 1
    assert "missing.log: not read: No such file or directory" in err


def test_nothing_read_is_2(project: Project, valkey: redis.Redis, tmp_path: Path) -> None:
    path = tmp_path / "foreign.log"
    path.write_text("nothing of ours\n")
    code, _, err = run(str(path))
    assert code == 2
    assert "no known form" in err


def test_broken_off_says_that_the_same_command_goes_on(good: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "store_directly", interrupt)
    code, _, err = run(good)
    assert code == 130
    assert "The same command goes on from here." in err


def test_a_terminal_shows_how_far_it_is(good: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    run(good)
    assert "good.jsonl" in terminal.getvalue()


def test_a_form_of_failures_only_says_so(project: Project, valkey: redis.Redis, tmp_path: Path) -> None:
    path = tmp_path / "errors.log"
    path.write_text(json.dumps({"timestamp": "2026-11-20T10:00:00", "status_code": 529, "message": "Overloaded"}))
    assert "no rate can be read" in run(str(path))[1]


@pytest.mark.parametrize("options", [["--timezone", "Nowhere/Else"], ["--timezone", "../etc"]])
def test_an_unknown_time_zone_is_refused(good: str, options: list[str]) -> None:
    with pytest.raises(CommandError, match="no time zone"):
        run(good, *options)


def test_an_unknown_project_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="no project") as raised:
        call_command("import_errors", "--project", "nowhere", "a.log")
    assert raised.value.returncode == 2
    assert not Request.objects.exists()
