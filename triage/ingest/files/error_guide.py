"""The error guide's logger: a JSON object a line, one for each failure and none for what went well.

Its fields are ``timestamp, category, status_code, message, context, request``. The first four say what failed; context
and request hold what a program adds, of which the dimensions, the request id and the number of the try are taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from triage.ingest.files.form import Told, load_object, part, said, try_object, without_empty
from triage.ingest.limits import Malformed

NAME = "guide"
SERVICE_NAMES = ("service", "app", "application", "component")


def claims(text: str) -> bool:
    """Return whether the line has a time, a message, and the logger's own names beside them."""
    told = try_object(_after_prefix(text))
    return {"timestamp", "message"} <= told.keys() and bool({"category", "status_code"} & told.keys())


class Reader:
    """Each line stands for itself."""

    def read(self, text: str) -> Iterator[Told]:
        """Yield the failure that a line tells of."""
        told = load_object(_after_prefix(text))
        if "timestamp" not in told or "message" not in told:
            raise Malformed("no timestamp or no message")
        yield _failure(told)

    def end(self) -> Iterator[Told]:
        """Nothing is held back."""
        return iter(())


def _after_prefix(text: str) -> str:
    """Return the line without what a logging formatter put before the object."""
    brace = text.find("{")
    return text[brace:] if 0 < brace < 200 else text


def _failure(told: Mapping[str, Any]) -> Told:
    context, request = part(told, "context"), part(told, "request")
    status = told.get("status_code")
    return without_empty(
        {
            "call": said(context, "call", "call_id"),
            "at": told["timestamp"],
            "outcome": "failed",
            "attempt": context.get("attempt"),
            "attempts": context.get("attempts"),
            "status": int(status) if isinstance(status, str) and status.isdigit() else status,
            "request_id": said(context, "request_id") or said(told, "request_id"),
            "error": _error(told["message"], context),
            "exception": said(context, "exception", "error_class", "exception_type"),
            "retry_after": context.get("retry_after"),
            "headers": part(context, "headers"),
            "streamed": request.get("stream"),
            "duration_ms": context.get("duration_ms"),
            "model": said(request, "model") or said(context, "model"),
            "service": said(context, *SERVICE_NAMES),
            "team": said(context, "team"),
            "environment": said(context, "environment"),
            "user": said(context, "user", "user_id"),
            "client": said(context, "client") or "error-log",
            "diagnosis": part(context, "diagnosis"),
        }
    )


def _error(message: object, context: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the API's error: the message may be the API's object, or words whose type stands in the context."""
    if isinstance(message, dict):
        return message
    kind, code = said(context, "error_type"), said(context, "error_code")
    return without_empty({"type": kind, "code": code, "message": str(message)})
