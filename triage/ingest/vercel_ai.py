"""The Vercel AI SDK: spans ``ai.generateText.doGenerate``, ``ai.streamText.doStream`` and their like.

As exported by ai 6.0 with @ai-sdk/anthropic 3.0. One such span is one HTTP try; the tries of a call are the children of
its outer span ``ai.generateText``, which tells nothing that they don't. A failure carries the API's message alone, no
status, no type and no request id. A stream that breaks leaves the span unset: its finish reason is "error", or none.
"""

from __future__ import annotations

from collections.abc import Mapping

from triage.ingest.origin import Origin
from triage.ingest.otlp import Record, Scope
from triage.ingest.report import Delivery, Report, Role, first
from triage.ingest.spans import ERROR, Names, concerns_claude, is_pending, last_try, named, report_of

TRY = "vercel_try"
ROLES: Mapping[str, Role] = {TRY: Role.TRY}

_SCOPE = "ai"
_NAMES = Names(
    provider=("ai.model.provider", "gen_ai.system"),
    model=("ai.response.model", "gen_ai.response.model", "ai.model.id", "gen_ai.request.model"),
    input_tokens=("ai.usage.inputTokens", "ai.usage.promptTokens", "gen_ai.usage.input_tokens"),
    output_tokens=("ai.usage.outputTokens", "ai.usage.completionTokens", "gen_ai.usage.output_tokens"),
    session=("ai.telemetry.metadata.sessionId",),
    user=("ai.telemetry.metadata.userId",),
)
_NOTHING_CAME = "AI_NoOutputGeneratedError"
"""What the SDK raises in the program where a stream ended without a finish."""


def claims(scope: Scope) -> bool:
    """Return whether ``scope`` is the AI SDK's tracer."""
    return scope.name == _SCOPE


def client(scope: Scope) -> str:
    """Return the SDK, and its version where that is told."""
    return named("vercel-ai", scope)


def read(record: Record, origin: Origin, delivery: Delivery) -> Report | None:
    """Return the report of one try, or ``None`` for the spans around it, for tools and for other models."""
    told = record.attributes
    streamed = record.name.endswith(".doStream")
    if not streamed and not record.name.endswith(".doGenerate"):
        return None
    if is_pending(record) or not concerns_claude(told, _NAMES):
        return None
    last = last_try(record, delivery)
    last.number = 0
    finish = first(told, "ai.response.finishReason", "ai.finishReason")
    if record.status_code != ERROR and finish in (None, "error"):
        last.failed = True
        last.http_status = 200
        last.exception = "" if finish else _NOTHING_CAME
    report = report_of(TRY, record, origin, delivery, last, _NAMES)
    report.streamed = streamed
    return report
