"""What each client's telemetry is read as, before the accounts of one call are put together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.conftest import NOW
from triage.ingest.decoding import Decoded, decode
from triage.ingest.formats import FORMATS, ROLES
from triage.ingest.inbox import Entry
from triage.ingest.report import Report, Role

SCENARIOS = Path(__file__).parent / "samples" / "scenarios"
TRACE, SPAN, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"
TRACEBACK = """Traceback (most recent call last):
  File "/app/lib/httpcore/_sync.py", line 10, in map_exceptions
    yield
httpcore.ConnectError: [Errno 111] Connection refused

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/lib/httpx/_transports.py", line 20, in handle
    raise mapped
    ^^^^^^^^^^^^
httpx.ConnectError: [Errno 111] Connection refused

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/lib/anthropic/_base_client.py", line 30, in request
    raise APIConnectionError(request=request) from err
anthropic.APIConnectionError: Connection error.
"""


def decoded(body: bytes, form: str) -> Decoded:
    return decode(Entry("1-0", form, 1, 1, NOW, body))


def sample(name: str) -> Decoded:
    signal = name.rpartition("-")[2]
    return decoded((SCENARIOS / f"{name}.body").read_bytes(), f"{signal}:protobuf")


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}
    return [{"key": key, "value": {kinds[type(value)]: value}} for key, value in attributes.items()]


def export(scope: str, attributes: dict[str, Any], *, signal: str = "traces", **fields: Any) -> Decoded:
    """Decode an export of one span, or log record, of ``scope``."""
    words = {"traces": ("resourceSpans", "scopeSpans", "spans"), "logs": ("resourceLogs", "scopeLogs", "logRecords")}
    resources, scopes, records = words[signal]
    end = int(NOW.timestamp() * 1e9)
    times = {"startTimeUnixNano": end - 10**9, "endTimeUnixNano": end} if signal == "traces" else {"timeUnixNano": end}
    events = [{"name": name, "attributes": pairs(held)} for name, held in fields.pop("events", {}).items()]
    record = {"traceId": TRACE, "spanId": SPAN, **times, "attributes": pairs(attributes), "events": events, **fields}
    group = {"scope": {"name": scope, "version": "1.2"}, records: [record]}
    resource = {"attributes": pairs({"service.name": "chat"})}
    document = {resources: [{"resource": resource, scopes: [group]}]}
    return decoded(json.dumps(document).encode(), f"{signal}:json")


def only(found: Decoded) -> Report:
    [(report, _)] = found.reports
    return report


def told_by(kind: str, found: Decoded) -> Any:
    [last] = [report.last for report, _ in found.reports if report.kind == kind]
    return last.failed, last.http_status, last.error_type, last.exception, last.cause


WRAPPERS = ("traceloop", "openinference", "logfire")
OVERLOADED = (True, 529, "overloaded_error", "OverloadedError", "overloaded")
FINE = (False, None, "", "", "")
SEEN_BY_ALL_WRAPPERS = {
    "create-ok": FINE,
    "create-529": OVERLOADED,
    "create-529x3": OVERLOADED,
    "create-529_then_ok": FINE,
    "create-429_spend_cap": (
        *(True, 429, "rate_limit_error", "EnforcedSpendLimitReachedError"),
        "tier_spend_cap_reached",
    ),
    "create-400_tool_use": (True, 400, "invalid_request_error", "BadRequestError", "tool_use_without_result"),
    "create-502_html": (True, 502, "", "InternalServerError", "bad_gateway"),
    "create-html_200": FINE,
    # The status says nothing of it, the traceback does.
    "create-refused": (True, None, "", "APIConnectionError", "connection_refused"),
    "create-hang": (True, None, "", "APITimeoutError", "read_timeout"),
    "stream-ok": FINE,
    "parent-529": OVERLOADED,
}


@pytest.mark.parametrize("client", WRAPPERS)
@pytest.mark.parametrize("scenario", SEEN_BY_ALL_WRAPPERS)
def test_a_librarys_span_tells_what_was_raised(client: str, scenario: str) -> None:
    found = sample(f"{client}-{scenario}-traces")
    assert told_by(f"{client}_span", found) == SEEN_BY_ALL_WRAPPERS[scenario]


MIDSTREAM = (True, None, "overloaded_error")


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("openinference-stream-529", "openinference_span", OVERLOADED),
        ("openinference-stream-sse_overloaded", "openinference_span", (*MIDSTREAM, "APIStatusError", "overloaded")),
        (
            "openinference-stream-sse_cut",
            "openinference_span",
            (True, None, "", "RemoteProtocolError", "connection_closed_midway"),
        ),
        ("openinference-stream-html_200", "openinference_span", FINE),
        ("traceloop-astream-sse_overloaded", "traceloop_span", (*MIDSTREAM, "", "overloaded")),
        ("traceloop-stream-html_200", "traceloop_span", FINE),
        ("logfire-stream-529", "logfire_span", OVERLOADED),
        ("logfire-stream-sse_overloaded", "logfire_span", FINE),  # its span ended when the stream began
        ("logfire-stream-sse_cut", "logfire_span", FINE),
        ("genai-create-ok", "genai_span", FINE),
        ("genai-create-529", "genai_span", OVERLOADED),
        ("genai-stream-sse_overloaded", "genai_span", (*MIDSTREAM, "APIStatusError", "overloaded")),
        ("genai-create-refused", "genai_span", (True, None, "", "APIConnectionError", "connection_error_unspecified")),
        ("native-create-html_200", "span", (True, 200, "", "APIResponseValidationError", "response_not_json")),
        ("native-stream-html_200", "span", (True, 200, "", "APIResponseValidationError", "response_not_json")),
        (
            "native-stream-sse_cut",
            "span",
            (True, 200, "connection_error", "RemoteProtocolError", "connection_closed_midway"),
        ),
    ],
)
def test_a_span_is_believed_as_far_as_its_client_sees(name: str, kind: str, told: Any) -> None:
    assert told_by(kind, sample(f"{name}-traces")) == told


@pytest.mark.parametrize("scenario", ["529", "sse_overloaded", "sse_cut"])
def test_openllmetry_says_nothing_of_a_stream_that_failed(scenario: str) -> None:
    assert [report.kind for report, _ in sample(f"traceloop-stream-{scenario}-traces").reports] == ["span"]


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ("generate-ok", [FINE]),
        ("generate-529", [(True, None, "", "AI_APICallError", "overloaded")]),
        ("generate-529x3", [(True, None, "", "AI_APICallError", "overloaded")] * 3),
        ("generate-529_then_ok", [(True, None, "", "AI_APICallError", "overloaded"), FINE]),
        ("generate-400_credit", [(True, None, "", "AI_APICallError", "credit_balance_too_low")]),
        ("generate-502_html", [(True, None, "", "AI_APICallError", "unknown")]),  # neither status nor words
        ("generate-refused", [(True, None, "", "AI_APICallError", "connection_refused")]),
        ("stream-ok", [FINE]),
        ("stream-529_then_ok", [(True, None, "", "AI_APICallError", "overloaded"), FINE]),
        ("stream-sse_overloaded", [(True, 200, "", "", "unknown")]),  # the finish reason says "error", and no more
        ("stream-html_200", [(True, 200, "", "AI_NoOutputGeneratedError", "unknown")]),
    ],
)
def test_the_vercel_ai_sdk_tells_single_tries(scenario: str, told: list[Any]) -> None:
    tries = [report for report, _ in sample(f"vercel-{scenario}-traces").reports]
    seen = [(t.last.failed, t.last.http_status, t.last.error_type, t.last.exception, t.last.cause) for t in tries]
    assert seen == told
    assert {each.last.number for each in tries} == {0}
    assert len({(each.trace_id, each.parent_span_id) for each in tries}) == 1
    assert {each.model for each in tries} == {"claude-opus-4-8"}


@pytest.mark.parametrize("scenario", ["create-ok", "create-529", "stream-sse_overloaded"])
def test_an_event_of_the_conventions_tells_of_its_span(scenario: str) -> None:
    event = only(sample(f"genai-{scenario}-logs"))
    [span] = [report for report, _ in sample(f"genai-{scenario}-traces").reports if report.kind == "genai_span"]
    assert ROLES[event.kind] is Role.EVENT
    assert (event.trace_id, event.span_id) == (span.trace_id, span.span_id)
    assert (event.last.failed, event.last.exception) == (span.last.failed, span.last.exception)


@pytest.mark.parametrize(
    ("name", "tokens", "streamed"),
    [
        ("traceloop-create-ok", True, None),
        ("openinference-stream-ok", True, True),
        ("logfire-create-ok", True, None),
        ("genai-stream-ok", True, True),
        ("vercel-stream-ok", True, True),
    ],
)
def test_a_success_brings_its_dimensions(name: str, tokens: bool, streamed: bool | None) -> None:
    [report, *_] = [report for report, _ in sample(f"{name}-traces").reports if report.kind != "span"]
    assert report.model == "claude-opus-4-8"
    assert report.service in ("chat-worker", "web-chat")
    assert bool(report.input_tokens and report.output_tokens) is tokens
    assert report.streamed is streamed
    assert report.started_at < report.last.at
    assert report.trace_id
    assert report.span_id


def test_a_source_is_named_by_client_and_version() -> None:
    heard = {name[0] for client in (*WRAPPERS, "genai") for name in sample(f"{client}-create-529-traces").heard}
    assert heard == {
        "openllmetry/0.62.4",
        "openinference/3.1.0",
        "logfire/5.2.0",
        "opentelemetry.instrumentation.genai.anthropic/1.3b0",
        "anthropic-python/2.12.0",
    }


def test_the_exceptions_behind_an_exception_are_read_from_its_traceback() -> None:
    raised = {"exception.type": "anthropic.APIConnectionError", "exception.message": "Connection error."}
    found = export(
        "opentelemetry.instrumentation.anthropic",
        {"gen_ai.request.model": "claude-haiku-4-5", "gen_ai.operation.name": "chat"},
        events={"exception": {**raised, "exception.stacktrace": TRACEBACK}},
        status={"code": 2},
    )
    last = only(found).last
    assert last.cause_chain == (
        "httpx.ConnectError: [Errno 111] Connection refused",
        "httpcore.ConnectError: [Errno 111] Connection refused",
    )
    assert (last.exception, last.message, last.cause) == (
        "APIConnectionError",
        "Connection error.",
        "connection_refused",
    )


def test_an_exception_that_was_handled_is_no_failure() -> None:
    found = export(
        "my.tracer",
        {"gen_ai.request.model": "claude-haiku-4-5", "gen_ai.operation.name": "chat"},
        events={"exception": {"exception.type": "ValueError", "exception.message": "retrying"}},
        status={"code": 1},
    )
    assert not only(found).last.failed


@pytest.mark.parametrize("model", ["anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-opus-4-8@20260101"])
@pytest.mark.parametrize("provider", ["aws.bedrock", "gcp.vertex_ai", "openai"])
def test_a_claude_model_counts_on_every_platform(provider: str, model: str) -> None:
    attributes = {"gen_ai.provider.name": provider, "gen_ai.request.model": model, "gen_ai.operation.name": "chat"}
    assert only(export("my.tracer", attributes)).model == model


@pytest.mark.parametrize(
    ("scope", "attributes"),
    [
        ("my.tracer", {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-5", "gen_ai.operation.name": "chat"}),
        ("openinference.instrumentation.openai", {"llm.system": "openai", "openinference.span.kind": "LLM"}),
        ("openinference.instrumentation.langchain", {"openinference.span.kind": "CHAIN", "llm.system": "anthropic"}),
        ("ai", {"ai.model.provider": "openai.responses", "ai.model.id": "gpt-5"}),
        ("my.agents", {"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "claude-opus-4-8"}),
        ("my.agents", {"gen_ai.operation.name": "execute_tool", "gen_ai.system": "anthropic"}),
    ],
)
def test_another_models_call_and_what_is_no_call_are_heard_and_neither_counted_nor_dropped(
    scope: str, attributes: dict[str, Any]
) -> None:
    found = export(scope, attributes, name="ai.generateText.doGenerate" if scope == "ai" else "step")
    assert found.reports == []
    assert not found.drops
    assert [(service, signal) for _, service, signal in found.heard] == [("chat", "traces")]


def test_a_span_that_speaks_of_no_model_is_told_as_unknown() -> None:
    found = export("my.tracer", {"http.route": "/cart"})
    assert list(found.drops) == ["span of no known client: my.tracer"]


@pytest.mark.parametrize(
    ("scope", "attributes"),
    [
        ("com.anthropic.sdk.python", {"gen_ai.request.model": "claude-opus-4-8"}),
        ("logfire.anthropic", {"request_data": '{"model":"claude-opus-4-8"}'}),
        ("opentelemetry.instrumentation.anthropic", {"gen_ai.request.model": "claude-opus-4-8"}),
        ("openinference.instrumentation.anthropic", {"openinference.span.kind": "LLM", "llm.system": "anthropic"}),
        ("ai", {"ai.model.id": "claude-opus-4-8"}),
    ],
)
def test_a_span_that_is_only_announced_does_not_count(scope: str, attributes: dict[str, Any]) -> None:
    name = {"com.anthropic.sdk.python": "anthropic.messages.create", "ai": "ai.streamText.doStream"}.get(scope, "x")
    whole = export(scope, attributes, name=name, kind=3)
    pending = export(scope, {**attributes, "logfire.span_type": "pending_span"}, name=name, kind=3)
    assert len(whole.reports) == 1
    assert pending.reports == []


@pytest.mark.parametrize(
    ("request_data", "model"),
    [('{"model":"claude-opus-4-8[1m]"}', "claude-opus-4-8"), ("{", ""), ("[1]", ""), ("[" * 99_999, "")],
)
def test_logfires_model_is_read_from_the_request_where_it_stands_nowhere_else(request_data: str, model: str) -> None:
    assert only(export("logfire.anthropic", {"request_data": request_data})).model == model


def test_a_tools_run_is_no_request() -> None:
    tool = export("com.anthropic.sdk.python", {}, name="anthropic.tool_use bash", kind=1)
    assert tool.reports == []


@pytest.mark.parametrize("mark", ["anthropic.request.id", "gen_ai.response.id"])
def test_a_success_that_bears_a_mark_of_the_api_is_one(mark: str) -> None:
    told = {"http.response.status_code": 200, mark: "x_1"}
    fields: dict[str, Any] = {"name": "anthropic.messages.create", "kind": 3, "status": {"code": 1}}
    assert not only(export("com.anthropic.sdk.python", told, **fields)).last.failed


def test_the_platform_tells_single_tries_and_leaves_the_service_to_the_program() -> None:
    told = {"error.type": "overloaded_error", "http.response.status_code": 529, "anthropic.request.id": "req_1"}
    fields: dict[str, Any] = {"name": "anthropic.messages.create", "parentSpanId": PARENT, "status": {"code": 2}}
    report = only(export("com.anthropic.claude-platform", told, kind="SPAN_KIND_SERVER", **fields))
    assert ROLES[report.kind] is Role.TRY
    assert (report.last.number, report.service, report.parent_span_id) == (0, "", PARENT)
    assert (report.last.failed, report.last.http_status, report.last.cause) == (True, 529, "overloaded")
    assert report.last.api_request_id == "req_1"
    step = export("com.anthropic.claude-platform", told, kind="SPAN_KIND_INTERNAL", **fields)
    assert step.reports == []


def test_an_exception_event_is_a_failure_by_itself() -> None:
    told = {
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-opus-4-8",
        "exception.type": "anthropic.APITimeoutError",
        "exception.message": "Request timed out.",
    }
    last = only(export("x", told, signal="logs", eventName="gen_ai.client.operation.exception")).last
    assert (last.failed, last.exception, last.cause) == (True, "APITimeoutError", "read_timeout")


def test_prompts_and_answers_told_as_events_are_no_calls() -> None:
    told = {"gen_ai.system": "anthropic", "gen_ai.request.model": "claude-opus-4-8"}
    for scope in ("x", "opentelemetry.instrumentation.anthropic"):
        assert export(scope, told, signal="logs", eventName="gen_ai.choice").reports == []


SCOPES = (
    *("com.anthropic.sdk.python", "com.anthropic.claude-platform", "opentelemetry.instrumentation.anthropic"),
    *("openinference.instrumentation.anthropic", "logfire.anthropic", "ai", "anything"),
)
NAMES = (
    *("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.request.stream", "error.type"),
    *("http.response.status_code", "http.request.resend_count", "exception.type", "exception.stacktrace"),
    *("openinference.span.kind", "llm.system", "request_data", "logfire.span_type", "ai.model.id", "session.id"),
)
VALUES = st.one_of(
    st.text(max_size=8).map(lambda value: {"stringValue": value}),
    st.sampled_from(["chat", "anthropic", "claude", "LLM", "529", "200", "_error"]).map(lambda v: {"stringValue": v}),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: {"intValue": value}),
    st.booleans().map(lambda value: {"boolValue": value}),
    st.just({"arrayValue": {"values": [{"intValue": 1}]}}),
    st.just({"kvlistValue": {"values": [{"key": "model", "value": {"intValue": 1}}]}}),
)


@given(
    st.sampled_from(SCOPES),
    st.sampled_from(["anthropic.messages.create", "ai.streamText.doStream", "x"]),
    st.integers(0, 4),
    st.dictionaries(st.sampled_from(NAMES), VALUES),
)
def test_no_value_of_an_attribute_breaks_the_reading(scope: str, name: str, kind: int, told: dict[str, Any]) -> None:
    attributes = [{"key": key, "value": value} for key, value in told.items()]
    raised = {"name": "exception", "attributes": [each for each in attributes if each["key"].startswith("exception")]}
    span = {"name": name, "kind": kind, "attributes": attributes, "events": [raised]}
    document = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": scope}, "spans": [span]}]}]}
    for report, _ in decoded(json.dumps(document).encode(), "traces:json").reports:
        assert len(report.key) <= 96
        assert len(report.model) <= 80


def test_every_kind_has_its_role() -> None:
    kinds = [kind for each in FORMATS for kind in each.ROLES]
    assert len(kinds) == len(set(kinds))
    assert set(kinds) <= set(ROLES)
