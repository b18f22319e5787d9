"""OTLP, JSON and protobuf: one shape, and the ways of real exporters."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.test_samples import SAMPLES
from triage.ingest.otlp import Record, Scope, Signal, check_json, parse_protobuf, read_json, read_protobuf

ID = "0af7651916cd43dd8448eb211c80319c"
PROTOBUF = [sample for sample in SAMPLES if "-json-" not in sample.name and "metrics" not in sample.name]


def log(**fields: Any) -> Record:
    document = {"resourceLogs": [{"scopeLogs": [{"logRecords": [fields]}]}]}
    assert check_json(document, "logs") == 1
    [scope] = read_json(document, "logs")
    return scope.records[0]


def span(**fields: Any) -> Record:
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [fields]}]}]}
    assert check_json(document, "traces") == 1
    [scope] = read_json(document, "traces")
    return scope.records[0]


def told(scopes: list[Scope]) -> list[Any]:
    return [
        (
            s.signal,
            s.resource,
            s.name,
            s.version,
            [
                (
                    r.name,
                    r.attributes,
                    r.trace_id,
                    r.span_id,
                    r.parent_span_id,
                    int(r.start),
                    int(r.end),
                    r.status_code,
                    r.status_message,
                    r.events,
                )
                for r in s.records
            ],
        )
        for s in scopes
    ]


@pytest.mark.parametrize("sample", PROTOBUF, ids=lambda sample: sample.stem)
def test_protobuf_and_its_json_are_read_alike(sample: Any) -> None:
    signal: Signal = "logs" if sample.stem.endswith("logs") else "traces"
    message, count = parse_protobuf(sample.read_bytes(), signal)
    document = MessageToDict(message)  # integers as text, ids in base64, enums by name: the generic printer's way
    assert check_json(document, signal) == count > 0
    assert told(list(read_json(document, signal))) == told(list(read_protobuf(message, signal)))


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ({"stringValue": "x"}, "x"),
        ({"intValue": 5}, 5),
        ({"intValue": "5"}, 5),
        ({"intValue": "-5"}, -5),
        ({"intValue": 5.0}, 5),
        ({"intValue": "five"}, None),
        ({"intValue": "9" * 5000}, None),
        ({"doubleValue": 0.5}, 0.5),
        ({"boolValue": False}, False),
        ({"stringValue": {"a": 1}}, None),
        ({"arrayValue": {"values": [{"intValue": 1}, {"stringValue": "b"}]}}, [1, "b"]),
        ({"arrayValue": {}}, None),
        ({"kvlistValue": {"values": [{"key": "a", "value": {"boolValue": True}}, 3]}}, {"a": True}),
        ({"bytesValue": "AAAA"}, None),
        ({}, None),
        (None, None),
        ("x", None),
    ],
)
def test_an_attribute_is_read_in_every_form(value: Any, plain: Any) -> None:
    record = log(attributes=[{"key": "k", "value": value}])
    assert record.attributes == {"k": plain}


def test_an_attribute_that_lies_too_deep_is_dropped() -> None:
    value: Any = {"stringValue": "x"}
    for _ in range(30):
        value = {"arrayValue": {"values": [value]}}
    held = log(attributes=[{"key": "k", "value": value}]).attributes["k"]
    while isinstance(held, list):
        [held] = held
    assert held is None


@pytest.mark.parametrize(
    "written",
    [ID.upper(), base64.b64encode(bytes.fromhex(ID)).decode()],
)
def test_an_id_is_read_in_hex_and_in_base64(written: str) -> None:
    assert span(traceId=written).trace_id == ID


@pytest.mark.parametrize("written", ["", None, 5, "0" * 32, "xyz", "ab" * 500, "abcd"])
def test_what_is_no_id_is_none(written: Any) -> None:
    assert span(traceId=written, spanId=written).trace_id == ""


@pytest.mark.parametrize(("code", "read"), [(2, 2), ("STATUS_CODE_ERROR", 2), (1, 1), ("x", 0), (None, 0), (7, 0)])
def test_a_status_is_a_number_or_a_name(code: Any, read: int) -> None:
    assert span(status={"code": code}).status_code == read


def test_an_event_has_its_name_from_field_attribute_or_body() -> None:
    assert log(eventName="a").name == "a"
    assert log(attributes=[{"key": "event.name", "value": {"stringValue": "b"}}]).name == "b"
    assert log(body={"stringValue": "c"}).name == "c"
    assert log(body={"intValue": 1}).name == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(JSON, JSON, JSON, JSON)
def test_nothing_inside_a_record_breaks_the_reading(a: Any, b: Any, c: Any, d: Any) -> None:
    record = span(traceId=a, name=b, startTimeUnixNano=c, status=d, events=[a, {"name": b, "attributes": c}], kind=d)
    assert isinstance(record.name, str)
    assert isinstance(record.trace_id, str)
