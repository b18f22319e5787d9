"""OpenLLMetry ("traceloop"): the spans ``anthropic.chat`` and its metrics.

As exported by opentelemetry-instrumentation-anthropic 0.62.4. The span names the class that was raised and its words,
no status. A ``messages.stream()`` that fails before its first event leaves no span here, only the SDK's own.

Its metrics count calls and exceptions again, cumulatively and without saying which; beside spans they would count all
twice. So they are heard, which shows that the service is alive, and add nothing to the counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from triage.ingest.genai import is_model_call
from triage.ingest.origin import Origin
from triage.ingest.otlp import Record, Scope
from triage.ingest.report import Delivery, Report, Role
from triage.ingest.spans import last_try, named, report_of

SPAN = "traceloop_span"
ROLES: Mapping[str, Role] = {SPAN: Role.WRAPPER}

_SCOPES = ("opentelemetry.instrumentation.anthropic", "@traceloop/instrumentation-anthropic")


def claims(scope: Scope) -> bool:
    """Return whether ``scope`` is OpenLLMetry's instrumentation of the Anthropic SDK."""
    return scope.name in _SCOPES


def client(scope: Scope) -> str:
    """Return the instrumentation and its version."""
    return named("openllmetry", scope)


def read(record: Record, origin: Origin, delivery: Delivery) -> Report | None:
    """Return the report of a call, or ``None`` for the log records that hold its prompt and its answer."""
    if record.scope.signal != "traces" or not is_model_call(record):
        return None
    return report_of(SPAN, record, origin, delivery, last_try(record, delivery))
