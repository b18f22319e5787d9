"""Claude Code's transcripts (``~/.claude/projects/*/*.jsonl``), as written by 2.1.197 to 2.1.278.

An assistant's line with ``isApiErrorMessage`` tells of a request that was lost, a ``system`` line of the subtype
``api_error`` of a try that is repeated, and an assistant's line with ``usage`` of one that went well; several lines of
one message are one request. In print mode (``-p``) the repeated tries are not written; a debug log has them.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from triage.ingest.files.form import Told, load_object, moment, part, said, try_object, without_empty
from triage.ingest.report import whole

NAME = "claude-transcript"
_SYNTHETIC = "<synthetic>"
_TYPES = frozenset(
    (
        *("user", "assistant", "system", "summary", "attachment", "queue-operation", "last-prompt", "progress"),
        *("file-history-snapshot", "cost-state"),
    )
)
_MESSAGES = 2_000
"""Messages of which is remembered that they were counted; their lines follow one another."""
_PATIENCE = dt.timedelta(minutes=15)
"""How long after a failed try, beyond the wait that it announced, the next may end: a request may take ten minutes."""


@dataclass(slots=True)
class _Open:
    """A call whose last try failed and is repeated."""

    call: str
    tries: int
    ends_before: dt.datetime | None


def claims(text: str) -> bool:
    """Return whether the line names a session and one of the types that transcripts have."""
    told = try_object(text)
    return told.get("type") in _TYPES and ("sessionId" in told or "leafUuid" in told or "messageId" in told)


class Reader:
    """Follows the calls of one file; a sidechain is a conversation of its own."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], _Open] = {}
        self._models: dict[tuple[str, str], str] = {}
        self._counted: OrderedDict[str, None] = OrderedDict()

    def read(self, text: str) -> Iterator[Told]:
        """Yield what a line tells of a try."""
        told = load_object(text)
        chain = (said(told, "sessionId"), said(told, "agentId") or str(told.get("isSidechain") is True))
        kind = told.get("type")
        if kind == "system" and told.get("subtype") == "api_error":
            yield self._repeated(told, chain)
        elif kind == "assistant" and told.get("isApiErrorMessage") is True:
            yield self._lost(told, chain)
        elif kind == "assistant":
            yield from self._answered(told, chain)
        elif kind == "user" and not told.get("isMeta"):
            self._open.pop(chain, None)

    def end(self) -> Iterator[Told]:
        """Nothing is held back: a try is told when it is read, and a later one completes its call."""
        return iter(())

    def _repeated(self, told: Mapping[str, Any], chain: tuple[str, str]) -> Told:
        number = whole(told.get("retryAttempt")) or 1
        before = self._open_at(told, chain)
        known = before is not None and before.tries < number
        call = before.call if before is not None and known else f"claude-code-{said(told, 'uuid')}"
        at = moment(told.get("timestamp"), dt.UTC)
        wait = dt.timedelta(milliseconds=min(whole(told.get("retryInMs")) or 0, 86_400_000))
        self._open[chain] = _Open(call, number, at + wait + _PATIENCE if at else None)
        error = part(told, "error")
        return self._told(told, chain, call, number) | without_empty(
            {
                "outcome": "failed",
                "status": whole(error.get("status")),
                "request_id": said(error, "requestId", "requestID", "request_id"),
                "error": _api_error(error) or said(error, "message", "formatted") or said(told, "error", "content"),
                "headers": part(error, "headers"),
                "cause_chain": _connection(error),
            }
        )

    def _lost(self, told: Mapping[str, Any], chain: tuple[str, str]) -> Told:
        before = self._open_at(told, chain)
        self._open.pop(chain, None)
        call = before.call if before else f"claude-code-{said(told, 'requestId') or said(told, 'uuid')}"
        status = whole(told.get("apiErrorStatus"))
        words = _words(told)
        return self._told(told, chain, call, before.tries + 1 if before else 1) | without_empty(
            {
                "outcome": "failed",
                "status": status,
                "request_id": said(told, "requestId"),
                "error": words or said(told, "error") or "API Error",
            }
        )

    def _answered(self, told: Mapping[str, Any], chain: tuple[str, str]) -> Iterator[Told]:
        message = part(told, "message")
        model, usage = said(message, "model"), part(message, "usage")
        if not usage or model in ("", _SYNTHETIC):
            return
        self._models[chain] = model
        name = said(told, "requestId") or said(message, "id")
        if not name or name in self._counted:
            return
        self._counted[name] = None
        if len(self._counted) > _MESSAGES:
            self._counted.popitem(last=False)
        before = self._open_at(told, chain)
        self._open.pop(chain, None)
        call = before.call if before else f"claude-code-{name}"
        yield self._told(told, chain, call, before.tries + 1 if before else 1) | without_empty(
            {
                "outcome": "succeeded",
                "request_id": said(told, "requestId"),
                "tokens": {"input": whole(usage.get("input_tokens")), "output": whole(usage.get("output_tokens"))},
            }
        )

    def _open_at(self, told: Mapping[str, Any], chain: tuple[str, str]) -> _Open | None:
        """Return the call that a line may go on with."""
        known, at = self._open.get(chain), moment(told.get("timestamp"), dt.UTC)
        return known if known and at and known.ends_before and at <= known.ends_before else None

    def _told(self, told: Mapping[str, Any], chain: tuple[str, str], call: str, number: int) -> Told:
        version = said(told, "version")
        return without_empty(
            {
                "call": call,
                "at": told.get("timestamp"),
                "attempt": number,
                "model": self._models.get(chain, ""),
                "service": "claude-code",
                "client": f"claude-code/{version}" if version else "claude-code",
            }
        )


def _api_error(error: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the API's own error, which stands one or two levels inside the SDK's."""
    inner = part(error, "error", "error") or part(error, "error")
    return inner if said(inner, "message") else {}


def _connection(error: Mapping[str, Any]) -> list[str]:
    """Return what stood behind a failure of the network, outermost first."""
    causes = (part(error, "connection"), part(error, "cause"))
    return [": ".join(filter(None, (said(each, "code"), said(each, "message")))) for each in causes if each]


def _words(told: Mapping[str, Any]) -> str:
    content = part(told, "message").get("content")
    blocks = content if isinstance(content, list) else []
    return "\n".join(said(block, "text") for block in blocks if isinstance(block, dict))
