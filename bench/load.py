"""Reports by the thousand over keep-alive connections, each answer checked."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Iterator

SIZES = {"400-byte": 400, "23-KB": 23_000}
"""Body sizes in bytes: a lean report, and one that carries an edge's whole HTML page."""

_OVERLOADED = {"type": "overloaded_error", "message": "Overloaded"}


def report(size: int) -> bytes:
    """Return one failed attempt in our own JSON, about ``size`` bytes long."""
    body = {
        "id": uuid.uuid4().hex,
        "at": time.time(),
        "service": "bench",
        "team": "bench",
        "model": "claude-opus-4-8",
        "client": "bench/1",
        "request_id": "req_011C" + uuid.uuid4().hex[:20],
        "outcome": "failed",
        "status": 529,
        "error": dict(_OVERLOADED),
    }
    missing = size - len(json.dumps(body))
    if missing > 0:
        body["body"] = "<p>overloaded</p>" * (missing // 17)
    return json.dumps(body).encode()


async def send(port: int, key: str, bodies: list[bytes], connections: int = 32) -> int:
    """Post every body once; return how many were answered 202.

    Raises:
        OSError: the server closed a connection.
    """
    queue = iter(bodies)
    head = (
        f"POST /api/v1/attempts HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {key}\r\n"
        "content-type: application/json\r\ncontent-length: "
    ).encode()
    accepted = await asyncio.gather(*(_one_connection(port, head, queue) for _ in range(connections)))
    return sum(accepted)


async def _one_connection(port: int, head: bytes, queue: Iterator[bytes]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    accepted = 0
    for body in queue:
        writer.write(head + str(len(body)).encode() + b"\r\n\r\n" + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        accepted += answer.startswith(b"HTTP/1.1 202")
        length = next(
            (int(line.split(b":")[1]) for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length:")),
            0,
        )
        await reader.readexactly(length)
    writer.close()
    return accepted
