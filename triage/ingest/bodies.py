"""Reads a request's body within bounds, as sent and as decompressed."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import brotli

from triage.ingest.limits import BeyondLimit, Limits, Malformed

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

ENCODINGS = ("identity", "gzip", "deflate", "br")
PATIENCE = 30.0
"""Seconds that a client may take to send a body."""
MOST_PARTS = 1_000
"""Packed pieces, one after the other, that a body may consist of: each costs a copy of all that follow it."""


class Gone(Exception):
    """The client went away before its body was complete."""


class TooSlow(Exception):
    """The client took longer than ``PATIENCE`` to send its body."""


async def read_body(receive: Receive, limits: Limits, declared: int | None) -> bytes:
    """Return the body as sent; ``declared`` is its Content-Length, ``None`` where it is sent in chunks.

    Raises:
        BeyondLimit: it has more bytes than TRIAGE_MAX_BODY_BYTES, said in advance or seen.
        Gone: the client hung up.
        TooSlow: the body wasn't complete in time.
    """
    if declared is not None and declared > limits.body_bytes:
        raise BeyondLimit("TRIAGE_MAX_BODY_BYTES", limits.body_bytes, f"the body has {declared:,} bytes")
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > limits.body_bytes:
                    seen = f"{size:,} bytes came, and more were to come"
                    raise BeyondLimit("TRIAGE_MAX_BODY_BYTES", limits.body_bytes, seen)
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError:
        raise TooSlow from None


def decompress(body: bytes, encoding: str, limits: Limits) -> bytes:
    """Return ``body`` freed from ``encoding``, one of ``ENCODINGS``; work stops at the bound, whatever is packed in it.

    Raises:
        BeyondLimit: it has more bytes than TRIAGE_MAX_DECOMPRESSED_BYTES.
        Malformed: it isn't what its encoding says, it ends early, or it has more than ``MOST_PARTS`` parts.
    """
    if encoding == "identity":
        _check_size(len(body), limits)
        return body
    if encoding == "br":
        return _unpack_brotli(body, limits)
    pieces: list[bytes] = []
    size, rest = 0, body
    for _ in range(MOST_PARTS):
        stream = zlib.decompressobj(_window_bits(rest, encoding))
        try:
            piece = stream.decompress(rest, limits.decompressed_bytes + 1 - size)
        except zlib.error as error:
            raise Malformed(f"the body is no valid {encoding} data: {error}") from None
        pieces.append(piece)
        size += len(piece)
        _check_size(size, limits)
        if not stream.eof:
            raise Malformed(f"the {encoding} data ends early")
        rest = stream.unused_data.lstrip(b"\0")  # padding after the end is legal (gzip manual, "advanced usage")
        if not rest:
            return b"".join(pieces)
    raise Malformed(f"the body has more than {MOST_PARTS:,} compressed parts")


def _unpack_brotli(body: bytes, limits: Limits) -> bytes:
    stream = brotli.Decompressor()
    pieces: list[bytes] = []
    size, rest = 0, body
    try:
        while not stream.is_finished():
            piece = stream.process(rest, output_buffer_limit=limits.decompressed_bytes + 1 - size)
            if not piece and not rest:
                raise Malformed("the br data ends early")
            pieces.append(piece)
            size, rest = size + len(piece), b""
            _check_size(size, limits)
    except brotli.error as error:
        raise Malformed(f"the body is no valid br data: {error}") from None
    return b"".join(pieces)


def _check_size(size: int, limits: Limits) -> None:
    if size > limits.decompressed_bytes:
        raise BeyondLimit(
            "TRIAGE_MAX_DECOMPRESSED_BYTES", limits.decompressed_bytes, "the body is larger when decompressed"
        )


def _window_bits(data: bytes, encoding: str) -> int:
    """Return zlib's mode. ``deflate`` is zlib's format (RFC 9110, 8.4.1.2); some clients leave out its header."""
    if encoding == "gzip":
        return zlib.MAX_WBITS | 16
    has_header = len(data) >= 2 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
