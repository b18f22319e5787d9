"""Claude Code's telemetry: the log events ``claude_code.api_*`` and the beta's spans ``claude_code.llm_request``.

As exported by 2.1.197. What it does not tell: a success after retries leaves one ordinary ``api_request`` event (only
the span names the attempts), network failures all say "Connection error." without a status, and no event
carries ``error.type``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from triage.ingest.origin import Origin, team_of
from triage.ingest.otlp import Attributes, Record, Scope
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

EVENT = "cc_event"
EXHAUSTED = "cc_exhausted"
SPAN = "cc_span"

ROLES: Mapping[str, Role] = {EVENT: Role.EVENT, EXHAUSTED: Role.EVENT, SPAN: Role.CALL}
"""One call may be told by its event, by the event that its retries are used up, and by its span."""

_PREFIX = "claude_code."


def claims(scope: Scope) -> bool:
    """Return whether ``scope`` is one of Claude Code's."""
    return scope.name.startswith("com.anthropic.claude_code")


def client(scope: Scope) -> str:
    """Return the program and its version."""
    version = text(first(scope.resource, "service.version"), 30) or scope.version
    return f"claude-code/{version}" if version else "claude-code"


def read(record: Record, origin: Origin, delivery: Delivery) -> Report | None:
    """Return the report of an API call, or ``None`` for prompts, tools and whatever else is told beside."""
    name = record.name.removeprefix(_PREFIX)
    if record.scope.signal == "traces":
        return _read_span(record, origin, delivery) if name == "llm_request" else None
    if name in ("api_request", "api_error", "api_retries_exhausted"):
        return _read_event(name, record, origin, delivery)
    return None


def _read_event(name: str, record: Record, origin: Origin, delivery: Delivery) -> Report:
    told = record.attributes
    kind = EXHAUSTED if name == "api_retries_exhausted" else EVENT
    session, sequence = text(told.get("session.id"), 64), told.get("event.sequence")
    exhausted = kind == EXHAUSTED
    attempts = attempt_number(told.get("total_attempts" if exhausted else "attempt"))
    took = whole(told.get("total_retry_duration_ms" if exhausted else "duration_ms"))
    ended = moment(record.end, delivery.received)
    last = _last_try(told, number=attempts, ended=ended, failed=name != "api_request")
    if not exhausted:
        last.duration_ms = took
    report = _report(told, record, origin, last)
    report.started_at = ended - dt.timedelta(milliseconds=took or 0)
    # A resumed session may count its events from the start again, so the time is part of what tells them apart.
    known = session and sequence is not None
    report.key = make_key(kind, session, sequence, record.end) if known else delivery.key(kind)
    return report


def _read_span(record: Record, origin: Origin, delivery: Delivery) -> Report:
    told = record.attributes
    tries = sum(name == "gen_ai.request.attempt" for name, _ in record.events)
    failed = told.get("success") is False or record.status_code == 2 or first(told, "error") is not None
    ended = moment(record.end, delivery.received)
    last = _last_try(
        told, number=max(attempt_number(told.get("attempt")), attempt_number(tries)), ended=ended, failed=failed
    )
    last.message = last.message or (text(record.status_message, MESSAGE_LENGTH) if failed else "")
    report = _report(told, record, origin, last)
    report.started_at = min(moment(record.start, ended), ended)
    report.span_id = record.span_id
    report.parent_span_id = record.parent_span_id
    known = record.trace_id and record.span_id
    report.key = make_key(SPAN, record.trace_id, record.span_id) if known else delivery.key(SPAN)
    return report


def _last_try(told: Attributes, *, number: int, ended: dt.datetime, failed: bool) -> Try:
    return Try(
        number=number,
        at=ended,
        failed=failed,
        http_status=status(told.get("status_code")) if failed else None,
        message=text(told.get("error"), MESSAGE_LENGTH) if failed else "",
        api_request_id=text(told.get("request_id"), 80),
        raw=told,
    )


def _report(told: Attributes, record: Record, origin: Origin, last: Try) -> Report:
    model, long_context = fold_model(text(first(told, "model", "gen_ai.request.model"), 80))
    return Report(
        key="",
        last=last,
        client=origin.client,
        started_at=last.at,
        model=model,
        long_context=long_context,
        service=origin.service or "claude-code",
        team=team_of(origin, told),
        environment=origin.environment,
        user=text(first(told, "user.id", "user.account_uuid"), 80),
        input_tokens=whole(told.get("input_tokens")),
        output_tokens=whole(told.get("output_tokens")),
        trace_id=record.trace_id,
        session_id=text(told.get("session.id"), 64),
    )
