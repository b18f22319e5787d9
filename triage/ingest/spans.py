"""What the formats of OpenTelemetry read alike: how a call ended, what was raised, and whose call it was."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from triage.ingest.origin import Origin, team_of
from triage.ingest.otlp import Attributes, Record, Scope
from triage.ingest.report import (
    MESSAGE_LENGTH,
    Delivery,
    Report,
    Try,
    first,
    fold_model,
    make_key,
    moment,
    status,
    text,
    whole,
)

OK, ERROR = 1, 2
"""A span's status."""
INTERNAL = 1
"""The kind of a span that is a step inside a program, and no request."""

_TRACEBACK = 32_768
"""Characters of a traceback, from its end, that are read."""
_CHAIN = 8
"""Exceptions behind an exception that are kept."""


@dataclass(frozen=True, slots=True)
class Names:
    """Under which attributes a client tells of a call; of several the first that says something counts.

    As they stand, the names are those of OpenTelemetry's GenAI conventions, today's before those of earlier versions:
    https://opentelemetry.io/docs/specs/semconv/gen-ai/
    """

    provider: tuple[str, ...] = ("gen_ai.provider.name", "gen_ai.system")
    model: tuple[str, ...] = ("gen_ai.response.model", "gen_ai.request.model")
    input_tokens: tuple[str, ...] = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
    output_tokens: tuple[str, ...] = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
    session: tuple[str, ...] = ("gen_ai.conversation.id", "session.id")
    user: tuple[str, ...] = ("user.id", "enduser.id")


GEN_AI = Names()


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception as it was recorded: its class without the module, its words, and the exceptions behind it."""

    name: str = ""
    words: str = ""
    behind: tuple[str, ...] = ()
    """As ``Class: words``, the nearest first."""


def named(client: str, scope: Scope) -> str:
    """Return ``client`` with the version of its instrumentation, where that is told."""
    return f"{client}/{scope.version}" if scope.version else client


def concerns_claude(told: Attributes, names: Names = GEN_AI) -> bool:
    """Return whether a call went to a Claude model, on whatever platform; calls of other models are none of ours."""
    provider = text(first(told, *names.provider), 80).lower()
    return provider.startswith("anthropic") or "claude" in text(first(told, *names.model), 200).lower()


def is_pending(record: Record) -> bool:
    """Return whether a span only announces one that is still going on: Logfire sends such, and later the span."""
    return bool(record.attributes.get("logfire.span_type") == "pending_span")


def raised_in(record: Record) -> Raised:
    """Return the exception that a span recorded last or a log record tells of."""
    told = next((held for name, held in reversed(record.events) if name == "exception"), record.attributes)
    return Raised(
        text(told.get("exception.type"), 120).rpartition(".")[2],
        text(told.get("exception.message"), MESSAGE_LENGTH),
        _behind(told.get("exception.stacktrace")),
    )


def last_try(record: Record, delivery: Delivery) -> Try:
    """Return how the call of ``record`` ended, as try number 1.

    ``error.type`` holds the API's own type, a status as text or the class that was raised, by what the client knew.
    """
    told = record.attributes
    raised = raised_in(record)
    http_status = status(first(told, "http.response.status_code", "http.status_code"))
    error_type = text(told.get("error.type"), 64)
    exception = raised.name
    unsettled = record.status_code != OK and bool(raised.name or raised.words)
    failed = record.status_code == ERROR or bool(error_type) or unsettled or (http_status or 0) >= 400
    if error_type.isdigit():
        http_status, error_type = http_status or status(error_type), ""
    elif not error_type.islower():
        exception, error_type = exception or error_type.rpartition(".")[2], ""
    ended = Try(
        1,
        moment(record.end, delivery.received),
        failed,
        api_request_id=text(told.get("anthropic.request.id"), 80),
        raw=told,
    )
    if failed:
        ended.http_status = http_status
        ended.error_type = error_type
        ended.exception = exception
        ended.message = raised.words or text(record.status_message, MESSAGE_LENGTH)
        ended.cause_chain = raised.behind
    return ended


def report_of(
    kind: str, record: Record, origin: Origin, delivery: Delivery, last: Try, names: Names = GEN_AI
) -> Report:
    """Return the report of ``kind`` on the call that ended with ``last``."""
    told = record.attributes
    model, long_context = fold_model(text(first(told, *names.model), 80))
    streamed = told.get("gen_ai.request.stream")
    known = record.trace_id and record.span_id
    return Report(
        key=make_key(kind, record.trace_id, record.span_id) if known else delivery.key(kind),
        last=last,
        client=origin.client,
        started_at=min(moment(record.start, last.at), last.at),
        model=model,
        long_context=long_context,
        service=origin.service,
        team=team_of(origin, told),
        environment=origin.environment,
        user=text(first(told, *names.user), 80),
        streamed=streamed if isinstance(streamed, bool) else None,
        input_tokens=whole(first(told, *names.input_tokens)),
        output_tokens=whole(first(told, *names.output_tokens)),
        trace_id=record.trace_id,
        span_id=record.span_id,
        parent_span_id=record.parent_span_id,
        session_id=text(first(told, *names.session), 64),
    )


def _behind(traceback: object) -> tuple[str, ...]:
    """Return the exceptions that a Python traceback prints before its own, each the line that ends its frames."""
    if not isinstance(traceback, str):
        return ()
    lines = traceback[-_TRACEBACK:].splitlines()
    ends = [line for frame, line in pairwise(lines) if frame[:1].isspace() and line and not line[:1].isspace()]
    return tuple(text(line, 300) for line in reversed(ends[:-1][-_CHAIN:]))
