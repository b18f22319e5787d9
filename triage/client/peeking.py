"""Looks whether an answer is an error before its reader gets it: by its status, or by a stream's first event."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anthropic
import httpx2

from triage.client.bodies import Scanner, decoder

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_MOST = 64 * 1024  # bytes of a first event; message_start has a few hundred


def peek(response: Any) -> bytes | None:
    """Return the body of an error that ``response`` is, or ``None`` where it is an answer, which stays unread.

    A stream is read up to its first event, and given back whole.

    Raises:
        APIConnectionError: the connection broke before that much was there.
    """
    http: httpx2.Response | None = getattr(response, "http_response", None)
    if http is None:  # another middleware answered in the API's place
        return None
    try:
        if not http.is_success:
            return http.read()
        beginning = _Beginning.of(http)
        if beginning is None or not isinstance(http.stream, httpx2.SyncByteStream):
            return None
        rest = iter(http.stream)
        for chunk in rest:
            if beginning.is_enough(chunk):
                break
        http.stream = _Resumed(beginning.chunks, rest, http.stream)
        return beginning.error()
    except httpx2.HTTPError as error:
        raise anthropic.APIConnectionError(request=http.request) from error


async def peek_async(response: Any) -> bytes | None:
    """The same for the asynchronous client."""
    http: httpx2.Response | None = getattr(response, "http_response", None)
    if http is None:
        return None
    try:
        if not http.is_success:
            return await http.aread()
        beginning = _Beginning.of(http)
        if beginning is None or not isinstance(http.stream, httpx2.AsyncByteStream):
            return None
        rest = aiter(http.stream)
        async for chunk in rest:
            if beginning.is_enough(chunk):
                break
        http.stream = _AsyncResumed(beginning.chunks, rest, http.stream)
        return beginning.error()
    except httpx2.HTTPError as error:
        raise anthropic.APIConnectionError(request=http.request) from error


class _Beginning:
    """The first bytes of a stream of events, as they came and as they read."""

    def __init__(self, decode: Callable[[bytes], bytes]) -> None:
        self.chunks: list[bytes] = []
        self._decode = decode
        self._plain = b""

    @classmethod
    def of(cls, http: httpx2.Response) -> _Beginning | None:
        """Return the empty beginning of ``http``, or ``None`` where it is no stream of events that can be read here."""
        decode = decoder(http.headers.get("content-encoding", ""))
        is_events = http.headers.get("content-type", "").startswith("text/event-stream")
        return cls(decode) if is_events and decode is not None and not http.is_closed else None

    def is_enough(self, chunk: bytes) -> bool:
        """Take the next bytes; return whether an event that says something is complete."""
        self.chunks.append(chunk)
        self._plain += self._decode(chunk)
        *whole, _ = _END.split(self._plain)
        return len(self._plain) > _MOST or any(b"event: ping" not in event for event in whole)

    def error(self) -> bytes | None:
        """Return the data of the error that the stream begins with, if it does."""
        scanner = Scanner()
        scanner.feed(self._plain)
        return scanner.error_data() if scanner.error and b"event: message_start" not in self._plain else None


class _Resumed(httpx2.SyncByteStream):
    """A stream given back: what was taken of it, then the rest."""

    def __init__(self, taken: list[bytes], rest: Iterator[bytes], stream: httpx2.SyncByteStream) -> None:
        self._taken = taken
        self._rest = rest
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._taken
        yield from self._rest

    def close(self) -> None:
        self._stream.close()


class _AsyncResumed(httpx2.AsyncByteStream):
    def __init__(self, taken: list[bytes], rest: AsyncIterator[bytes], stream: httpx2.AsyncByteStream) -> None:
        self._taken = taken
        self._rest = rest
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._taken:
            yield chunk
        async for chunk in self._rest:
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
