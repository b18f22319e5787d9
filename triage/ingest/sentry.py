"""What Sentry's SDKs tell of Claude API calls: an event of what was raised, the call's span, and a span a try.

Read from what ``sentry_envelope`` keeps. The event has the words and no status; the call's span knows model, tokens
and times, and at most that it failed; the spans of ``http.client`` inside of it have the statuses of its tries. The
SDK's integration reports what is raised, and the program may report the same once more from where it catches it:
the two are two kinds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from triage.ingest.report import (
    MESSAGE_LENGTH,
    Delivery,
    Report,
    Role,
    Try,
    first,
    fold_model,
    make_key,
    plausible,
    read_time,
    status,
    text,
    whole,
)

RAISED = "sentry_raised"
CAUGHT = "sentry_caught"
SPAN = "sentry_span"
TRY = "sentry_try"
ROLES: Mapping[str, Role] = {RAISED: Role.EVENT, CAUGHT: Role.EVENT, SPAN: Role.WRAPPER, TRY: Role.TRY}

SIGNAL = "sentry"
_NO_ANSWER = "APIConnectionError"
"""What the SDKs raise where a try got no status; the event may know better why."""


def client(document: Mapping[str, Any]) -> str:
    """Return the SDK and its version, as ``sentry.python/2.75.0``."""
    return text(document.get("client"), 60) or "sentry"


def service(document: Mapping[str, Any]) -> str:
    """Return the service that an envelope is from, as far as its release names one."""
    return _service(document.get("release"), {})


def read(document: Mapping[str, Any], delivery: Delivery) -> Iterator[Report]:
    """Yield what an envelope's kept part tells."""
    sdk = client(document)
    position = delivery.position
    for event in document["events"]:
        for report in _read_event(event, sdk, Delivery(delivery.received, delivery.entry_id, position)):
            yield report
            position += 1
    for span in document["spans"]:
        read_span = _read_try if span["op"] == "http.client" else _read_call
        yield read_span(span, sdk, Delivery(delivery.received, delivery.entry_id, position))
        position += 1


def _read_event(event: Mapping[str, Any], sdk: str, delivery: Delivery) -> Iterator[Report]:
    """Yield a report for each call whose failure stands in the event: a group of exceptions may hold several."""
    values = event["exceptions"]
    trace, tags = event["trace"], event["tags"]
    at = plausible(read_time(event.get("timestamp")) or delivery.received, delivery.received)
    model, long_context = fold_model(_model_of(event))
    for number, index in enumerate(_raised(values)):
        raised = values[index]
        kind = RAISED if raised["integrated"] else CAUGHT
        known = event.get("event_id")
        yield Report(
            key=make_key(kind, known, number) if known else delivery.key(kind),
            last=Try(
                number=1,
                at=at,
                failed=True,
                exception=raised["type"],
                message=text(raised["value"], MESSAGE_LENGTH),
                cause_chain=tuple(_shown(each) for each in _causes(values, index)),
                raw=event,
            ),
            client=sdk,
            started_at=at,
            model=text(model, 80),
            long_context=long_context,
            service=_service(event.get("release"), tags),
            team=text(first(tags, "team.id", "team"), 80),
            environment=text(event.get("environment"), 40),
            user=text(event["user"].get("id"), 80),
            trace_id=text(trace.get("trace_id"), 32),
            span_id=text(trace.get("span_id"), 16),
            parent_span_id=text(trace.get("parent_span_id"), 16),
        )


def _model_of(event: Mapping[str, Any]) -> str:
    """Return the model, where the event names the call's span: without tracing it stands in the transaction's place."""
    trace = event["trace"]
    called = trace.get("description") if trace.get("op", "").startswith("gen_ai.") else event.get("transaction")
    operation, _, model = text(called, 120).partition(" ")
    return model if operation == "chat" and "claude" in model else ""


def _raised(values: list[dict[str, Any]]) -> list[int]:
    """Return the places of the exceptions that calls ended with. ``values`` begin with the cause of all others.

    Only with their parents' ids can several be told apart from one and its causes.
    """
    claudes = [index for index, value in enumerate(values) if value["claude"]]
    if all("parent_id" in value["mechanism"] or value["mechanism"].get("exception_id") == 0 for value in values):
        inside = {cause for index in claudes for cause in _descendants(values, index)}
        return [index for index in claudes if index not in inside]
    return claudes[-1:]


def _causes(values: list[dict[str, Any]], index: int) -> list[dict[str, Any]]:
    """Return the exceptions behind the one at ``index``, outermost first."""
    if "exception_id" in values[index]["mechanism"]:
        return [values[each] for each in _descendants(values, index)]
    return values[:index][::-1]


def _descendants(values: list[dict[str, Any]], index: int) -> list[int]:
    """Return the places of what led to the exception at ``index`` by their ids, nearest first."""
    found: list[int] = []
    asked = [values[index]["mechanism"].get("exception_id")]
    for parent in asked:  # grows while it is walked
        for each, value in enumerate(values):
            told = value["mechanism"]
            if parent is not None and told.get("parent_id") == parent and each != index and each not in found:
                found.append(each)
                asked.append(told.get("exception_id"))
    return found


def _shown(value: Mapping[str, Any]) -> str:
    return f"{value['type']}: {value['value']}"[:300] if value["value"] else str(value["type"])


def _read_call(span: Mapping[str, Any], sdk: str, delivery: Delivery) -> Report:
    data = span["data"]
    last = Try(
        number=1,
        at=plausible(read_time(span.get("end")) or delivery.received, delivery.received),
        failed=_failed(span),
        raw=span,
    )
    if last.failed:
        last.exception = text(data.get("error.type"), 120)
        words = text(data.get("sentry.status.message"), MESSAGE_LENGTH)
        last.message = "" if words == "internal_error" else words  # the name of a status, nobody's words
    report = _report(SPAN, span, last, sdk, delivery)
    report.streamed = data.get("gen_ai.response.streaming", data.get("ai.streaming")) is True
    report.input_tokens = whole(data.get("gen_ai.usage.input_tokens"))
    report.output_tokens = whole(data.get("gen_ai.usage.output_tokens"))
    return report


def _read_try(span: Mapping[str, Any], sdk: str, delivery: Delivery) -> Report:
    http_status = status(span["data"].get("http.response.status_code"))
    last = Try(
        number=0,
        at=plausible(read_time(span.get("end")) or delivery.received, delivery.received),
        failed=_failed(span) if http_status is None else http_status >= 400,
        http_status=http_status,
        raw=span,
    )
    if last.failed and http_status is None:
        last.exception = _NO_ANSWER
    report = _report(TRY, span, last, sdk, delivery)
    took = last.at - report.started_at
    last.duration_ms = whole(took.total_seconds() * 1000)
    return report


def _failed(span: Mapping[str, Any]) -> bool:
    """Return whether a span says so: 2 states in the newer form, a name for each status of gRPC in the older."""
    return span.get("status", "ok") not in ("ok", "unset", "unknown")


def _report(kind: str, span: Mapping[str, Any], last: Try, sdk: str, delivery: Delivery) -> Report:
    data = span["data"]
    named = first(data, "gen_ai.response.model", "gen_ai.request.model", "ai.model_id")
    model, long_context = fold_model(text(named, 80))
    trace_id, span_id = text(span.get("trace_id"), 32), text(span.get("span_id"), 16)
    return Report(
        key=make_key(kind, trace_id, span_id) if trace_id and span_id else delivery.key(kind),
        last=last,
        client=sdk,
        started_at=min(plausible(read_time(span.get("start")) or last.at, last.at), last.at),
        model=model,
        long_context=long_context,
        service=_service(data.get("sentry.release"), data),
        team=text(first(data, "team.id", "team"), 80),
        environment=text(data.get("sentry.environment"), 40),
        user=text(data.get("user.id"), 80),
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=text(span.get("parent_span_id"), 16),
    )


def _service(release: object, told: Mapping[str, Any]) -> str:
    """Return the service: the one that is tagged, else the name in a release of the form ``name@version``."""
    name, at, _ = text(release, 200).partition("@")
    return text(first(told, "service.name", "service"), 80) or (name[:80] if at else "")
