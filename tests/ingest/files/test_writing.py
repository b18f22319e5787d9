"""What is written is read again: into another project it gives the same counts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.ingest.conftest import Client
from tests.ingest.files.conftest import Import
from triage.ingest.digest import digest_waiting
from triage.ingest.files.writing import guide, ours
from triage.models import HourCount, Issue, MinuteCount, Project, Request

pytestmark = pytest.mark.django_db(transaction=True)

SAMPLES = Path(__file__).parent.parent / "samples"
AT = dt.datetime(2026, 11, 21, 20, 0, tzinfo=dt.UTC)
COLUMNS = (
    *("start", "model", "service", "team", "category", "cause"),
    *("attempts", "failures", "requests", "failed_requests", "rescued_requests"),
)


def counts(project: Project, table: type[MinuteCount] | type[HourCount] = MinuteCount) -> list[tuple[Any, ...]]:
    rows = table.objects.filter(project=project, attempts__gt=0) | table.objects.filter(project=project, requests__gt=0)
    return sorted(rows.values_list(*COLUMNS))


def issues(project: Project) -> list[tuple[Any, ...]]:
    return sorted(Issue.objects.filter(project=project).values_list("fingerprint", "failures", "first_seen_at"))


def requests(project: Project) -> list[tuple[Any, ...]]:
    names = (
        "started_at",
        "outcome",
        "attempts_made",
        "failures",
        "model",
        "service",
        "team",
        "user",
        "cause",
        "client",
    )
    rows = Request.objects.filter(project=project).values_list(*names, "api_request_id", "input_tokens", "long_context")
    return sorted(rows, key=repr)


def store(client: Client, *tries: dict[str, Any]) -> None:
    body = [{"model": "claude-opus-4-8[1m]", "service": "chat", "team": "core", **each} for each in tries]
    assert client.post("/api/v1/attempts", body).status == 202
    digest_waiting()


def write(path: Path, lines: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def stored(client: Client, project: Project) -> Project:
    """Alice's project with every kind of call: at once, rescued, lost, told in part, told as a number."""
    at = AT.timestamp()
    overloaded = {"status": 529, "error": {"type": "overloaded_error", "message": "Overloaded"}, "retry_after": 2}
    refused = {
        "exception": "APIConnectionError",
        "error": "Connection error.",
        "cause_chain": ["ECONNREFUSED"],
    }
    store(
        client,
        {"id": "fine", "at": at, "status": 200, "tokens": {"input": 5}, "user": "u-1", "duration_ms": 900},
        {"call": "rescued", "at": at + 1, "attempt": 1, "request_id": "req_1", **overloaded},
        {"call": "rescued", "at": at + 70, "attempt": 2, "request_id": "req_2"},
        {"call": "lost", "at": at + 5, "attempt": 1, **overloaded},
        {"call": "lost", "at": at + 9, "attempt": 2, "duration_ms": 100, **refused},
        {"call": "in-part", "at": at + 20, "attempts": 4, **overloaded},
        {"call": "quiet", "at": at + 30, "attempts": 3, "outcome": "succeeded"},
        {"id": "minute", "at": at + 40, "count": 12},
    )
    return project


def test_our_own_form_gives_the_same_counts(
    stored: Project, other_project: Project, import_file: Import, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.jsonl", ours(stored, None, None))
    assert import_file(path, into=other_project).skipped == {}
    assert counts(other_project) == counts(stored)
    assert counts(other_project, HourCount) == counts(stored, HourCount)
    assert issues(other_project) == issues(stored)
    assert requests(other_project) == requests(stored)
    assert sum(row[6] for row in counts(stored)) == 24
    assert "connection_refused" in {row[5] for row in counts(stored)}  # though the chain that shows it isn't stored


def test_numbers_of_names_that_look_alike_stay_apart(
    client: Client, project: Project, other_project: Project, import_file: Import, tmp_path: Path
) -> None:
    long = "s" * 80
    names = [("a:b", "c"), ("a", "b:c"), (long, "t" * 79 + "1"), (long, "t" * 79 + "2")]
    told = {"at": AT.timestamp(), "count": 3, "model": "m" * 80}
    numbers = ({"id": str(i), **told, "service": a, "team": b} for i, (a, b) in enumerate(names))
    store(client, {"call": "fine", "at": AT.timestamp(), "status": 200}, *numbers)
    import_file(write(tmp_path / "a.jsonl", ours(project, None, None)), into=other_project)
    assert len(counts(project)) == 5
    assert counts(other_project) == counts(project)


def test_what_was_read_back_is_written_the_same(
    stored: Project, other_project: Project, import_file: Import, tmp_path: Path
) -> None:
    written = list(ours(stored, None, None))
    import_file(write(tmp_path / "a.jsonl", written), into=other_project)
    assert list(ours(other_project, None, None)) == written


def test_what_real_clients_reported_gives_the_same_counts(
    client: Client, project: Project, other_project: Project, import_file: Import, tmp_path: Path
) -> None:
    for path in sorted(SAMPLES.glob("*claude-code-json-*-logs.body")):
        assert client.post("/otlp/v1/logs", path.read_bytes()).status == 200
    digest_waiting()
    import_file(write(tmp_path / "a.jsonl", ours(project, None, None)), into=other_project)
    assert len(counts(project)) > 5
    assert counts(other_project) == counts(project)
    assert issues(other_project) == issues(project)


def test_the_error_guides_form_gives_the_same_failures(
    stored: Project, other_project: Project, import_file: Import, tmp_path: Path
) -> None:
    told = list(guide(stored, None, None))
    assert {"timestamp", "category", "status_code", "message", "context", "request"} == told[0].keys()
    outcome = import_file(write(tmp_path / "a.jsonl", told), into=other_project)
    assert (outcome.form, outcome.skipped) == ("guide", {})
    assert issues(other_project) == issues(stored)


def test_a_window_narrows_what_is_written(stored: Project) -> None:
    calls = {told.get("call") for told in ours(stored, AT + dt.timedelta(seconds=3), AT + dt.timedelta(seconds=10))}
    assert calls == {"lost"}


def test_another_projects_tries_are_not_written(stored: Project, other_project: Project) -> None:
    assert list(ours(other_project, None, None)) == []
    assert list(guide(other_project, None, None)) == []


def export(*arguments: str) -> str:
    out = StringIO()
    call_command("export_errors", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_writes_a_line_a_try(stored: Project, valkey: redis.Redis) -> None:
    lines = export("--project", stored.slug, "--since", "2026-11-21T19:59").splitlines()
    assert len(lines) == len(list(ours(stored, None, None)))
    assert {"call", "at"} <= json.loads(lines[0]).keys()
    assert len(export("--project", stored.slug, "--format", "guide").splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--project", "nowhere"], "no project"), (["--project", "alices-project", "--until", "noon"], "ISO 8601")],
)
def test_the_command_says_what_it_cant_read(project: Project, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message) as raised:
        export(*arguments)
    assert raised.value.returncode == 2
