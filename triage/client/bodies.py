"""Looks at an answer's bytes as their reader takes them, and says how the reading ended. Reads nothing by itself."""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Protocol

import httpx2

KEPT = 16 * 1024
"""Bytes of an error's body that are kept."""

_ERROR_EVENT = re.compile(rb"[\r\n]event: ?error[\r\n]")
_LAST_EVENT = re.compile(rb"[\r\n]event: ?message_stop[\r\n]")
_OVERLAP = 24  # bytes; a name of an event may be cut in two


class Watcher(Protocol):
    """Learns what is read of a body. No method raises."""

    def feed(self, chunk: bytes) -> None:
        """See the next bytes, as they came over the wire."""

    def end(self, error: Exception | None) -> None:
        """Learn that the body is whole, or that reading it failed."""

    def close(self) -> None:
        """Learn that nobody reads on; called after ``end`` as well."""


class Scanner:
    """Finds the API's error event and its last event in a stream of server-sent events, however the bytes are cut."""

    def __init__(self) -> None:
        self.error = b""
        self.is_whole = False
        self._tail = b"\n"

    def feed(self, chunk: bytes) -> None:
        """Look at the next decoded bytes."""
        if self.error:
            if len(self.error) < KEPT:
                self.error += chunk
            return
        seen = self._tail + chunk
        found = _ERROR_EVENT.search(seen)
        if found:
            self.error = seen[found.start() :][:KEPT]
            return
        if b"message_stop" in seen and _LAST_EVENT.search(seen):
            self.is_whole = True
        self._tail = seen[-_OVERLAP:]

    def error_data(self) -> bytes:
        """Return the JSON of the error event."""
        lines = re.split(rb"\r\n|\r|\n", self.error.lstrip(b"\r\n").partition(b"\n\n")[0])
        return b"\n".join(line[5:].strip() for line in lines if line.startswith(b"data:"))


def decoder(encoding: str) -> Callable[[bytes], bytes] | None:
    """Return what undoes a content encoding chunk by chunk, or ``None`` where the standard library can't."""
    if encoding in ("", "identity"):
        return bytes
    if encoding in ("gzip", "deflate"):
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress
    return None


class WatchedStream(httpx2.SyncByteStream):
    """A body that tells a watcher how it is read."""

    def __init__(self, stream: httpx2.SyncByteStream, watcher: Watcher) -> None:
        self._stream = stream
        self._watcher = watcher

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._stream:
                self._watcher.feed(chunk)
                yield chunk
        except Exception as error:
            self._watcher.end(error)
            raise
        self._watcher.end(None)

    def close(self) -> None:
        """Close the body beneath."""
        self._watcher.close()
        self._stream.close()


class AsyncWatchedStream(httpx2.AsyncByteStream):
    """The same for the asynchronous client."""

    def __init__(self, stream: httpx2.AsyncByteStream, watcher: Watcher) -> None:
        self._stream = stream
        self._watcher = watcher

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                self._watcher.feed(chunk)
                yield chunk
        except Exception as error:
            self._watcher.end(error)
            raise
        self._watcher.end(None)

    async def aclose(self) -> None:
        """Close the body beneath."""
        self._watcher.close()
        await self._stream.aclose()
