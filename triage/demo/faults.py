"""What the stand-in for the Claude API can answer: every status of the reference, and what no status describes.

A fault is named in the path that a client calls: ``/s/<fault>/v1/messages``. The bodies use the API's own shapes
(docs "Errors", 2026-08-22) and its sentences as they stand in the knowledge's patterns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Behaviour = Literal["succeed", "answer", "reset", "hang", "cut_stream", "event_error", "garbage"]
REQUEST_ID_PLACEHOLDER = "{request_id}"
NEXT_MINUTE_PLACEHOLDER = "{next_minute}"
"""Stands in a header for the moment at which a limit is full again: a minute after the answer, ISO 8601."""


@dataclass(frozen=True)
class Fault:
    """One way to answer: as the API does where nothing fails, with a whole HTTP answer, or by breaking off.

    ``delay`` is how long the answer takes, in seconds.
    ``first_tries`` makes it a passing fault: only that many tries of a call fail, as the client's own retry count says.
    """

    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    behaviour: Behaviour = "answer"
    first_tries: int | None = None
    delay: float = 0.0


def _api_error(
    status: int,
    kind: str,
    message: str,
    *,
    error_code: str | None = None,
    headers: Mapping[str, str] | None = None,
    first_tries: int | None = None,
) -> Fault:
    error: dict[str, object] = {"type": kind, "message": message}
    if error_code:
        error["details"] = {"error_code": error_code}
    body = json.dumps({"type": "error", "error": error, "request_id": REQUEST_ID_PLACEHOLDER})
    return Fault(status, body, headers=headers or {}, first_tries=first_tries)


def _page(status: int, title: str, server: str) -> Fault:
    body = f"<html>\n<head><title>{title}</title></head>\n<body><center><h1>{title}</h1></center><hr>"
    return Fault(status, f"{body}<center>{server}</center></body>\n</html>\n", "text/html", {"server": server})


def _status_page(indicator: str, description: str, incident: str = "") -> Fault:
    """Return the JSON of a status page as Atlassian's Statuspage writes it (``/api/v2/summary.json``)."""
    began = "2026-11-21T14:02:00.000Z"
    update = {"id": "u1", "status": "investigating", "body": "We are looking into it.", "created_at": began}
    told: dict[str, object] = {"id": "i1", "name": incident, "status": "investigating", "impact": indicator}
    told |= {
        "created_at": began,
        "started_at": began,
        "shortlink": "https://stspg.io/made-up",
        "incident_updates": [update],
    }
    part = "major_outage" if incident else "operational"
    summary = {
        "page": {"id": "p1", "name": "Claude", "url": "https://status.claude.com", "updated_at": began},
        "status": {"indicator": indicator, "description": description},
        "components": [{"id": "c1", "name": "API", "status": part, "updated_at": began}],
        "incidents": [told] if incident else [],
        "scheduled_maintenances": [],
    }
    return Fault(200, json.dumps(summary))


def _invalid(message: str) -> Fault:
    return _api_error(400, "invalid_request_error", message)


_RATE_LIMIT_HEADERS = {
    "retry-after": "1",
    "anthropic-ratelimit-input-tokens-limit": "30000",
    "anthropic-ratelimit-input-tokens-remaining": "0",
    "anthropic-ratelimit-input-tokens-reset": NEXT_MINUTE_PLACEHOLDER,
}
_RATE_LIMIT_TEXT = (
    "This request would exceed your organization's rate limit of 30,000 input tokens per minute. For details, refer "
    "to: https://docs.claude.com/en/api/rate-limits. Please reduce the prompt length or the maximum tokens requested, "
    "or try again later."
)
_SPEND_CAP_TEXT = (
    "You have reached your API usage limits: your organization has crossed its monthly API usage threshold, set based "
    "on your organization's API tier. You will regain access on 2026-12-01 at 00:00 UTC."
)

FAULTS: dict[str, Fault] = {
    "ok": Fault(behaviour="succeed"),
    "slow": Fault(behaviour="succeed", delay=0.6),
    "400_credit": _invalid(
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or "
        "purchase credits."
    ),
    "400_spend_limit": _invalid(
        "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."
    ),
    "400_prompt_too_long": _invalid("prompt is too long: 211474 tokens > 200000 maximum"),
    "400_missing_field": _invalid("max_tokens: Field required"),
    "400_unknown_field": _invalid("system.4.cache_control.ephemeral.scope: Extra inputs are not permitted"),
    "400_empty_content": _invalid("messages.0: all messages must have non-empty content"),
    "400_tool_use": _invalid(
        "messages.2: `tool_use` ids were found without `tool_result` blocks immediately after: "
        "toolu_01A09q90qw90lq917835lq9. Each `tool_use` block must have a corresponding `tool_result` block in the "
        "next message."
    ),
    "401": _api_error(401, "authentication_error", "invalid x-api-key"),
    "402": _api_error(402, "billing_error", "There is an issue with your billing or payment information."),
    "403": _api_error(403, "permission_error", "Your API key does not have permission to use the specified resource."),
    "403_edge": Fault(403, '{"error":{"type":"forbidden","message":"Request not allowed"}}'),
    "403_html": _page(403, "403 Forbidden", "cloudflare"),
    "404_model": _api_error(404, "not_found_error", "model: claude-opus-4.8"),
    "407": _page(407, "407 Proxy Authentication Required", "squid"),
    "409": _api_error(409, "conflict_error", "The resource was modified by another request."),
    "413": _api_error(413, "request_too_large", "Request exceeds the maximum size"),
    "429": _api_error(429, "rate_limit_error", _RATE_LIMIT_TEXT, headers=_RATE_LIMIT_HEADERS),
    "429_then_ok": _api_error(
        429, "rate_limit_error", _RATE_LIMIT_TEXT, headers={**_RATE_LIMIT_HEADERS, "retry-after": "0.2"}, first_tries=1
    ),
    "429_spend_cap": _api_error(429, "rate_limit_error", _SPEND_CAP_TEXT, error_code="enforced_spend_limit_reached"),
    "500": _api_error(500, "api_error", "Internal server error"),
    "502_html": _page(502, "502 Bad Gateway", "cloudflare"),
    "503_html": _page(503, "503 Service Temporarily Unavailable", "nginx"),
    "504": _api_error(504, "timeout_error", "Request timed out"),
    "504_html": _page(504, "504 Gateway Time-out", "nginx"),
    "522_html": _page(522, "api.anthropic.com | 522: Connection timed out", "cloudflare"),
    "529": _api_error(529, "overloaded_error", "Overloaded"),
    "529_then_ok": _api_error(529, "overloaded_error", "Overloaded", first_tries=1),
    "html_200": Fault(200, "<html><head><title>Sign in to the network</title></head></html>", "text/html"),
    "empty_200": Fault(200, ""),
    "sse_overloaded": Fault(behaviour="event_error"),
    "sse_cut": Fault(behaviour="cut_stream"),
    "status_none": _status_page("none", "All Systems Operational"),
    "status_minor": _status_page("minor", "Partially Degraded Service"),
    "status_major": _status_page("major", "Partial System Outage", incident="Elevated errors on Claude Opus 4.8"),
    "reset": Fault(behaviour="reset"),
    "hang": Fault(behaviour="hang"),
    "garbage": Fault(behaviour="garbage"),
}
"""Every fault by the name that stands in the path."""
