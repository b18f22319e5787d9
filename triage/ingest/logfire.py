"""Pydantic Logfire: spans ``Message with {request_data[model]!r}`` of ``logfire.instrument_anthropic()``.

As exported by logfire 5.2.0. Around ``create`` it keeps the SDK from telling anything itself, so the words of what was
raised are all there is. Around a stream its span ends as soon as the stream begins: it stays unset when the stream
fails later, which only the SDK's own span tells. The log ``streaming response from ... took`` at a stream's end, in a
trace of its own, says "info" however the stream ended; it adds no call and is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from triage.ingest.origin import Origin
from triage.ingest.otlp import Record, Scope
from triage.ingest.report import Delivery, Report, Role, fold_model, text
from triage.ingest.spans import last_try, named, report_of

SPAN = "logfire_span"
ROLES: Mapping[str, Role] = {SPAN: Role.WRAPPER}

_SCOPE = "logfire.anthropic"


def claims(scope: Scope) -> bool:
    """Return whether ``scope`` is Logfire's instrumentation of the Anthropic SDK."""
    return scope.name == _SCOPE


def client(scope: Scope) -> str:
    """Return the program and its version."""
    return named("logfire", scope)


def read(record: Record, origin: Origin, delivery: Delivery) -> Report | None:
    """Return the report of a call, or ``None`` for a log and for a span that is announced and not over."""
    told = record.attributes
    if told.get("logfire.span_type", "span") != "span" or "request_data" not in told:
        return None
    report = report_of(SPAN, record, origin, delivery, last_try(record, delivery))
    if not report.model:
        report.model, report.long_context = fold_model(_requested_model(told["request_data"]))
    return report


def _requested_model(request_data: object) -> str:
    """Return the model that a request names; before the GenAI conventions it stood there alone, as JSON in a text."""
    try:
        request = json.loads(request_data) if isinstance(request_data, str) else request_data
    except (ValueError, RecursionError):
        return ""
    return text(request.get("model"), 80) if isinstance(request, dict) else ""
