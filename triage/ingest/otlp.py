"""OTLP/HTTP bodies, JSON and protobuf, read into one shape.

Follows the OTLP specification 1.x: https://opentelemetry.io/docs/specs/otlp/ (JSON: ids in hex, 64-bit integers as
text or number, enums as numbers). What real exporters do beside it is taken as well: integers as JSON numbers, ids in
base64 as generic protobuf-to-JSON printers write them, enums by name, ``null`` for what is absent.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from triage.ingest.limits import Malformed

Signal = Literal["logs", "traces", "metrics"]
SIGNALS: tuple[Signal, ...] = ("logs", "traces", "metrics")

_REQUESTS: dict[str, Any] = {
    "logs": ExportLogsServiceRequest,
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
_LEVELS = {
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}
_STATUS_NAMES = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
_KIND_NAMES = {"SPAN_KIND_INTERNAL": 1, "SPAN_KIND_SERVER": 2, "SPAN_KIND_CLIENT": 3}
_DEEPEST = 16
"""Levels of lists and maps inside an attribute that are read; what lies deeper is dropped."""

Attributes = Mapping[str, Any]


@dataclass(slots=True)
class Scope:
    """The program and the instrumentation that a group of records comes from."""

    signal: Signal
    resource: Attributes
    name: str
    version: str
    records: list[Record] = field(default_factory=list)
    """Empty for metrics: only that they came is told."""


@dataclass(slots=True)
class Record:
    """A log record or a span. Times are nanoseconds since 1970 as sent (0 where absent), ids are lower-case hex."""

    scope: Scope
    name: str
    """The span's name or the log record's event name."""
    attributes: Attributes
    start: Any
    end: Any
    trace_id: str = ""
    span_id: str = ""
    parent_span_id: str = ""
    kind: int = 0
    """A span's: 0 untold, 1 internal, 2 server, 3 client."""
    status_code: int = 0
    """0 unset, 1 ok, 2 error."""
    status_message: str = ""
    events: list[tuple[str, Attributes]] = field(default_factory=list)


def check_json(document: Any, signal: Signal) -> int:
    """Return how many records the decoded JSON holds.

    Raises:
        Malformed: a part isn't of the type that OTLP gives it, or the body belongs to another signal.
    """
    if not isinstance(document, dict):
        raise Malformed(f"expected an object with {_LEVELS[signal][0]}, got {_kind(document)}")
    if _LEVELS[signal][0] not in document:
        for other in SIGNALS:
            if _LEVELS[other][0] in document:
                raise Malformed(f"the body holds {_LEVELS[other][0]}: it belongs to /otlp/v1/{other}")
    count = 0
    resources, scopes, records = _LEVELS[signal]
    for i, resource in enumerate(_objects(document, resources, resources)):
        _check_attributes(resource.get("resource"), f"{resources}[{i}].resource")
        for j, scope in enumerate(_objects(resource, scopes, f"{resources}[{i}].{scopes}")):
            where = f"{resources}[{i}].{scopes}[{j}]"
            if not isinstance(scope.get("scope") or {}, dict):
                raise Malformed(f"{where}.scope: expected an object, got {_kind(scope['scope'])}")
            for k, record in enumerate(_objects(scope, records, f"{where}.{records}")):
                count += 1
                if signal != "metrics":
                    _check_attributes(record, f"{where}.{records}[{k}]")
    return count


def parse_protobuf(body: bytes, signal: Signal) -> tuple[Any, int]:
    """Return the decoded request message and how many records it holds.

    Raises:
        Malformed: the bytes are no such message.
    """
    message = _REQUESTS[signal]()
    try:
        message.ParseFromString(body)
    except (DecodeError, ValueError) as error:
        name = message.DESCRIPTOR.full_name
        raise Malformed(f"not a protobuf message of type {name}: {error}") from None
    return message, sum(len(_records_of(scope)) for resource in _top(message) for scope in _scopes_of(resource))


def read_json(document: Any, signal: Signal) -> Iterator[Scope]:
    """Yield the scopes of a decoded JSON body that ``check_json`` has passed."""
    resources, scopes, records = _LEVELS[signal]
    for each in document.get(resources) or ():
        resource = _attributes((each.get("resource") or {}).get("attributes"))
        for group in each.get(scopes) or ():
            told = group.get("scope") or {}
            scope = Scope(signal, resource, _str(told.get("name")), _str(told.get("version")))
            if signal == "logs":
                scope.records = [_json_log(scope, record) for record in group.get(records) or ()]
            elif signal == "traces":
                scope.records = [_json_span(scope, record) for record in group.get(records) or ()]
            yield scope


def read_protobuf(message: Any, signal: Signal) -> Iterator[Scope]:
    """Yield the scopes of a decoded request message."""
    read = _proto_log if signal == "logs" else _proto_span
    for each in _top(message):
        resource = _proto_attributes(each.resource.attributes)
        for group in _scopes_of(each):
            scope = Scope(signal, resource, group.scope.name, group.scope.version)
            if signal != "metrics":
                scope.records = [read(scope, record) for record in _records_of(group)]
            yield scope


def _json_log(scope: Scope, record: dict[str, Any]) -> Record:
    attributes = _attributes(record.get("attributes"))
    return Record(
        scope,
        _event_name(_str(record.get("eventName")), attributes, _value(record.get("body"))),
        attributes,
        start=0,
        end=record.get("timeUnixNano") or record.get("observedTimeUnixNano") or 0,
        trace_id=_json_id(record.get("traceId"), 16),
        span_id=_json_id(record.get("spanId"), 8),
    )


def _json_span(scope: Scope, span: dict[str, Any]) -> Record:
    status = span.get("status")
    status = status if isinstance(status, dict) else {}
    events = span.get("events")
    return Record(
        scope,
        _str(span.get("name")),
        _attributes(span.get("attributes")),
        start=span.get("startTimeUnixNano") or 0,
        end=span.get("endTimeUnixNano") or 0,
        trace_id=_json_id(span.get("traceId"), 16),
        span_id=_json_id(span.get("spanId"), 8),
        parent_span_id=_json_id(span.get("parentSpanId"), 8),
        kind=_enum(span.get("kind"), _KIND_NAMES),
        status_code=_enum(status.get("code"), _STATUS_NAMES),
        status_message=_str(status.get("message")),
        events=[
            (_str(event.get("name")), _attributes(event.get("attributes")))
            for event in (events if isinstance(events, list) else ())
            if isinstance(event, dict)
        ],
    )


def _proto_log(scope: Scope, record: Any) -> Record:
    attributes = _proto_attributes(record.attributes)
    return Record(
        scope,
        _event_name(getattr(record, "event_name", ""), attributes, _proto_value(record.body)),
        attributes,
        start=0,
        end=record.time_unix_nano or record.observed_time_unix_nano,
        trace_id=record.trace_id.hex(),
        span_id=record.span_id.hex(),
    )


def _proto_span(scope: Scope, span: Any) -> Record:
    return Record(
        scope,
        span.name,
        _proto_attributes(span.attributes),
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex(),
        kind=span.kind if span.kind in _KIND_NAMES.values() else 0,
        status_code=span.status.code,
        status_message=span.status.message,
        events=[(event.name, _proto_attributes(event.attributes)) for event in span.events],
    )


def _event_name(told: str, attributes: Attributes, body: Any) -> str:
    """Return a log record's event: its own field, the attribute that came before that field, or a text body."""
    named = told or attributes.get("event.name") or body
    return named if isinstance(named, str) else ""


def _top(message: Any) -> Any:
    return message.ListFields()[0][1] if message.ListFields() else ()


def _scopes_of(resource: Any) -> Any:
    return next((value for f, value in resource.ListFields() if f.name.startswith("scope_")), ())


def _records_of(scope: Any) -> Any:
    return next((value for f, value in scope.ListFields() if f.name in ("log_records", "spans", "metrics")), ())


def _attributes(pairs: Any) -> Attributes:
    if not isinstance(pairs, list):
        return {}
    return {
        pair["key"]: _value(pair.get("value"))
        for pair in pairs
        if isinstance(pair, dict) and isinstance(pair.get("key"), str)
    }


def _value(value: Any, depth: int = 0) -> Any:
    """Return the plain value of a JSON AnyValue; ``None`` for what is none, for bytes and for what lies too deep."""
    if not isinstance(value, dict) or depth > _DEEPEST:
        return None
    for kind, held in value.items():
        if kind in ("stringValue", "boolValue", "doubleValue"):
            return held if isinstance(held, str | bool | int | float) else None
        if kind == "intValue":
            return _integer(held)
        inner = held.get("values") if isinstance(held, dict) else None
        if isinstance(inner, list):
            if kind == "arrayValue":
                return [_value(item, depth + 1) for item in inner]
            if kind == "kvlistValue":
                pairs = [item for item in inner if isinstance(item, dict) and isinstance(item.get("key"), str)]
                return {item["key"]: _value(item.get("value"), depth + 1) for item in pairs}
    return None


def _integer(held: Any) -> int | None:
    if isinstance(held, str):
        digits = held[1:] if held.startswith("-") else held
        return int(held) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
    return int(held) if isinstance(held, int) or (isinstance(held, float) and held.is_integer()) else None


def _proto_attributes(pairs: Any) -> Attributes:
    return {pair.key: _proto_value(pair.value) for pair in pairs}


def _proto_value(value: Any, depth: int = 0) -> Any:
    kind = value.WhichOneof("value")
    if kind is None or kind == "bytes_value" or depth > _DEEPEST:
        return None
    held = getattr(value, kind)
    if kind == "array_value":
        return [_proto_value(item, depth + 1) for item in held.values]
    if kind == "kvlist_value":
        return {pair.key: _proto_value(pair.value, depth + 1) for pair in held.values}
    return held


def _json_id(told: Any, size: int) -> str:
    """Return an id in hex: OTLP's JSON has it so; generic printers of protobuf write base64."""
    if not isinstance(told, str) or len(told) > 4 * size:
        return ""
    for decode in (binascii.unhexlify, partial(base64.b64decode, validate=True)):
        try:
            raw = decode(told)
        except (ValueError, binascii.Error):
            continue
        if len(raw) == size:
            return raw.hex() if any(raw) else ""
    return ""


def _enum(told: Any, names: Mapping[str, int]) -> int:
    """Return the number of an enum that came as number or name; 0 for one that isn't known."""
    if isinstance(told, str):
        return names.get(told, 0)
    return told if isinstance(told, int) and not isinstance(told, bool) and told in names.values() else 0


def _str(told: Any) -> str:
    return told if isinstance(told, str) else ""


def _objects(parent: dict[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    """Return the list of objects ``parent[name]``; absent and ``null`` are empty, as in all JSON of protobuf."""
    items = parent.get(name)
    if items is None:
        return []
    if not isinstance(items, list):
        raise Malformed(f"{where}: expected a list, got {_kind(items)}")
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise Malformed(f"{where}[{index}]: expected an object, got {_kind(item)}")
    return items


def _check_attributes(holder: Any, where: str) -> None:
    if holder is None:
        return
    if not isinstance(holder, dict):
        raise Malformed(f"{where}: expected an object, got {_kind(holder)}")
    for index, pair in enumerate(_objects(holder, "attributes", f"{where}.attributes")):
        if not isinstance(pair.get("key"), str):
            raise Malformed(f"{where}.attributes[{index}].key: expected text, got {_kind(pair.get('key'))}")


def _kind(value: Any) -> str:
    """Return what a JSON value is, in the words of JSON."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
