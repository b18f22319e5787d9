"""LiteLLM's JSON: its standard logging payload, one object a try, and the lines of its ``json_logs``.

As written by 1.106.2. Tries of one call share ``trace_id``. LiteLLM puts a status of its own in place of some of the
API's (500 for an overloaded 529, 500 where nobody answered), so the API's own type and its headers decide.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from triage.diagnosis import diagnose
from triage.ingest.files.form import Told, load_object, moment, part, said, try_object, without_empty
from triage.ingest.report import seconds, whole
from triage.knowledge import load

NAME = "litellm"
_OURS = ("AnthropicException", "AnthropicError", "BedrockException", "VertexAIException")
_TRACES = 5_000
_HEADER_PREFIX = "llm_provider-"


def claims(text: str) -> bool:
    """Return whether the line is a logging payload, or a log line that names LiteLLM."""
    told = try_object(text)
    if {"call_type", "startTime"} <= _payload(told).keys():
        return True
    return {"message", "level", "timestamp"} <= told.keys() and ("component" in told or "litellm" in str(told).lower())


class Reader:
    """Follows the traces of one file."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, tuple[str, int]] = OrderedDict()

    def read(self, text: str) -> Iterator[Told]:
        """Yield the try that a line tells of; nothing for a call to another provider."""
        told = load_object(text)
        payload = _payload(told)
        if {"call_type", "startTime"} <= payload.keys():
            if _is_claude(payload):
                yield self._try(payload)
        elif told.get("level") == "ERROR" and any(name in said(told, "message") for name in _OURS):
            yield _log_line(told)

    def end(self) -> Iterator[Told]:
        """Nothing is held back."""
        return iter(())

    def _try(self, payload: Mapping[str, Any]) -> Told:
        failed = payload.get("status") == "failure"
        call, number = self._place(payload, failed=failed)
        metadata = part(payload, "metadata")
        told = {
            "call": call,
            "at": payload.get("endTime"),
            "attempt": number,
            "outcome": "failed" if failed else "succeeded",
            "request_id": _headers(payload).get("request-id"),
            "streamed": payload.get("stream") if isinstance(payload.get("stream"), bool) else None,
            "duration_ms": _took(payload),
            "model": said(payload, "model").rpartition("/")[2],
            "service": said(metadata, "user_api_key_alias") or NAME,
            "team": said(metadata, "user_api_key_team_alias", "user_api_key_team_id"),
            "user": said(payload, "end_user") or said(metadata, "user_api_key_user_id"),
            "client": NAME,
            "tokens": {
                "input": whole(payload.get("prompt_tokens")),
                "output": whole(payload.get("completion_tokens")),
            },
        }
        return without_empty(told | (_failure(payload) if failed else {}))

    def _place(self, payload: Mapping[str, Any], *, failed: bool) -> tuple[str, int]:
        """Return the call and the number of a try: it goes on with the failed try of the same trace, if any."""
        trace = said(payload, "trace_id")
        name = said(payload, "litellm_call_id", "id")
        call, tries = self._failed.pop(trace, (f"litellm-{name}", 0))
        if failed and trace:
            self._failed[trace] = (call, tries + 1)
            if len(self._failed) > _TRACES:
                self._failed.popitem(last=False)
        return call, tries + 1


def _payload(told: Mapping[str, Any]) -> Mapping[str, Any]:
    return part(told, "standard_logging_object") or part(told, "kwargs", "standard_logging_object") or told


def _took(payload: Mapping[str, Any]) -> int | None:
    """Return how long a try took, in milliseconds."""
    start, end = (moment(payload.get(name), dt.UTC) for name in ("startTime", "endTime"))
    return (end - start) // dt.timedelta(milliseconds=1) if start and end and end >= start else None


def _is_claude(payload: Mapping[str, Any]) -> bool:
    return payload.get("custom_llm_provider") == "anthropic" or "claude" in said(payload, "model").lower()


def _headers(payload: Mapping[str, Any]) -> dict[str, Any]:
    told = part(payload, "hidden_params", "additional_headers")
    return {name.lower().removeprefix(_HEADER_PREFIX): value for name, value in told.items()}


def _failure(payload: Mapping[str, Any]) -> Told:
    about = part(payload, "error_information")
    words = said(payload, "error_str") or said(about, "error_message") or said(about, "error_class") or "failed"
    headers = _headers(payload)
    return {
        "status": _status(words, whole(about.get("error_code"))) if headers or '"error"' in words else None,
        "error": words,
        "headers": headers,
        "retry_after": seconds(headers.get("retry-after")),
    }


def _status(words: str, told: int | None) -> int | None:
    """Return the status that the API's type in ``words`` goes with, else the one that LiteLLM told."""
    kind = diagnose(words).error_type
    known = _statuses().get(kind or "", [])
    if known and told not in known:
        return known[0]
    return told if told and 100 <= told <= 599 else None


@cache
def _statuses() -> dict[str, list[int]]:
    """Return the statuses that the API sends with each of its types."""
    found: dict[str, list[int]] = {}
    for code in load().codes.values():
        for kind in code.types if code.from_api else ():
            if code.status is not None and code.status >= 400:  # 200 stands for what comes inside a stream
                found.setdefault(kind, []).append(code.status)
    return found


def _log_line(told: Mapping[str, Any]) -> Told:
    """Return the failure in an error line; LiteLLM writes several of one failure, which its words make known as one."""
    words = said(told, "message")
    start = min(place for name in _OURS if (place := words.find(name)) >= 0)
    words = words[max(0, words.rfind("litellm.", 0, start)) :]
    found = diagnose(words)
    known = found.request_id or hashlib.sha256(f"{said(told, 'timestamp')[:19]} {words[:500]}".encode()).hexdigest()
    told_status = found.http_status
    return without_empty(
        {
            "call": f"litellm-{known}",
            "at": told.get("timestamp"),
            "outcome": "failed",
            "status": _status(words, told_status),
            "error": words,
            "service": NAME,
            "client": NAME,
        }
    )
