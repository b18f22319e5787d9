"""One HTTP try of a call under way: what is noted while it runs, and the report that it becomes if it fails."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import anthropic
import httpx2

from triage.client.asking import asked_by
from triage.client.bodies import KEPT, Scanner, decoder
from triage.client.outbox import Waiting

_TEXT = 2_000  # characters of words
_CHAIN = 8  # causes of causes
_DEPTH = 4  # levels of a gateway's error
_TELLING = frozenset(
    (
        *("error", "errors", "message", "msg", "detail", "details", "description", "type", "__type", "code", "title"),
        *("status", "statuscode", "reason", "loc", "error_code", "error_type", "error_description", "request_id"),
    )
)
"""Fields of a gateway's error that are kept, in lower case; validators quote the request in others."""
_PAGE = 1_000  # characters of a page that came in an answer's place
_OWN_SIZE = 2_000  # bytes that a report holds in memory beside its body
_HEADERS = frozenset(
    ("retry-after", "retry-after-ms", "x-should-retry", "content-type", "server", "via", "cf-ray", "x-deny-reason")
)
_HEADER_FAMILIES = ("anthropic-ratelimit-", "anthropic-priority-", "anthropic-fast-", "anthropic-organization-id")
_SDKS_OWN_WORDS = ('"Could not resolve authentication method', "Could not resolve authentication method")


@dataclass(frozen=True, slots=True)
class Before:
    """What a policy did before a try."""

    waited: float = 0.0
    """Seconds."""
    fallback_from: str = ""
    """The model that the call asked first, where this try asks another."""


BEFORE: ContextVar[Before] = ContextVar("triage_client_before", default=Before())  # noqa: B039 - it can't be changed
"""Set by the policy around each try, for the reporter inside."""

Ended = Callable[["Attempt", Waiting | None], None]
"""Takes how an attempt ended: the report of its failure, or ``None`` for a success."""


@dataclass(slots=True)
class Attempt:
    """One HTTP try of a call."""

    call: str
    number: int
    model: str
    path: str
    streamed: bool
    before: Before
    began: float = field(default_factory=time.monotonic)

    def success(self) -> Waiting:
        """Return the report of a try that succeeded after others had failed."""
        told = {**self._told(), "outcome": "succeeded"}
        return Waiting(lambda: told, _OWN_SIZE)

    def refusal(self, response: httpx2.Response, body: bytes) -> Waiting:
        """Return the report of a try that was answered with an error, or with what is no answer at all."""
        told = {**self._told(), "outcome": "failed", "status": response.status_code}
        headers = response.headers
        return Waiting(lambda: {**told, **_answer(headers, body)}, _OWN_SIZE + len(body))

    def breakdown(self, error: Exception, response: httpx2.Response | None = None) -> Waiting:
        """Return the report of a try that ended in an exception, before an answer came or while it was read."""
        told = {**self._told(), "outcome": "failed", "exception": type(error).__name__, **_said(error)}
        if response is not None:
            told |= {"status": response.status_code, **_answer(response.headers, b"")}
        return Waiting(lambda: told, _OWN_SIZE)

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "call": self.call,
            "attempt": self.number,
            "at": time.time(),
            "duration_ms": round((time.monotonic() - self.began) * 1000),
            "model": self.model,
            "streamed": self.streamed,
        }
        if self.before.waited:
            told["waited_ms"] = round(self.before.waited * 1000)
        if self.before.fallback_from:
            told["fallback_from"] = self.before.fallback_from
        return told


class Reading:
    """Watches the body of an answer being read, and tells ``ended`` once how it did.

    A reader that stops early has got what it wanted: that is no failure.
    """

    def __init__(self, attempt: Attempt, response: httpx2.Response, ended: Ended) -> None:
        headers = response.headers
        self._attempt = attempt
        self._response = response
        self._ended: Ended | None = ended
        self._decode = decoder(headers.get("content-encoding", ""))
        self._refused: bytearray | None = None if response.is_success else bytearray()
        is_stream = response.is_success and headers.get("content-type", "").startswith("text/event-stream")
        self._scanner = Scanner() if is_stream else None

    def feed(self, chunk: bytes) -> None:
        """See the next bytes, as they came over the wire."""
        decode = self._decode
        if decode is None:
            return
        try:
            if self._scanner is not None:
                self._scanner.feed(decode(chunk))
            elif self._refused is not None and len(self._refused) < KEPT:
                self._refused += decode(chunk)
        except Exception:  # what can't be decoded here is the reader's to complain of
            self._decode = None

    def end(self, error: Exception | None) -> None:
        """Learn that the body is whole, or that reading it failed."""
        if self._refused is None and not (self._scanner and self._scanner.error):
            error = error or self._what_is_missing()
            if error is not None:
                self._conclude(self._attempt.breakdown(error, self._response))
        self.close()

    def close(self) -> None:
        """Learn that nobody reads on."""
        if self._refused is not None:
            self._conclude(self._attempt.refusal(self._response, bytes(self._refused[:KEPT])))
        elif self._scanner is not None and self._scanner.error:
            self._conclude(self._attempt.refusal(self._response, self._scanner.error_data()))
        else:
            self._conclude(None)

    def _what_is_missing(self) -> NoAnswer | None:
        """Return what is wrong with a body that ended as if it were whole."""
        if self._scanner is None:
            return NoAnswer.page(self._response) if self._attempt.streamed else None
        is_message = self._attempt.path.partition("?")[0].endswith("/messages")
        if self._scanner.is_whole or self._decode is None or not is_message:
            return None
        return NoAnswer("stream disconnected before completion: it ended without message_stop")

    def _conclude(self, report: Waiting | None) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(self._attempt, report)


class NoAnswer(Exception):
    """A successful status came without the answer that belongs to it, in words that name the cause to the server."""

    @classmethod
    def instead(cls, response: httpx2.Response, cast_to: Any) -> NoAnswer | None:
        """Return what came in place of one of the SDK's objects; ``None`` where nothing is wrong with ``response``."""
        if not (isinstance(cast_to, type) and issubclass(cast_to, anthropic.BaseModel)):
            return None
        if not response.content:
            return cls("Empty reply from server")
        return cls.page(response)

    @classmethod
    def page(cls, response: httpx2.Response) -> NoAnswer | None:
        """Return that a web page came, in the words of the SDK's strict mode; ``None`` where it is none."""
        kind = response.headers.get("content-type", "").partition(";")[0]
        if kind != "text/html":
            return None
        return cls(f"Expected Content-Type response header to be `application/json` but received `{kind}` instead.")


def _answer(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Return what an answer tells of its failure. Never a prompt or an answer: only errors and pages are looked at."""
    kept = {name: value for name, value in headers.items() if name in _HEADERS or name.startswith(_HEADER_FAMILIES)}
    told: dict[str, Any] = {"headers": kept, "request_id": headers.get("request-id", "")}
    asked = asked_by(headers)
    if asked is not None:
        told["retry_after"] = asked
    return {**told, **_error(body)}


def _error(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        page = body.decode("utf-8", "replace")
        return {"body": page[:_PAGE]} if page else {}
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, str):
        return {"error": error[:_TEXT]}
    if not isinstance(error, dict):
        return {"body": json.dumps(_pruned(document))[:_PAGE]}
    details = error.get("details")
    told = {
        "type": error.get("type"),
        "code": details.get("error_code") if isinstance(details, dict) else None,
        "message": error.get("message"),
    }
    return {"error": {name: value[:_TEXT] for name, value in told.items() if isinstance(value, str)}}


def _pruned(value: Any, depth: int = 0) -> Any:
    """Return what a gateway's own form of error says, without the request that some quote in it."""
    if isinstance(value, dict) and depth < _DEPTH:
        return {name: _pruned(inner, depth + 1) for name, inner in value.items() if name.lower() in _TELLING}
    if isinstance(value, list) and depth < _DEPTH:
        return [_pruned(inner, depth + 1) for inner in value[:_CHAIN]]
    return value[:_TEXT] if isinstance(value, str) else value if isinstance(value, int | float | None) else None


def _said(error: Exception) -> dict[str, Any]:
    """Return the words of an exception and of those behind it, as far as they are the SDK's or the network's own."""
    chain: list[str] = []
    words = _words(error)
    current: BaseException | None = error.__cause__ or error.__context__
    while current is not None and len(chain) < _CHAIN:
        chain.append(f"{type(current).__name__}: {_words(current)}".removesuffix(": "))
        current = current.__cause__ or current.__context__
    return {"cause_chain": chain, **({"error": words} if words else {})}


def _words(error: BaseException) -> str:
    """Return what an exception says; nothing of one that a program raised itself, for it may quote a prompt."""
    own = isinstance(error, anthropic.AnthropicError | httpx2.HTTPError | httpx2.StreamError | OSError | NoAnswer)
    words = str(error)
    own = own or type(error).__module__.startswith("httpcore") or words.startswith(_SDKS_OWN_WORDS)
    return words[:_TEXT] if own else ""
