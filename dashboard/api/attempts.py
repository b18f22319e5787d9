"""The description of ``POST /api/v1/attempts``, which ``triage.ingest`` answers outside of Django."""

from __future__ import annotations

from typing import Any, Final

_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer", "minimum": 0}

_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "id": {**_TEXT, "description": "Makes the report recognisable: sent again under the same id, it counts once."},
    "call": {**_TEXT, "description": "What the tries of one call have in common; without it a report is its own call."},
    "at": {"description": "When the try ended: ISO 8601 or seconds since 1970.", "oneOf": [_TEXT, {"type": "number"}]},
    "outcome": {"type": "string", "enum": ["succeeded", "failed"]},
    "failed": {
        "type": "boolean",
        "description": "The same as outcome. Without both, an error or a status >= 400 tells.",
    },
    "attempt": {"type": "integer", "minimum": 1, "description": "Which try of its call this is."},
    "attempts": {"type": "integer", "minimum": 1, "description": "How many tries the call made in all."},
    "status": {"type": "integer", "minimum": 100, "maximum": 599},
    "request_id": {**_TEXT, "description": "The API's request-id."},
    "error": {
        "description": "The API's error object, or its text.",
        "oneOf": [{"type": "object", "properties": {"type": _TEXT, "code": _TEXT, "message": _TEXT}}, _TEXT],
    },
    "exception": {**_TEXT, "description": "The class of what was raised."},
    "cause_chain": {"type": "array", "items": _TEXT, "description": "The exceptions behind it, outermost first."},
    "retry_after": {"type": "number", "description": "Seconds that the answer asked to wait."},
    "headers": {"type": "object", "description": "The answer's headers."},
    "body": {"description": "The answer's body.", "oneOf": [_TEXT, {"type": "object"}]},
    "streamed": {"type": "boolean"},
    "duration_ms": _WHOLE,
    "fallback_from": {**_TEXT, "description": "The model that the call asked first, where this try asks another."},
    "waited_ms": {**_WHOLE, "description": "How long the program waited before this try."},
    "tokens": {"type": "object", "properties": {"input": _WHOLE, "output": _WHOLE}},
    "count": {**_WHOLE, "description": "So many calls that succeeded at their first try, in the minute of at."},
    "dropped": {**_WHOLE, "description": "So many reports that the client could not deliver, for reason."},
    "reason": _TEXT,
    **dict.fromkeys(("model", "service", "team", "environment", "user", "client"), _TEXT),
}
_REPORT: Final = {"type": "object", "properties": _FIELDS, "additionalProperties": True}
_REFUSED: Final = {"application/json": {"schema": {"type": "object", "properties": {"error": _TEXT}}}}

OPERATION: Final[dict[str, Any]] = {
    "post": {
        "operationId": "report_attempts",
        "summary": "Report attempts",
        "description": "One report, a list of them, or one a line. Every field may be left out. Accepted reports stand "
        "on the pages about a second later. Bodies may be sent with Content-Encoding gzip or deflate.",
        "security": [{"KeyAccess": []}],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": [_REPORT, {"type": "array", "items": _REPORT}]}},
                "application/x-ndjson": {"schema": {"type": "string"}},
            },
        },
        "responses": {
            "202": {
                "description": "Accepted and stored durably",
                "content": {
                    "application/json": {"schema": {"type": "object", "properties": {"accepted": {"type": "integer"}}}}
                },
            },
            "400": {"description": "Malformed; says what is wrong where", "content": _REFUSED},
            "401": {"description": "No key, or an unknown one", "content": _REFUSED},
            "403": {"description": "The key is revoked", "content": _REFUSED},
            "413": {"description": "Beyond a limit; names the setting", "content": _REFUSED},
            "415": {"description": "Another content type or encoding than those above", "content": _REFUSED},
            "429": {"description": "The inbox is full; Retry-After says when to come back", "content": _REFUSED},
            "503": {"description": "Reports can't be kept just now; Retry-After says when", "content": _REFUSED},
        },
    }
}
