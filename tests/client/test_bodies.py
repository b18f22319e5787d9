"""How a stream's end is told from its bytes, wherever they are cut and however they are packed."""

from __future__ import annotations

import gzip
import json
import zlib

import httpx2
import pytest

from triage.client.attempts import Attempt, Before, Reading
from triage.client.bodies import Scanner, WatchedStream, decoder
from triage.client.outbox import Waiting

START = b'event: message_start\ndata: {"type": "message_start"}\n\n'
TEXT = (
    b'event: content_block_delta\ndata: {"delta": {"text": "\\nevent: error\\ndata: {}\\n\\nevent: message_stop"}}\n\n'
)
STOP = b'event: message_stop\ndata: {"type": "message_stop"}\n\n'
ERROR = b'event: error\ndata: {"error": {"type": "overloaded_error", "message": "Overloaded"}}\n\n'


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("body", [START + TEXT + ERROR, ERROR], ids=["midway", "at once"])
def test_an_error_event_is_found_wherever_the_bytes_are_cut(body: bytes, ends: bytes) -> None:
    body = body.replace(b"\n", ends)
    for cut in range(len(body)):
        scanner = Scanner()
        scanner.feed(body[:cut])
        scanner.feed(body[cut:])
        assert json.loads(scanner.error_data())["error"]["type"] == "overloaded_error", cut
        assert not scanner.is_whole


def test_the_last_event_is_found_wherever_the_bytes_are_cut_and_text_is_no_event() -> None:
    for size in (1, 2, 7, 23, 1_000):
        scanner = Scanner()
        for start in range(0, len(START + TEXT), size):
            scanner.feed((START + TEXT)[start : start + size])
        assert (scanner.is_whole, scanner.error) == (False, b"")
        for start in range(0, len(STOP), size):
            scanner.feed(STOP[start : start + size])
        assert (scanner.is_whole, scanner.error) == (True, b"")


def told_of(body: bytes, *, encoding: str = "", size: int = 16) -> list[Waiting | None]:
    """Return what is told of a stream of ``body``, read to its end in chunks of ``size``."""
    told: list[Waiting | None] = []
    headers = {"content-type": "text/event-stream", **({"content-encoding": encoding} if encoding else {})}
    packed = {"gzip": gzip.compress, "deflate": zlib.compress}.get(encoding, bytes)(body)
    chunks = [packed[start : start + size] for start in range(0, len(packed), size)]
    response = httpx2.Response(200, headers=headers)
    attempt = Attempt("c", 1, "m", "/v1/messages", True, Before())
    stream = WatchedStream(httpx2.ByteStream(b""), Reading(attempt, response, lambda _, report: told.append(report)))
    stream._stream = chunks  # type: ignore[assignment]
    assert b"".join(stream) == packed
    return told


@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
def test_packed_streams_are_looked_into(encoding: str) -> None:
    [failure] = told_of(START + ERROR, encoding=encoding)
    assert failure is not None
    assert failure.make()["error"] == {"type": "overloaded_error", "message": "Overloaded"}
    assert told_of(START + STOP, encoding=encoding) == [None]


@pytest.mark.parametrize("body", [b"", START + TEXT], ids=["nothing", "half"])
def test_a_stream_that_ends_without_its_last_event_is_a_failure(body: bytes) -> None:
    [failure] = told_of(body)
    assert failure is not None
    assert "before completion" in failure.make()["error"]


def test_what_can_not_be_unpacked_here_is_taken_for_what_its_status_says() -> None:
    assert decoder("br") is None
    assert told_of(START + ERROR, encoding="br") == [None]
