"""Sentry's SDKs: what they sent of real calls is read, each call is one request, and no prompt comes any further."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.conftest import Client
from tests.ingest.test_fuzz import FUZZ, JSON, check_nothing_is_lost
from triage.ingest import inbox
from triage.ingest.inbox import STREAM
from triage.models import Attempt, DropCount, Request, Source

SAMPLES = Path(__file__).parent / "sentry"
ENVELOPE = "/api/7/envelope/"
RECORDED = dt.datetime(2026, 11, 22, 2, 20, tzinfo=dt.UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dt.datetime:
    """The time of receipt of everything: the night in which these samples were recorded."""
    monkeypatch.setattr(inbox, "now", RECORDED.timestamp)
    return RECORDED


def auth(key: str) -> dict[str, str]:
    """The headers of the Python SDK."""
    told = f"Sentry sentry_key={key}, sentry_version=7, sentry_client=sentry.python/2.75.0"
    return {"x-sentry-auth": told, "authorization": "", "content-type": "application/x-sentry-envelope"}


def send(client: Client, *names: str, packed: bool = False) -> None:
    for name in names:
        body = (SAMPLES / f"{name}.envelope").read_bytes()
        headers = auth(client.key) | ({"content-encoding": "gzip"} if packed else {})
        answer = client.post(ENVELOPE, gzip.compress(body) if packed else body, headers=headers)
        assert answer.status == 200, answer.body


def event(*values: dict[str, Any], **told: Any) -> dict[str, Any]:
    return {"event_id": "e" * 32, "timestamp": 1795298400.0, "exception": {"values": list(values)}, **told}


OVERLOADED = {
    "module": "anthropic",
    "type": "OverloadedError",
    "value": "Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}}",
}


def envelope(*items: tuple[str, Any], header: Any = None) -> bytes:
    lines = [json.dumps(header or {})]
    for kind, payload in items:
        lines += [json.dumps({"type": kind}), json.dumps(payload)]
    return "\n".join(lines).encode()


def test_an_envelope_is_answered_with_its_id_and_a_store_with_the_events(client: Client) -> None:
    sent = (SAMPLES / "python-529-wrapped-raised.envelope").read_bytes()
    answer = client.post(ENVELOPE, sent, headers=auth(client.key))
    assert (answer.status, answer.json) == (200, {"id": json.loads(sent.partition(b"\n")[0])["event_id"]})
    answer = client.post("/api/7/store/", event(OVERLOADED), headers=auth(client.key))
    assert (answer.status, answer.json) == (200, {"id": "e" * 32})


@pytest.mark.parametrize("path", ["/api/1/envelope/", "/api/4505/envelope", "/api/0/store/"])
def test_any_number_goes_with_a_good_key(client: Client, path: str) -> None:
    assert client.post(path, envelope(), headers=auth(client.key)).status == 200


def test_a_key_is_taken_from_wherever_an_sdk_puts_it(client: Client) -> None:
    key, client.key = client.key, ""
    for headers in (auth(key), {"authorization": f"Sentry sentry_key={key}"}, {"authorization": f"Bearer {key}"}):
        assert client.post(ENVELOPE, envelope(), headers=headers).status == 200
    assert client.post(f"{ENVELOPE}?sentry_version=7&sentry_key={key}", envelope(), content_type=None).status == 200
    for headers in ({}, auth("tri_unknown"), {"x-sentry-auth": "Sentry sentry_version=7"}):
        answer = client.post(ENVELOPE, envelope(), headers=headers)
        assert answer.status == 401
        assert "key" in answer.json["detail"]


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_packed_envelopes_are_unpacked(client: Client, encoding: str, pack: Any) -> None:
    headers = auth(client.key) | {"content-encoding": encoding}
    assert client.post(ENVELOPE, pack(envelope(("event", event(OVERLOADED)))), headers=headers).status == 200
    assert client.post(ENVELOPE, envelope(), headers=headers | {"content-encoding": "zstd"}).status == 415


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "the envelope's first line is no JSON"),
        (b"[]\n", "the envelope's first line: expected an object"),
        (b'{}\n{"type":"event"', "the header of item 1 is no JSON"),
        (b'{}\n{"type":"event","length":90}\n{}', "item 1 is 90 bytes long; 2 bytes follow its header"),
        (b'{}\n{"type":"event","length":"x"}\n{}', "item 1 has a length that is no whole number"),
        (b'{}\n{"type":"event","length":2.0}\n{}', "item 1 has a length that is no whole number"),
        (b'{}\n{"type":"event","length":-1}\n{}', "item 1 is -1 bytes long"),
        (b'{}\n{"type":"session"}\nx\n{"type":"event"}\n{oops', "item 2 (event) is no JSON"),
        (b'{}\n{"type":"event"}\n[]', "item 1 (event): expected an object"),
    ],
)
def test_a_torn_envelope_is_told_what_is_wrong_and_where(client: Client, body: bytes, words: str) -> None:
    answer = client.post(ENVELOPE, body, headers=auth(client.key))
    assert answer.status == 400
    assert words in answer.json["detail"]


def test_bounds_are_those_of_every_report(client: Client, client_with: Any) -> None:
    deep = b'{}\n{"type":"event"}\n{"extra":' + b"[" * 50 + b"]" * 50 + b"}"
    answer = client.post(ENVELOPE, deep, headers=auth(client.key))
    assert (answer.status, answer.json["detail"][:24]) == (413, "TRIAGE_MAX_NESTING is 40")
    small = client_with(records=2)
    spans = ("span", {"items": [{}, {}, {}]})
    assert "TRIAGE_MAX_RECORDS is 2" in small.post(ENVELOPE, envelope(spans), headers=auth(client.key)).json["detail"]


def test_items_beyond_the_bound_are_not_even_looked_at(client_with: Any) -> None:
    client = client_with(records=2)
    answer = client.post(ENVELOPE, b"{}\n" + b"{}\n\n" * 2 + b"no header", headers=auth(client.key))
    assert (answer.status, answer.json["detail"]) == (413, "TRIAGE_MAX_RECORDS is 2; the body holds more")


def test_a_header_that_is_nested_too_deep_is_refused(client: Client) -> None:
    answer = client.post(ENVELOPE, b"[" * 100_000, headers=auth(client.key))
    assert (answer.status, answer.json["detail"][:24]) == (413, "TRIAGE_MAX_NESTING is 40")


def test_items_of_a_stated_length_hold_line_breaks_and_stand_after_empty_lines(
    client: Client, digest: Callable[[], int]
) -> None:
    payload = json.dumps(event(OVERLOADED), indent=1).encode()
    head = b'{"type":"event","length":%d}\n' % len(payload)
    body = b"{}\r\n\r\n" + head + payload + b'\n\n{"type":"session"}\nnothing\n\r\n'
    assert client.post(ENVELOPE, body, headers=auth(client.key)).status == 200
    digest()
    assert Request.objects.get().cause == "overloaded"


def test_a_tag_whose_name_is_no_text_is_left_out(client: Client, digest: Callable[[], int]) -> None:
    told = event(OVERLOADED, tags=[[[1], 2], ["team", "core"], 3])
    assert client.post(ENVELOPE, envelope(("event", told)), headers=auth(client.key)).status == 200
    digest()
    assert Request.objects.get().team == "core"


def test_a_full_inbox_asks_the_sdk_to_wait_in_its_own_words(client_with: Any, valkey: redis.Redis) -> None:
    small = client_with(inbox_entries=1)
    body = envelope(("event", event(OVERLOADED)))
    assert [small.post(ENVELOPE, body, headers=auth(small.key)).status for _ in range(2)] == [200, 429]
    answer = small.post(ENVELOPE, body, headers=auth(small.key))
    assert answer.headers["x-sentry-rate-limits"] == f"{answer.headers['retry-after']}::key"
    assert int(answer.headers["retry-after"]) > 0


def test_no_prompt_and_no_answer_of_a_model_reaches_the_inbox(client: Client, valkey: redis.Redis) -> None:
    samples = sorted(SAMPLES.glob("*.envelope"))
    assert sum(b"a very private prompt" in sample.read_bytes() for sample in samples) > 3
    send(client, *(sample.stem for sample in samples))
    entries = valkey.xrange(STREAM)
    assert len(entries) > len(samples) / 2
    for _, entry in entries:
        for words in (b"private prompt", b"Hello.", b"vars", b"json_data", b"example.org", b"a@b.example"):
            assert words not in entry[b"body"]


def test_what_has_nothing_to_do_with_the_api_is_not_stored_and_no_error(
    client: Client, digest: Callable[[], int]
) -> None:
    send(client, "python-zero_division", "node-529-session")
    digest()
    assert not Request.objects.exists()
    assert list(DropCount.objects.values_list("reason", "count")) == [("not a Claude API call", 1)]
    source = Source.objects.get()
    assert (source.client, source.service, source.signal, source.failures) == (
        *("sentry.python/2.75.0", "chat-worker", "sentry"),
        0,
    )


def test_what_an_sdk_discarded_itself_is_told_as_dropped(client: Client, digest: Callable[[], int]) -> None:
    send(client, "python-client_report")
    digest()
    assert dict(DropCount.objects.values_list("reason", "count")) == {
        "discarded by the Sentry SDK: error, event_processor": 1,
        "discarded by the Sentry SDK: span, buffer_overflow": 1,
    }
    assert not Source.objects.exists()


def test_an_event_alone_names_the_cause_and_the_chain_behind_it(client: Client, digest: Callable[[], int]) -> None:
    send(client, "python-refused-retried-raised")
    digest()
    attempt = Attempt.objects.get()
    assert (attempt.exception, attempt.cause, attempt.category) == (
        *("APIConnectionError", "connection_refused"),
        "network",
    )
    assert attempt.request.environment == "staging"
    assert attempt.request.user == "u-42"
    assert "Connection refused" in attempt.body


def test_each_call_in_a_group_of_exceptions_is_a_call(client: Client, digest: Callable[[], int]) -> None:
    def inside(number: int, parent: int | None = None) -> dict[str, Any]:
        told = {"type": "chained", "exception_id": number}
        return {"mechanism": told if parent is None else {**told, "parent_id": parent}}

    cause = {"module": "httpx2", "type": "ConnectError", "value": "[Errno 111] Connection refused"}
    raised = {"module": "anthropic", "type": "APIConnectionError", "value": "Connection error."}
    group = {"module": None, "type": "ExceptionGroup", "value": "two calls failed"}
    values = [
        {**cause, **inside(3, parent=2)},
        {**raised, **inside(2, parent=0)},
        {**OVERLOADED, **inside(1, parent=0)},
        {**group, **inside(0)},
    ]
    body = envelope(("event", event(*values)))
    assert client.post(ENVELOPE, body, headers=auth(client.key)).status == 200
    digest()
    assert sorted(Request.objects.values_list("cause", flat=True)) == ["connection_refused", "overloaded"]


def test_a_span_of_another_provider_or_of_an_agent_is_no_call(client: Client, digest: Callable[[], int]) -> None:
    def span(op: str, **data: Any) -> dict[str, Any]:
        told = {"sentry.op": op, "sentry.release": "app@1", **data}
        attributes = {name: {"value": value} for name, value in told.items()}
        return {"trace_id": "a" * 32, "span_id": op[:16], "status": "ok", "name": op, "attributes": attributes}

    items = [
        span("gen_ai.chat", **{"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4"}),
        span("gen_ai.invoke_agent", **{"gen_ai.system": "anthropic", "gen_ai.request.model": "claude-opus-4-8"}),
        span("http.client", **{"url.full": "https://api.example.org/v1/messages", "http.response.status_code": 500}),
        span("db"),
    ]
    assert client.post(ENVELOPE, envelope(("span", {"items": items})), headers=auth(client.key)).status == 200
    digest()
    assert not Request.objects.exists()
    assert Source.objects.get().service == "app"


def test_without_the_integration_a_try_at_the_apis_own_host_is_a_call(
    client: Client, digest: Callable[[], int]
) -> None:
    span = {
        **{"trace_id": "a" * 32, "span_id": "b" * 16, "op": "http.client", "status": "internal_error"},
        **{"start_timestamp": 1795298400.0, "timestamp": 1795298401.5},
        "description": "POST https://api.anthropic.com/v1/messages",
        "data": {"http.response.status_code": 529},
    }
    transaction = {"release": "app@1", "contexts": {"trace": {"trace_id": "a" * 32}}, "spans": [span]}
    assert client.post(ENVELOPE, envelope(("transaction", transaction)), headers=auth(client.key)).status == 200
    digest()
    request = Request.objects.get()
    assert (request.outcome, request.http_status, request.cause) == ("failed", 529, "overloaded")
    assert Attempt.objects.get().duration_ms == 1500


ANY = JSON | st.text(max_size=9)
EXCEPTION = st.fixed_dictionaries(
    {"module": st.just("anthropic") | ANY},
    optional={
        **dict.fromkeys(("type", "value", "stacktrace"), ANY),
        "mechanism": ANY | st.dictionaries(st.sampled_from(("type", "exception_id", "parent_id")), ANY),
    },
)
EVENT = st.fixed_dictionaries(
    {"exception": st.lists(EXCEPTION, max_size=3) | ANY},
    optional=dict.fromkeys(("event_id", "timestamp", "transaction", "release", "user", "tags", "contexts"), ANY),
)
ATTRIBUTES = st.fixed_dictionaries(
    {
        "sentry.op": st.sampled_from(({"value": "gen_ai.chat"}, {"value": "http.client"})) | ANY,
        "gen_ai.system": st.just({"value": "anthropic"}) | ANY,
        "url.full": st.just({"value": "https://api.anthropic.com/v1/messages"}) | ANY,
    },
    optional=dict.fromkeys(
        ("http.response.status_code", "gen_ai.usage.input_tokens", "sentry.release", "user.id"), ANY
    ),
)
SPAN = st.fixed_dictionaries(
    {"attributes": ATTRIBUTES | ANY},
    optional=dict.fromkeys(
        ("trace_id", "span_id", "parent_span_id", "status", "start_timestamp", "end_timestamp"), ANY
    ),
)
ITEM = st.one_of(
    st.tuples(st.just("event"), EVENT),
    st.tuples(st.just("span"), st.fixed_dictionaries({"items": st.lists(SPAN, max_size=3) | ANY})),
    st.tuples(st.just("transaction"), st.dictionaries(st.sampled_from(("contexts", "spans", "tags", "user")), ANY)),
    st.tuples(st.just("client_report"), st.fixed_dictionaries({"discarded_events": ANY})),
    st.tuples(st.text(max_size=9), ANY),
)


@FUZZ
@given(items=st.lists(ITEM, max_size=3), header=ANY)
def test_any_envelope_is_answered_and_none_ends_the_digest(
    client: Client, valkey: redis.Redis, items: list[Any], header: Any
) -> None:
    answer = client.post(ENVELOPE, envelope(*items, header=header), headers=auth(client.key))
    assert answer.status in (200, 400)
    check_nothing_is_lost(valkey)
