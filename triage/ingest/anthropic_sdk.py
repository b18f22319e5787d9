"""The spans that the anthropic SDKs export themselves: scope ``com.anthropic.sdk.python`` or ``.typescript``.

As exported by anthropic 2.12.0 and @anthropic-ai/sdk 1.12.0. One span is one call, its retries in
``http.request.resend_count``. It never carries the error's message, so the cause is known only where type and status
decide it; and a failure inside a stream keeps the status 200.
"""

from __future__ import annotations

from collections.abc import Mapping

from triage.ingest.origin import Origin, team_of
from triage.ingest.otlp import Record, Scope
from triage.ingest.report import (
    MESSAGE_LENGTH,
    Delivery,
    Report,
    Role,
    Try,
    attempt_number,
    first,
    fold_model,
    make_key,
    moment,
    status,
    text,
    whole,
)

SPAN = "span"
ROLES: Mapping[str, Role] = {SPAN: Role.CALL}

_SCOPE = "com.anthropic.sdk."
_RAISED = {
    "connection_error": "APIConnectionError",
    "client_timeout_error": "APITimeoutError",
    "client_error": "AnthropicError",
}
"""What the SDK raises where it names the failure itself, since no answer of the API did."""


def claims(scope: Scope) -> bool:
    """Return whether ``scope`` is an SDK's own instrumentation."""
    return scope.name.startswith(_SCOPE)


def client(scope: Scope) -> str:
    """Return the SDK and its version."""
    name = f"anthropic-{scope.name.removeprefix(_SCOPE)}"
    return f"{name}/{scope.version}" if scope.version else name


def read(record: Record, origin: Origin, delivery: Delivery) -> Report | None:
    """Return the report of an API call, or ``None`` for a span of something else."""
    if record.scope.signal != "traces" or not record.name.startswith("anthropic."):
        return None
    told = record.attributes
    ended = moment(record.end, delivery.received)
    model, long_context = fold_model(text(first(told, "gen_ai.response.model", "gen_ai.request.model"), 80))
    known = record.trace_id and record.span_id
    return Report(
        key=make_key(SPAN, record.trace_id, record.span_id) if known else delivery.key(SPAN),
        last=_last_try(record, delivery),
        client=origin.client,
        started_at=min(moment(record.start, ended), ended),
        model=model,
        long_context=long_context,
        service=origin.service,
        team=team_of(origin, told),
        environment=origin.environment,
        user=text(first(told, "user.id", "enduser.id"), 80),
        streamed=told.get("gen_ai.request.stream") is True,
        input_tokens=whole(told.get("gen_ai.usage.input_tokens")),
        output_tokens=whole(told.get("gen_ai.usage.output_tokens")),
        trace_id=record.trace_id,
        span_id=record.span_id,
        parent_span_id=record.parent_span_id,
        session_id=text(first(told, "gen_ai.conversation.id", "session.id"), 64),
    )


def _last_try(record: Record, delivery: Delivery) -> Try:
    told = record.attributes
    http_status = status(told.get("http.response.status_code"))
    named = text(told.get("error.type"), 64)
    failed = bool(named) or record.status_code == 2 or (http_status is not None and http_status >= 400)
    if named.isdigit():  # an edge's page has no type of the API: the SDK puts the status there
        http_status, named = http_status or status(named), ""
    return Try(
        number=attempt_number((whole(told.get("http.request.resend_count")) or 0) + 1),
        at=moment(record.end, delivery.received),
        failed=failed,
        http_status=http_status if failed else None,
        error_type=named,
        exception=_RAISED.get(named, "") if http_status is None else "",
        message=text(record.status_message, MESSAGE_LENGTH) if failed else "",
        api_request_id=text(told.get("anthropic.request.id"), 80),
        raw=told,
    )
