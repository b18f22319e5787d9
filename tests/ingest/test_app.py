"""The receiver: who may report, what is refused and why, and what is answered."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest
import redis
from django.db import DatabaseError
from django.utils import timezone
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.ingest.conftest import Client
from triage.ingest.app import Receiver
from triage.ingest.inbox import STREAM
from triage.ingest.keys import Granted, KeyRing
from triage.ingest.routes import is_ours
from triage.models import IngestKey, digest_of

ATTEMPTS = "/api/v1/attempts"
TRACES = "/otlp/v1/traces"
PROTOBUF = "application/x-protobuf"
ONE = {"id": "a", "status": 529}


@pytest.fixture
def client(valkey: redis.Redis) -> Client:
    """A client of a receiver that takes any key: what it does with a body needs no database."""
    return Client("tri_any", Receiver(keys=KeyRing(lambda _: Granted(1, 1))))


@pytest.fixture
def keyed_client(transactional_db: None, key: str, valkey: redis.Redis) -> Client:
    """A client with Alice's key of a receiver that looks keys up."""
    return Client(key)


def spans(count: int) -> bytes:
    message = ExportTraceServiceRequest()
    scope = message.resource_spans.add().scope_spans.add()
    for _ in range(count):
        scope.spans.add(name="x")
    return message.SerializeToString()


def test_the_receiver_takes_its_own_addresses_only() -> None:
    assert is_ours("/api/v1/attempts")
    assert is_ours("/otlp/v1/logs")
    assert not is_ours("/api/v1/rates")
    assert not is_ours("/api/v1/attempts/1")
    assert not is_ours("/otlpx")
    assert is_ours("/api/1/envelope/")
    assert is_ours("/api/4505/store/")


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/v1/logs", "/otlp/v1/logs"),
        ("/v1/traces/", "/otlp/v1/traces"),
        ("/otlp", "/otlp/v1/logs"),
        ("/otlp/logs", "/otlp/v1/logs"),
        ("/otlp/v1/v1/metrics", "/otlp/v1/metrics"),
        ("/otlp/otlp/v1/logs", "/otlp/v1/logs"),
        ("/opentelemetry.proto.collector.logs.v1.LogsService/Export", "not gRPC"),
        ("/api/v1/attempt", "/api/v1/attempts"),
        ("/api/v1/attempts/", "/api/v1/attempts"),
        ("/api/attempts", "/api/v1/attempts"),
        ("/v1/attempts", "/api/v1/attempts"),
        ("/api/shop/envelope/", "/api/NUMBER/envelope/"),
        ("/api/envelope/", "/api/NUMBER/envelope/"),
    ],
)
def test_an_address_beside_the_right_one_is_answered_with_the_right_one(client: Client, path: str, meant: str) -> None:
    assert is_ours(path)
    answer = client.post(path, ONE)
    assert answer.status == 404
    assert meant in answer.body.decode()


@pytest.mark.parametrize(
    "path",
    ["/", "/metrics", "/logs", "/healthz", "/connect/", "/api/v1/issues", "/api/v1/openapi.json", "/requests/v1/"],
)
def test_pages_stay_with_django(path: str) -> None:
    assert not is_ours(path)


def test_reports_are_accepted_one_in_a_list_or_one_a_line(client: Client, valkey: redis.Redis) -> None:
    assert client.post(ATTEMPTS, ONE).json == {"accepted": 1}
    answer = client.post(ATTEMPTS, [ONE, ONE, ONE])
    assert (answer.status, answer.json) == (202, {"accepted": 3})
    lines = b'{"id":"a"}\n\n{"id":"b"}\n'
    assert client.post(ATTEMPTS, lines, content_type="application/x-ndjson").json == {"accepted": 2}
    assert client.post(ATTEMPTS, ONE, content_type="application/json; charset=utf-8").status == 202
    assert valkey.xlen(STREAM) == 4


def test_an_export_is_answered_in_its_own_encoding(client: Client) -> None:
    answer = client.post(TRACES, spans(1), content_type=PROTOBUF)
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, PROTOBUF, b"")
    answer = client.post(TRACES, {"resourceSpans": []})
    assert (answer.status, answer.headers["content-type"], answer.json) == (200, "application/json", {})
    assert client.post("/otlp/v1/metrics", {"resourceMetrics": None}).status == 200


def test_nothing_to_tell_is_fine_and_takes_no_place(client: Client, valkey: redis.Redis) -> None:
    assert client.post(ATTEMPTS, []).json == {"accepted": 0}
    assert client.post("/otlp/v1/logs", {}).status == 200
    assert client.post("/otlp/v1/logs", b"", content_type=PROTOBUF).status == 200
    assert valkey.xlen(STREAM) == 0


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic dHJpOnRyaQ==", "Bearer tri_unknown"])
def test_without_a_good_key_nothing_is_read(keyed_client: Client, authorization: str | None) -> None:
    client = keyed_client
    client.key = ""
    headers = {"authorization": authorization} if authorization is not None else {}
    for path in (ATTEMPTS, TRACES):
        answer = client.post(path, ONE, headers=headers)
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_good_key_opens_until_it_is_revoked(keyed_client: Client) -> None:
    assert keyed_client.post(ATTEMPTS, ONE).status == 202
    IngestKey.objects.filter(digest=digest_of(keyed_client.key)).update(revoked_at=timezone.now())
    keyed_client.receiver = Receiver()  # the other one remembers for a few seconds
    answer = keyed_client.post(ATTEMPTS, ONE)
    assert (answer.status, answer.json) == (403, {"error": "this ingest key was revoked"})


def test_a_key_is_looked_up_once_in_a_while_and_outlives_a_database_that_is_away(client: Client) -> None:
    asked: list[str] = []

    def look_up(digest: str) -> Any:
        asked.append(digest)
        if len(asked) > 1:
            raise DatabaseError
        return Granted(1, 1)

    keys = KeyRing(look_up)
    client.receiver = Receiver(keys=keys)
    assert [client.post(ATTEMPTS, ONE).status for _ in range(3)] == [202] * 3
    assert len(asked) == 1
    for known in keys._known:
        keys._known[known] = (0.0, keys._known[known][1])
    assert client.post(ATTEMPTS, ONE).status == 202
    assert len(asked) == 2
    client.key = "tri_another"
    answer = client.post(ATTEMPTS, ONE)
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0


def test_other_methods_and_addresses_say_what_is_right(client: Client) -> None:
    answer = client.post(ATTEMPTS, method="GET")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    answer = client.post("/otlp/v1/profiles", {})
    assert answer.status == 404
    assert "/otlp/v1/traces" in answer.json["message"]


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", PROTOBUF])
def test_a_content_type_that_is_not_understood_is_named(client: Client, kind: str | None) -> None:
    answer = client.post(ATTEMPTS, ONE, content_type=kind)
    assert answer.status == 415
    assert "application/json" in answer.json["error"]
    assert (kind or "missing") in answer.json["error"]


@pytest.mark.parametrize("encoding", ["zstd", "gzip, gzip", "x"])
def test_a_content_encoding_that_is_not_understood_is_named(client: Client, encoding: str) -> None:
    answer = client.post(ATTEMPTS, ONE, headers={"content-encoding": encoding})
    assert (answer.status, answer.headers["accept-encoding"]) == (415, "identity, gzip, deflate, br")


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("gzip", lambda body: gzip.compress(body[:5], mtime=0) + gzip.compress(body[5:])),
        ("gzip", lambda body: gzip.compress(body, mtime=0) + b"\0" * 10),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("br", brotli.compress),
        ("br", lambda body: brotli.compress(body + b" " * 200_000)),
        ("identity", bytes),
        ("", bytes),
    ],
)
def test_packed_bodies_are_unpacked(client: Client, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    body = pack(json.dumps([ONE] * 50).encode())
    assert client.post(ATTEMPTS, body, headers={"content-encoding": encoding}, chunks=3).json == {"accepted": 50}


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"not packed"),
        ("gzip", gzip.compress(b"{}", mtime=0)[:-6]),
        ("gzip", gzip.compress(b"{}", mtime=0) + b"rubbish"),
        ("gzip", b""),
        ("deflate", b"\xff\xff\xff"),
        ("deflate", zlib.compress(b"{}")[:-2]),
        ("br", b"not packed"),
        ("br", b""),
        ("br", brotli.compress(b"{}" * 99)[:-3]),
    ],
)
def test_what_is_packed_badly_is_said_to_be(client: Client, encoding: str, body: bytes) -> None:
    answer = client.post(ATTEMPTS, body, headers={"content-encoding": encoding})
    assert answer.status == 400
    assert encoding in answer.json["error"]


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_body_of_countless_packed_parts_is_refused(
    client: Client, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    body = pack(b"[]") + pack(b"") * 999
    assert client.post(ATTEMPTS, body, headers={"content-encoding": encoding}).status == 202
    answer = client.post(ATTEMPTS, body + pack(b""), headers={"content-encoding": encoding})
    assert (answer.status, answer.json["error"]) == (400, "the body has more than 1,000 compressed parts")


@pytest.mark.parametrize("chunks", [1, 5], ids=["whole", "chunked"])
def test_a_body_that_is_too_large_names_the_setting(client_with: Callable[..., Client], chunks: int) -> None:
    answer = client_with(body_bytes=1000).post(ATTEMPTS, b"x" * 1001, chunks=chunks)
    assert answer.status == 413
    assert "TRIAGE_MAX_BODY_BYTES is 1,000; " in answer.json["error"]
    assert "1,001" in answer.json["error"]


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("br", brotli.compress)])
def test_a_bomb_is_stopped_at_the_bound(
    client_with: Callable[..., Client], encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    bomb = pack(b"\0" * 50_000_000)
    answer = client_with(decompressed_bytes=100_000).post(TRACES, bomb, headers={"content-encoding": encoding})
    assert answer.status == 413
    assert "TRIAGE_MAX_DECOMPRESSED_BYTES is 100,000" in answer.json["message"]


@pytest.mark.parametrize("depth", [41, 900, 100_000])
def test_deep_nesting_names_the_setting(client: Client, depth: int) -> None:
    body = b'{"body":' + b"[" * depth + b"]" * depth + b"}"
    answer = client.post(ATTEMPTS, body)
    assert (answer.status, answer.json["error"][:24]) == (413, "TRIAGE_MAX_NESTING is 40")
    body = b'{"resourceSpans":' + b"[" * depth + b"]" * depth + b"}"
    assert client.post(TRACES, body).status == 413


def test_nesting_within_the_bound_is_fine(client: Client) -> None:
    assert client.post(ATTEMPTS, b'{"body":' + b"[" * 38 + b"]" * 38 + b"}").status == 202


def test_too_many_records_name_the_setting(client_with: Callable[..., Client]) -> None:
    client = client_with(records=3)
    assert client.post(ATTEMPTS, [ONE] * 3).status == 202
    for answer in (
        client.post(ATTEMPTS, [ONE] * 4),
        client.post(TRACES, {"resourceSpans": [{"scopeSpans": [{"spans": [{}] * 4}]}]}),
    ):
        assert answer.status == 413
        assert b"TRIAGE_MAX_RECORDS is 3; the body holds 4" in answer.body
    answer = client.post(TRACES, spans(4), content_type=PROTOBUF)
    assert answer.status == 413
    status = Status.FromString(answer.body)
    assert "TRIAGE_MAX_RECORDS is 3" in status.message


def test_a_refused_export_is_a_status_in_the_encoding_of_the_request(client: Client) -> None:
    answer = client.post(TRACES, b"\xff\xff", content_type=PROTOBUF)
    assert (answer.status, answer.headers["content-type"]) == (400, PROTOBUF)
    status = Status.FromString(answer.body)
    assert status.code == 3
    assert "ExportTraceServiceRequest" in status.message
    answer = client.post(TRACES, b"{", content_type="application/json")
    assert (answer.status, answer.json["code"]) == (400, 3)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the body is no JSON"),
        (b'{"id": ', "the body is no JSON"),
        (b"\xff\xfe", "the body is not UTF-8"),
        (b'{"status": NaN}', "NaN"),
        (b'"text"', 'reports[0]: expected an object, got "text"'),
        (b"[{}, 3]", "reports[1]: expected an object, got 3"),
        (b'[{}, {"status": "abc"}]', 'reports[1].status: expected a whole number from 100 to 599, got "abc"'),
        (b'{"status": 42}', "reports[0].status: expected a whole number"),
        (b'{"status": true}', "reports[0].status"),
        (b'{"attempt": 0}', "reports[0].attempt: expected a whole number from 1"),
        (b'{"at": "yesterday"}', "reports[0].at: expected an ISO 8601 time"),
        (b'{"at": 1e300}', "reports[0].at"),
        (b'{"error": 5}', "reports[0].error: expected an object or text"),
        (b'{"outcome": "great"}', 'reports[0].outcome: expected "succeeded" or "failed"'),
        (b'{"headers": []}', "reports[0].headers: expected an object"),
        (b'{"cause_chain": [1]}', "reports[0].cause_chain: expected a list of texts"),
        (b'{"service": {}}', "reports[0].service: expected text"),
        (b'{"duration_ms": -1}', "reports[0].duration_ms"),
    ],
)
def test_a_malformed_report_is_told_what_is_wrong_and_where(client: Client, body: bytes, words: str) -> None:
    answer = client.post(ATTEMPTS, body)
    assert answer.status == 400
    assert words in answer.json["error"]


def test_a_malformed_line_is_named(client: Client) -> None:
    answer = client.post(ATTEMPTS, b'{"id":"a"}\n{oops\n', content_type="application/x-ndjson")
    assert (answer.status, answer.json["error"][:17]) == (400, "line 2 is no JSON")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "expected an object with resourceSpans, got a list"),
        ({"resourceSpans": {}}, "resourceSpans: expected a list, got an object"),
        ({"resourceSpans": [5]}, "resourceSpans[0]: expected an object, got a number"),
        ({"resourceSpans": [{"resource": "x"}]}, "resourceSpans[0].resource: expected an object, got text"),
        ({"resourceSpans": [{"scopeSpans": [{"spans": [{}, None]}]}]}, "resourceSpans[0].scopeSpans[0].spans[1]"),
        (
            {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": [{"key": 1}]}]}]}]},
            "resourceSpans[0].scopeSpans[0].spans[0].attributes[0].key: expected text",
        ),
        ({"resourceLogs": []}, "it belongs to /otlp/v1/logs"),
    ],
)
def test_a_malformed_export_is_told_what_is_wrong_and_where(client: Client, body: Any, words: str) -> None:
    answer = client.post(TRACES, body)
    assert answer.status == 400
    assert words in answer.json["message"]


def test_a_client_that_hangs_up_leaves_nothing_behind(client: Client, valkey: redis.Redis) -> None:
    half = [{"type": "http.request", "body": b'{"id"', "more_body": True}]
    headers = {"authorization": f"Bearer {client.key}", "content-type": "application/json"}
    answer = asyncio.run(client.call(ATTEMPTS, "POST", headers, half))
    assert answer.status == 0
    assert valkey.xlen(STREAM) == 0


def test_a_full_inbox_asks_to_come_back_and_names_the_setting(
    client_with: Callable[..., Client], valkey: redis.Redis
) -> None:
    client = client_with(inbox_entries=2)
    assert [client.post(ATTEMPTS, ONE).status for _ in range(3)] == [202, 202, 429]
    answer = client.post(TRACES, spans(1), content_type=PROTOBUF)
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "TRIAGE_INBOX_MAX_ENTRIES is 2" in Status.FromString(answer.body).message
    valkey.flushall()
    client = client_with(inbox_bytes=1000)
    answers = [client.post(ATTEMPTS, {"id": "x" * 300}) for _ in range(4)]
    assert [answer.status for answer in answers] == [202, 202, 429, 429]
    assert "TRIAGE_INBOX_MAX_BYTES is 1,000" in answers[-1].json["error"]


def test_without_valkey_nothing_is_accepted(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    answer = client.post(ATTEMPTS, ONE)
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0


def test_no_secret_reaches_the_inbox(client: Client, valkey: redis.Redis) -> None:
    secrets = ["sk-ant-api03-AAAAAAAAAAAAAAAA", "tri_" + "k" * 32, "alice@example.org", "AKIAIOSFODNN7EXAMPLE"]
    text = " ".join(secrets) + " Bearer abc123def456ghi"
    client.post(ATTEMPTS, {"error": text, "headers": {"x-api-key": "plain-secret-1"}})
    escaped = json.dumps({"error": text}).replace("@", "\\u0040").replace("sk-", "s\\u006b-").encode()
    assert client.post(ATTEMPTS, escaped).status == 202
    assert client.post(ATTEMPTS, escaped, content_type="application/x-ndjson").status == 202
    message = ExportTraceServiceRequest()
    span = message.resource_spans.add().scope_spans.add().spans.add(name="n" * 64 + "alice@example.org")
    span.status.message = text
    for secret in [*secrets, "x" * 49 + "bob@example.com"]:
        span.attributes.add(key="said").value.string_value = secret
    span.attributes.add(key="http.request.header.x-api-key").value.string_value = "plain-secret-2"
    assert client.post(TRACES, message.SerializeToString(), content_type=PROTOBUF).status == 200
    pairs = [{"key": "cookie", "value": {"stringValue": "plain-secret-3"}}]
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": text, "attributes": pairs}]}]}]}
    assert client.post(TRACES, body).status == 200
    entries = valkey.xrange(STREAM)
    assert len(entries) == 5
    for _, entry in entries:
        for secret in (*secrets, "abc123def456ghi", "plain-secret", "bob@example.com"):
            assert secret.encode() not in entry[b"body"]
    masked = ExportTraceServiceRequest.FromString(
        next(entry[b"body"] for _, entry in entries if b"protobuf" in entry[b"form"])
    )
    masked_span = masked.resource_spans[0].scope_spans[0].spans[0]
    assert len(masked_span.attributes) == 6
    assert [len(pair.value.string_value) for pair in masked_span.attributes][:4] == [len(each) for each in secrets]
