"""From a file into the database: everything once, old times kept, what is wrong named by its line."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from django.db import OperationalError
from django.db.models import Sum

from tests.ingest.conftest import Client
from tests.ingest.files.conftest import Import
from triage.ingest.digest import digest_waiting
from triage.ingest.files import importing
from triage.ingest.files.lines import Unreadable, open_file
from triage.models import Attempt, HourCount, Issue, MinuteCount, Project, Request, Source

pytestmark = pytest.mark.django_db(transaction=True)

Write = Callable[..., Path]
SAMPLES = Path(__file__).parent.parent / "samples"
AT = dt.datetime(2025, 3, 1, 12, 0, tzinfo=dt.UTC)
COUNTERS = ("attempts", "failures", "requests", "failed_requests", "rescued_requests")


def guide(second: int = 0, **fields: Any) -> str:
    told = {
        "timestamp": (AT + dt.timedelta(seconds=second)).isoformat(),
        "category": "server",
        "status_code": 529,
        "message": "Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Busy'}}",
        "context": {"service": "checkout"},
        "request": {"model": "claude-opus-4-8"},
    }
    return json.dumps({**told, **fields})


def totals(project: Project) -> tuple[int, ...]:
    minutes, hours = (
        tuple(table.objects.filter(project=project).aggregate(n=Sum(name))["n"] or 0 for name in COUNTERS)
        for table in (MinuteCount, HourCount)
    )
    assert minutes == hours
    return minutes


def test_an_old_line_is_counted_in_its_own_minute(project: Project, write: Write, import_file: Import) -> None:
    outcome = import_file(write(guide()))
    assert (outcome.form, outcome.tries, outcome.failures, outcome.new_calls) == ("guide", 1, 1, 1)
    request = Request.objects.get(project=project)
    assert (request.cause, request.started_at, request.service) == ("overloaded", AT, "checkout")
    assert MinuteCount.objects.get(project=project).start == AT
    source = Source.objects.get(project=project)
    assert (source.client, source.last_seen_at) == ("error-log", AT)


def test_a_file_read_twice_counts_once(project: Project, write: Write, import_file: Import) -> None:
    path = write(*(guide(second) for second in range(7)))
    first, second = import_file(path), import_file(path)
    assert (first.new_calls, second.new_calls, second.known_calls) == (7, 0, 7)
    assert totals(project) == (7, 7, 7, 7, 0)
    assert Issue.objects.get().failures == 7
    assert Source.objects.get().failures == 7


def test_a_file_that_has_grown_adds_only_what_is_new(project: Project, write: Write, import_file: Import) -> None:
    import_file(write(guide(1), guide(2)))
    outcome = import_file(write(guide(1), guide(2), guide(3)))
    assert (outcome.new_calls, outcome.known_calls) == (1, 2)
    assert totals(project) == (3, 3, 3, 3, 0)


def test_a_file_is_known_under_another_name_and_in_part(project: Project, write: Write, import_file: Import) -> None:
    import_file(write(guide(1), guide(2), guide(3)))
    outcome = import_file(write(guide(2), guide(3), guide(4), name="app.log.1"))
    assert (outcome.new_calls, outcome.known_calls) == (1, 2)


def test_lines_that_say_the_same_are_two_failures(project: Project, write: Write, import_file: Import) -> None:
    path = write(guide(), guide())
    import_file(path)
    import_file(path)
    assert totals(project) == (2, 2, 2, 2, 0)


def test_what_was_broken_off_goes_on(
    project: Project, write: Write, import_file: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_BATCH_TRIES", 3)
    path = write(*(guide(second) for second in range(8)))
    stored, broken = importing.store_directly, []

    def break_off(*args: Any) -> None:
        if len(broken) == 2:
            raise KeyboardInterrupt
        broken.append(1)
        stored(*args)

    monkeypatch.setattr(importing, "store_directly", break_off)
    with pytest.raises(KeyboardInterrupt):
        import_file(path)
    assert totals(project) == (6, 6, 6, 6, 0)
    monkeypatch.setattr(importing, "store_directly", stored)
    outcome = import_file(path)
    assert (outcome.new_calls, outcome.known_calls) == (2, 6)
    assert totals(project) == (8, 8, 8, 8, 0)


def test_a_call_whose_tries_lie_in_two_batches_counts_once(
    project: Project, write: Write, import_file: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_BATCH_TRIES", 2)
    tries = (guide(number, context={"call": "a", "attempt": number}) for number in (1, 2, 3))
    outcome = import_file(write(*tries))
    assert (outcome.tries, outcome.new_calls, outcome.known_calls) == (3, 1, 0)
    assert totals(project) == (3, 3, 1, 1, 0)


def test_a_broken_line_is_named_and_stops_nothing(write: Write, import_file: Import) -> None:
    path = write(guide(1), "{torn", guide(2), json.dumps({"timestamp": AT.isoformat()}), guide(3))
    outcome = import_file(path)
    assert outcome.new_calls == 3
    assert {reason: each.examples for reason, each in outcome.skipped.items()} == {
        "no JSON": [2],
        "no timestamp or no message": [4],
    }


def test_a_last_line_that_is_still_being_written_waits(write: Write, import_file: Import) -> None:
    path = write(guide(1))
    path.write_text(path.read_text() + guide(2)[:40])
    outcome = import_file(path)
    assert outcome.skipped[importing.UNFINISHED].examples == [2]
    assert import_file(write(guide(1), guide(2))).new_calls == 1


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"timestamp": "yesterday"}, "no time that can be read"),
        ({"timestamp": "1999-01-01T00:00:00"}, "a time that can't be right"),
        ({"timestamp": "2199-01-01T00:00:00"}, "a time that can't be right"),
        ({"status_code": 12}, "status: expected a whole number from 100 to 599"),
        ({"context": {"attempt": "many"}}, "attempt: expected a whole number"),
        ({"context": {"headers": json.loads('{"a":' * 60 + "1" + "}" * 60)}}, "TRIAGE_MAX_NESTING"),
    ],
)
def test_what_is_wrong_in_a_line_is_said(told: dict[str, Any], reason: str, write: Write, import_file: Import) -> None:
    outcome = import_file(write(guide(), guide(1, **told)))
    [(said, skipped)] = outcome.skipped.items()
    assert said.startswith(reason)
    assert skipped.examples == [2]
    assert outcome.new_calls == 1


def test_a_time_without_an_offset_is_in_the_zone_that_was_named(write: Write, import_file: Import) -> None:
    import_file(write(guide(timestamp="2025-03-01T12:00:00")), zone=ZoneInfo("Europe/Berlin"))
    assert Request.objects.get().started_at == AT - dt.timedelta(hours=1)


def test_dimensions_fill_in_what_a_line_doesnt_tell(write: Write, import_file: Import) -> None:
    defaults = {"service": "other", "team": "core", "environment": ""}
    import_file(write(guide()), defaults=defaults)
    request = Request.objects.get()
    assert (request.service, request.team, request.environment) == ("checkout", "core", "")


def test_secrets_are_masked_before_they_are_stored(write: Write, import_file: Import) -> None:
    key = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz"
    context = {"service": f"a {key}", "headers": {"x-api-key": key, "via": key}, "user": "jane@example.org"}
    import_file(write(guide(message=f"invalid key {key}", context=context)))
    stored = [*Request.objects.values_list(), *Attempt.objects.values_list(), *Issue.objects.values_list()]
    assert Attempt.objects.get().body
    assert "abcdefgh" not in repr(stored)
    assert "jane@" not in repr(stored)


def test_a_file_of_no_known_form_is_refused(write: Write, import_file: Import) -> None:
    with pytest.raises(Unreadable, match="first 2 lines are of no known form; known are ours, guide, "):
        import_file(write("hello", "world"))
    with pytest.raises(Unreadable, match="empty"):
        import_file(write())


def test_a_form_that_was_named_is_not_looked_for(write: Write, import_file: Import) -> None:
    outcome = import_file(write(json.dumps({"at": AT.timestamp()})), "ours")
    assert (outcome.form, outcome.new_calls, outcome.failures) == ("ours", 1, 0)


def test_a_list_of_our_own_reports_is_read(project: Project, tmp_path: Path, import_file: Import) -> None:
    path = tmp_path / "a.json"
    tries = [{"call": "a", "at": AT.timestamp() + n, "attempt": n, "failed": n < 3} for n in (1, 2, 3)]
    path.write_text(json.dumps(tries, indent=2))
    import_file(path)
    assert totals(project) == (3, 2, 1, 0, 1)


def test_no_server_has_to_run(project: Project, write: Write) -> None:
    with redis.Redis.from_url("unix:///nowhere/valkey.sock") as away:
        outcome = importing.Outcome()
        with open_file(str(write(guide()))) as opened:
            importing.Importer(project.pk, away, defaults={}).read(opened, outcome, None, lambda: None)
    assert outcome.new_calls == 1


def test_where_the_database_is_away_nothing_is_lost_silently(
    write: Write, import_file: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(importing, "store_directly", away)
    with pytest.raises(OperationalError):
        import_file(write(guide()))


def test_another_projects_lines_are_its_own(
    project: Project, other_project: Project, write: Write, import_file: Import
) -> None:
    path = write(guide())
    import_file(path)
    import_file(path, into=other_project)
    assert totals(project) == totals(other_project) == (1, 1, 1, 1, 0)


def test_a_transcripts_request_that_telemetry_told_before_is_the_same_one(
    client: Client, project: Project, write: Write, import_file: Import
) -> None:
    client.post("/otlp/v1/logs", (SAMPLES / "0007-claude-code-json-401-logs.body").read_bytes())
    digest_waiting()
    known = Request.objects.get(outcome="failed")
    before = totals(project)
    ended = known.started_at + dt.timedelta(milliseconds=known.duration_ms or 0)
    message = {"model": "<synthetic>", "content": [{"type": "text", "text": "Invalid API key · Fix external API key"}]}
    line = {
        "type": "assistant",
        "sessionId": known.session_id,
        "requestId": known.api_request_id,
        "timestamp": ended.isoformat(),
        "isApiErrorMessage": True,
        "apiErrorStatus": 401,
        "message": message,
    }
    import_file(write(json.dumps(line)))
    assert known.api_request_id
    assert totals(project) == before
