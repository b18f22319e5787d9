"""Diagnoses what comes in fields instead of as a paste: an attempt's report, or an exception object."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from triage.diagnosis.engine import conclude
from triage.diagnosis.findings import Span
from triage.diagnosis.matching import find_matches
from triage.diagnosis.model import Diagnosis
from triage.diagnosis.patterns import library_of
from triage.diagnosis.reading import READING_LIMIT, Fact, read
from triage.diagnosis.reading.plain import make_plain
from triage.diagnosis.scoring import GIVEN
from triage.knowledge import Knowledge, load

_CHAIN = 8
"""Causes of causes that are followed."""


def diagnose_fields(  # noqa: PLR0913 - one argument a field of a report
    *,
    http_status: int | None = None,
    error_type: str | None = None,
    error_code: str | None = None,
    message: str | None = None,
    exception: str | None = None,
    cause_chain: Sequence[str] = (),
    client: str | None = None,
    body: str | None = None,
    streamed: bool = False,
    knowledge: Knowledge | None = None,
) -> Diagnosis:
    """Return the diagnosis of a failed attempt that was reported in fields.

    Args:
        http_status: the status of the answer; None where no answer came.
        error_type: the API's ``error.type``.
        error_code: the API's ``error.details.error_code``.
        message: the API's own sentence, or what the client printed.
        exception: the class name of what was raised, with or without its module.
        cause_chain: the causes behind the exception, as ``Class: words`` or bare names, outermost first.
        client: the program that reported.
        body: the answer's body as text, where the report has it.
        streamed: whether the error came inside a stream, after the status 200.
        knowledge: the knowledge to use instead of the package's own.

    Spans of the reasons point into the given message, cause chain and body, joined by line feeds.
    """
    knowledge = knowledge or load()
    library = library_of(knowledge)
    parts = [part for part in (message, *cause_chain, body) if part]
    plain = make_plain("\n".join(parts), READING_LIMIT)
    evidence = read(plain.text, knowledge, frozenset(library.exceptions))
    evidence.truncated = plain.truncated
    nowhere = Span(0, 0)
    if http_status is not None:
        evidence.statuses = [Fact(http_status, nowhere, GIVEN)]
    if error_type:
        evidence.types = [Fact(error_type, nowhere, GIVEN)]
    if error_code:
        evidence.error_codes = [Fact(error_code, nowhere, GIVEN)]
    if message:
        evidence.messages = [Fact(message, Span(0, len(message)), GIVEN), *evidence.messages]
    if exception:
        name = exception.rsplit(".", 1)[-1]
        evidence.exceptions = [*evidence.exceptions, Fact(name, nowhere, 3 if name in library.exceptions else 2)]
    if client:
        evidence.client = client
    if evidence.streamed is None and (streamed or (http_status == 200 and error_type)):
        evidence.streamed = Fact("stream", nowhere, GIVEN)
    return conclude(knowledge, evidence, find_matches(library, evidence.folded, evidence.messages))


def classify(error: object, knowledge: Knowledge | None = None) -> Diagnosis:
    """Return the diagnosis of an exception object of any SDK, or of anything that merely looks like one.

    Nothing but attributes is looked at (``status_code`` or ``status``, ``body``, ``message``, ``type``, ``error_code``,
    ``request_id``, ``__cause__`` and their TypeScript-style names), so stand-ins and old SDKs are classified too.
    """
    body = _first(error, "body", "error")
    inner = _inner(body)
    words = _text(_first(error, "api_message", "apiMessage")) or _text(inner.get("message")) or _said(error)
    details = inner.get("details")
    code = _first(error, "error_code", "errorCode") or (
        details.get("error_code") if isinstance(details, Mapping) else None
    )
    kind = _text(_first(error, "type")) or _text(inner.get("type"))
    diagnosis = diagnose_fields(
        http_status=_status(error),
        error_type=kind if kind != "error" else None,
        error_code=_text(code),
        message=words,
        exception=type(error).__name__,
        cause_chain=tuple(_causes(error)),
        body=_as_text(body),
        knowledge=knowledge,
    )
    ident = _text(_first(error, "request_id", "requestID", "_request_id"))
    if ident and not diagnosis.request_id:
        return replace(diagnosis, request_id=ident, request_ids=(ident, *diagnosis.request_ids))
    return diagnosis


def _first(error: object, *names: str) -> object | None:
    for name in names:
        try:
            value: object = getattr(error, name, None)
        except Exception:  # noqa: S112 - a property of a foreign object may raise anything
            continue
        if value is not None:
            return value
    return None


def _status(error: object) -> int | None:
    response = _first(error, "response")
    for value in (_first(error, "status_code", "status", "http_status", "statusCode"), _first(response, "status_code")):
        if isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599:
            return value
    return None


def _inner(body: object) -> Mapping[str, object]:
    """Return the object that holds the message: ``body["error"]``, the body itself, or an empty one."""
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            return {}
    for _ in range(3):
        if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
            body = body["error"]
    return body if isinstance(body, Mapping) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _as_text(body: object) -> str | None:
    if isinstance(body, str):
        return body
    if isinstance(body, bytes):
        return body.decode("utf-8", "replace")
    return json.dumps(body, default=str, ensure_ascii=False) if isinstance(body, Mapping) else None


def _said(error: object) -> str | None:
    try:
        words = str(error)
    except Exception:
        words = ""
    return _text(_first(error, "message")) or (words if isinstance(error, BaseException) else None) or None


def _causes(error: object) -> Iterator[str]:
    current: object | None = error
    for _ in range(_CHAIN):
        following = _first(current, "__cause__", "cause", "__context__")
        if following is None or following is current:
            return
        code = _text(_first(following, "code"))
        yield f"{type(following).__name__}: {_said(following) or ''}" + (f" ({code})" if code else "")
        current = following
