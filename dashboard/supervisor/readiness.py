"""Finding out when Valkey and the web server answer, over bare sockets."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlsplit

_PAUSE = 0.05  # seconds between two tries
_ONE_TRY = 5.0  # seconds


async def valkey_answers(socket: str, forget: list[str], patience: float) -> bool:
    """Wait until the Valkey at ``socket`` serves commands, then delete the keys ``forget``; False when it takes longer.

    Signs of life that an earlier run left in the append-only file would say that this run's processes are up.
    """
    commands = b"".join(_command("DEL", key) for key in forget) + _command("PING")
    return await _until(lambda: _valkey_answers_now(socket, commands), patience)


async def web_answers(url: str, patience: float) -> tuple[bool, dict[str, Any]]:
    """Wait until ``url``/healthz answers 200; return whether it did, and the last answer's body."""
    last: dict[str, Any] = {}

    async def healthy() -> bool:
        status, body = await _get(url, "/healthz")
        last.clear()
        last.update(json.loads(body) if body.startswith(b"{") else {})
        return status == 200

    return await _until(healthy, patience), last


async def _until(question: Any, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            if await asyncio.wait_for(question(), _ONE_TRY):
                return True
        except (OSError, ValueError, TimeoutError):
            pass
        await asyncio.sleep(_PAUSE)
    return False


async def _valkey_answers_now(socket: str, commands: bytes) -> bool:
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        writer.write(commands)
        while line := await reader.readline():
            if line.startswith(b"-"):
                return False
            if line == b"+PONG\r\n":
                return True
        return False
    finally:
        writer.close()


def _command(*words: str) -> bytes:
    """Return a command in the protocol's own framing, RESP."""
    parts = [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
    return b"*%d\r\n%s" % (len(parts), b"".join(parts))


async def _get(url: str, path: str) -> tuple[int, bytes]:
    """Return status and body of one GET; the connection is closed by the server."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return int(head.split(maxsplit=2)[1]), body
    except IndexError:
        raise ValueError("no HTTP answer") from None
    finally:
        writer.close()
