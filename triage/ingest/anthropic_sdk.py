"""The spans that the anthropic SDKs export themselves: scope ``com.anthropic.sdk.python`` or ``.typescript``.

As exported by anthropic 2.12.0 and @anthropic-ai/sdk 1.12.0. One span is one call, its retries in
``http.request.resend_count``. It never carries the error's message, so the cause is known only where type and status
decide it; and a failure inside a stream keeps the status 200.
"""

from __future__ import annotations

from collections.abc import Mapping

from triage.ingest.origin import Origin
from triage.ingest.otlp import Record, Scope
from triage.ingest.report import Delivery, Report, Role, Try, attempt_number, whole
from triage.ingest.spans import INTERNAL, is_pending, last_try, named, report_of

SPAN = "span"
ROLES: Mapping[str, Role] = {SPAN: Role.CALL}

_SCOPE = "com.anthropic.sdk."
_RAISED = {
    "connection_error": "APIConnectionError",
    "client_timeout_error": "APITimeoutError",
    "client_error": "AnthropicError",
}
"""What the SDK raises where it names the failure itself, since no answer of the API did."""
_BROKEN_OFF = "RemoteProtocolError"
"""What comes through the SDK where the connection ends inside an answer."""
_NOT_THE_API = "APIResponseValidationError"
"""The SDK's name for an answer that isn't the API's; by default it raises nothing and takes a web page for one."""
_MESSAGES = "anthropic.messages.create"
_MARKS_OF_THE_API = ("anthropic.request.id", "gen_ai.response.id")


def claims(scope: Scope) -> bool:
    """Return whether ``scope`` is an SDK's own instrumentation."""
    return scope.name.startswith(_SCOPE)


def client(scope: Scope) -> str:
    """Return the SDK and its version."""
    return named(f"anthropic-{scope.name.removeprefix(_SCOPE)}", scope)


def read(record: Record, origin: Origin, delivery: Delivery) -> Report | None:
    """Return the report of an API call, or ``None`` for a tool's run and whatever else is no request."""
    is_request = record.kind != INTERNAL and record.name.startswith("anthropic.")
    if record.scope.signal != "traces" or not is_request or is_pending(record):
        return None
    report = report_of(SPAN, record, origin, delivery, _last_try(record, delivery))
    report.streamed = report.streamed is True
    return report


def _last_try(record: Record, delivery: Delivery) -> Try:
    told = record.attributes
    last = last_try(record, delivery)
    last.number = attempt_number((whole(told.get("http.request.resend_count")) or 0) + 1)
    if told.get("http.response.status_code") != 200:
        last.exception = last.exception or _RAISED.get(last.error_type, "")
    elif record.name == _MESSAGES and not any(told.get(mark) for mark in _MARKS_OF_THE_API):
        last.failed, last.http_status = True, 200
        last.error_type, last.exception = "", _NOT_THE_API
    elif last.error_type == "connection_error":
        last.exception = _BROKEN_OFF
    return last
