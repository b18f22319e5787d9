"""OpenInference: spans ``messages.create``, ``messages.stream`` and their like, with attributes of its own conventions.

As exported by openinference-instrumentation-anthropic 3.1.0; names after openinference-semantic-conventions 0.1.42. Its
instrumentations of other libraries use the same names, so a model's call is told by the span's kind ``LLM``.
"""

from __future__ import annotations

from collections.abc import Mapping

from triage.ingest.origin import Origin
from triage.ingest.otlp import Record, Scope
from triage.ingest.report import Delivery, Report, Role
from triage.ingest.spans import Names, concerns_claude, is_pending, last_try, named, report_of

SPAN = "openinference_span"
ROLES: Mapping[str, Role] = {SPAN: Role.WRAPPER}

_SCOPES = ("openinference.instrumentation.", "@arizeai/openinference-instrumentation-")
_NAMES = Names(
    provider=("llm.provider", "llm.system"),
    model=("llm.response.model_name", "llm.model_name", "llm.request.model_name"),
    input_tokens=("llm.token_count.prompt",),
    output_tokens=("llm.token_count.completion",),
    session=("session.id",),
    user=("user.id",),
)


def claims(scope: Scope) -> bool:
    """Return whether ``scope`` is an instrumentation of OpenInference."""
    return scope.name.startswith(_SCOPES)


def client(scope: Scope) -> str:
    """Return the family of instrumentations and this one's version."""
    return named("openinference", scope)


def read(record: Record, origin: Origin, delivery: Delivery) -> Report | None:
    """Return the report of a call to a Claude model, or ``None`` for chains, tools and other models."""
    told = record.attributes
    if told.get("openinference.span.kind") != "LLM" or is_pending(record) or not concerns_claude(told, _NAMES):
        return None
    report = report_of(SPAN, record, origin, delivery, last_try(record, delivery), _NAMES)
    if record.name.endswith("messages.stream"):
        report.streamed = True
    return report
