"""The reporter: a middleware of the anthropic SDK that tells a Triage server what becomes of every attempt."""

from __future__ import annotations

import logging
import os
import ssl
import urllib.parse
import uuid
import weakref
from contextvars import ContextVar
from typing import Any

import anthropic
import httpx2
from anthropic import APIRequest, APIResponse, AsyncAPIResponse, AsyncCallNext, CallNext, Middleware

from triage.client.attempts import BEFORE, Attempt, NoAnswer, Reading
from triage.client.bodies import AsyncWatchedStream, WatchedStream
from triage.client.courier import EXIT_PATIENCE, Courier
from triage.client.outbox import Outbox, Waiting

logger = logging.getLogger("triage.client")

CLIENT = f"anthropic-python/{anthropic.__version__}"
"""What the reports name as the program that made the call."""

_last_call: ContextVar[str] = ContextVar("triage_client_last_call", default="")
_live: weakref.WeakSet[TriageReporter] = weakref.WeakSet()


class TriageReporter(Middleware):
    """Reports each failed attempt in full, and successes as counts: ``Anthropic(middleware=[TriageReporter(...)])``.

    It runs once per HTTP try, for synchronous and asynchronous clients and for streams, whose failures in the middle of
    a 200 it sees too. Prompts and answers are never sent. Nothing that it does can change, delay or fail a call:
    reports are put into a bounded queue, and a daemon thread delivers them. Make one for the life of the program.

    Args:
        url: the server's address, such as ``https://triage.example.org``.
        key: an ingest key of the project.
        service: the program's name, by which its failures are filtered.
        team: who owns it.
        environment: such as ``production``.
        send_every: seconds for which reports are gathered before they are sent together.
        timeout: seconds that the server may take to answer.
        most_waiting: reports that may wait while the server is away; further ones are dropped and counted.
        most_waiting_bytes: the same in bytes.
        ssl_context: for a server whose certificate the system doesn't know.

    Raises:
        ValueError: ``url`` is no address of http or https, or ``key`` can't stand in a header.
    """

    def __init__(  # noqa: PLR0913 - a name and a bound each
        self,
        url: str,
        key: str,
        *,
        service: str = "",
        team: str = "",
        environment: str = "",
        send_every: float = 0.5,
        timeout: float = 10.0,
        most_waiting: int = 10_000,
        most_waiting_bytes: int = 16 * 1024 * 1024,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        address = urllib.parse.urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError(f"url: expected an address such as https://triage.example.org, got {url!r}")
        if not key or not (key.isascii() and key.isprintable()):
            raise ValueError("key: expected an ingest key of the server, such as tri_…")
        dimensions = {"service": service, "team": team, "environment": environment, "client": CLIENT}
        self._bounds = {"most_reports": most_waiting, "most_bytes": most_waiting_bytes}
        self._options: dict[str, Any] = {
            "url": url,
            "key": key,
            "common": {name: value for name, value in dimensions.items() if value},
            "send_every": send_every,
            "timeout": timeout,
            "ssl_context": ssl_context,
        }
        self._begin_anew()
        _live.add(self)

    def handle(self, request: APIRequest, call_next: CallNext) -> APIResponse[Any]:
        """Let the synchronous client make one attempt, and note what became of it."""
        attempt = _begin(request)
        try:
            response = call_next(request)
        except Exception as error:
            self._raised(attempt, error)
            raise
        self._answered(attempt, request, response)
        return response

    async def handle_async(self, request: APIRequest, call_next: AsyncCallNext) -> AsyncAPIResponse[Any]:
        """Let the asynchronous client make one attempt, and note what became of it."""
        attempt = _begin(request)
        try:
            response = await call_next(request)
        except Exception as error:
            self._raised(attempt, error)
            raise
        self._answered(attempt, request, response)
        return response

    def flush(self, timeout: float = EXIT_PATIENCE) -> bool:
        """Send what waits; return whether all of it was, within ``timeout`` seconds. It blocks: not for an event loop.

        Programs that are frozen between two calls, such as serverless functions, end each of them with it. The end
        of an ordinary program does so by itself.
        """
        self._courier.hurry()
        return self._outbox.wait_until_empty(timeout)

    def _begin_anew(self) -> None:
        """Make a queue and a thread of this process's own; what the parent has queued is the parent's to send."""
        self._outbox = Outbox(**self._bounds)
        self._courier = Courier(self._outbox, **self._options)

    def _raised(self, attempt: Attempt | None, error: Exception) -> None:
        try:
            if attempt is not None:
                self._tell(attempt, attempt.breakdown(error))
        except Exception:
            _note()

    def _answered(self, attempt: Attempt | None, request: APIRequest, response: Any) -> None:
        try:
            # An inner middleware may answer by itself; that is no attempt.
            http = getattr(response, "http_response", None)
            if attempt is None or http is None:
                return
            if not http.is_closed:
                self._watch(attempt, http)
            elif not http.is_success:
                self._tell(attempt, attempt.refusal(http, http.content))
            else:
                missing = NoAnswer.instead(http, request.cast_to)
                self._tell(attempt, attempt.breakdown(missing, http) if missing else None)
        except Exception:
            _note()

    def _watch(self, attempt: Attempt, http: httpx2.Response) -> None:
        """Tell the end of ``attempt`` once its answer has been read."""
        reading = Reading(attempt, http, self._tell)
        if isinstance(http.stream, httpx2.SyncByteStream):
            http.stream = WatchedStream(http.stream, reading)
        else:
            http.stream = AsyncWatchedStream(http.stream, reading)

    def _tell(self, attempt: Attempt, failure: Waiting | None) -> None:
        try:
            if failure is not None:
                self._outbox.put(failure)
            elif attempt.number > 1:
                self._outbox.put(attempt.success())
            else:
                self._outbox.count(attempt.model, attempt.streamed)
            self._courier.wake()
        except Exception:
            _note()


def _begin(request: APIRequest) -> Attempt | None:
    try:
        body = request.options.json_data
        model = body.get("model") if isinstance(body, dict) else None
        return Attempt(
            call=_call_of(request),
            number=request.retries_taken + 1,
            model=model if isinstance(model, str) else "",
            path=request.options.url,
            streamed=request.stream,
            before=BEFORE.get(),
        )
    except Exception:
        _note()
        return None


def _call_of(request: APIRequest) -> str:
    """Return what the tries of one call have in common: the SDK's idempotency key, which a GET doesn't have."""
    key = request.options.idempotency_key
    if key:
        return key
    if request.retries_taken == 0 or not _last_call.get():
        _last_call.set(uuid.uuid4().hex)
    return _last_call.get()


def _note() -> None:
    logger.debug("An attempt could not be reported.", exc_info=True)


def _begin_anew_after_fork() -> None:
    for reporter in list(_live):
        reporter._begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew_after_fork)
