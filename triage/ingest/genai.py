"""Any client that follows OpenTelemetry's GenAI conventions: spans of model calls, and the events beside them.

https://opentelemetry.io/docs/specs/semconv/gen-ai/ as of version 1.41. It claims what no other format does and only
where a record speaks of a model call; what the client's own program records beside is left to be told as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

from triage.ingest.origin import Origin
from triage.ingest.otlp import Attributes, Record, Scope
from triage.ingest.report import Delivery, Report, Role
from triage.ingest.spans import concerns_claude, is_pending, last_try, named, report_of

SPAN = "genai_span"
DETAILS = "genai_details"
EXCEPTION = "genai_exception"
ROLES: Mapping[str, Role] = {SPAN: Role.WRAPPER, DETAILS: Role.EVENT, EXCEPTION: Role.EVENT}

_EVENTS = {
    "gen_ai.client.inference.operation.details": DETAILS,
    "gen_ai.client.operation.exception": EXCEPTION,
}
_MODEL_CALLS = ("chat", "text_completion", "generate_content")
"""Values of ``gen_ai.operation.name`` that are a call of a model; agents, tools and embeddings have others."""
_SPEAKS_OF_MODELS = ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.system", "gen_ai.request.model")


def claims(scope: Scope) -> bool:
    """Return whether a record of ``scope`` follows the conventions."""
    return any(name in record.attributes for record in scope.records for name in _SPEAKS_OF_MODELS)


def client(scope: Scope) -> str:
    """Return the instrumentation and its version."""
    return named(scope.name or "gen_ai", scope)


def read(record: Record, origin: Origin, delivery: Delivery) -> Report | None:
    """Return the report of a call to a Claude model, or ``None`` for another model's and for what is no call."""
    kind = SPAN if record.scope.signal == "traces" else _EVENTS.get(record.name)
    if kind is None or not is_model_call(record):
        return None
    last = last_try(record, delivery)
    last.failed = last.failed or kind == EXCEPTION
    return report_of(kind, record, origin, delivery, last)


def is_model_call(record: Record) -> bool:
    """Return whether ``record`` tells of a call to a Claude model that has ended."""
    return _calls_a_model(record.attributes) and not is_pending(record) and concerns_claude(record.attributes)


def _calls_a_model(told: Attributes) -> bool:
    operation = told.get("gen_ai.operation.name")
    return operation in _MODEL_CALLS if operation else "gen_ai.request.model" in told
