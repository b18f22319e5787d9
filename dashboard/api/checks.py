"""What ``POST /api/v1/check`` takes: a request in an envelope, or by itself."""

from __future__ import annotations

import json
from typing import Any, Final

BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        {
                            "type": "object",
                            "properties": {
                                "request": {
                                    "description": "The request as an object or as text.",
                                    "type": ["object", "string"],
                                }
                            },
                            "required": ["request"],
                            "additionalProperties": False,
                        },
                        {"type": "object", "description": "The request itself."},
                    ]
                }
            },
            "text/plain": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}


def unwrapped(body: bytes) -> object:
    """Return what stands in the envelope ``{"request": ...}``, or the body as it came where there is none."""
    if not body.lstrip().startswith(b"{") or b'"request"' not in body[:200]:
        return body
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return told["request"] if isinstance(told, dict) and list(told) == ["request"] else body
