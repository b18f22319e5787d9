"""The receiver and the digest as tests drive them: real bytes in over ASGI, real Valkey, real rows out."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis

from triage.ingest import inbox
from triage.ingest.app import Receiver
from triage.ingest.digest import digest_waiting
from triage.ingest.limits import Limits

NOW = dt.datetime(2026, 11, 21, 22, 0, 0, tzinfo=dt.UTC)


@dataclass
class Response:
    """What the receiver answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Sends bytes to a receiver as a web server would hand them over."""

    key: str = ""
    receiver: Receiver = field(default_factory=Receiver)

    def post(
        self,
        path: str,
        body: bytes | Any = b"",
        *,
        content_type: str | None = "application/json",
        chunks: int = 1,
        method: str = "POST",
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Send ``body`` (bytes, or anything to be encoded as JSON) in so many chunks."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = {"authorization": f"Bearer {self.key}"} if self.key else {}
        if content_type is not None:
            told["content-type"] = content_type
        if chunks == 1:
            told["content-length"] = str(len(raw))
        size = max(1, -(-len(raw) // chunks))
        parts = [raw[start : start + size] for start in range(0, len(raw), size)] or [b""]
        messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        messages[-1]["more_body"] = False
        return asyncio.run(self.call(path, method, {**told, **(headers or {})}, messages))

    async def call(self, path: str, method: str, headers: dict[str, str], messages: list[dict[str, Any]]) -> Response:
        """Run the application on these ASGI messages; a client that sends no more has gone."""
        sent: list[dict[str, Any]] = []
        waiting = iter(messages)

        async def receive() -> dict[str, Any]:
            return next(waiting, {"type": "http.disconnect"})

        async def send(message: Any) -> None:
            sent.append(message)

        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
        try:
            await self.receiver(scope, receive, send)
        finally:
            await self.receiver.close()
        if not sent:
            return Response(0, {}, b"")
        start, *rest = sent
        told = {name.decode(): value.decode() for name, value in start["headers"]}
        return Response(start["status"], told, b"".join(part["body"] for part in rest))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dt.datetime:
    """The time of receipt of everything: the evening on which the samples were recorded."""
    monkeypatch.setattr(inbox, "now", NOW.timestamp)
    return NOW


@pytest.fixture
def client(transactional_db: None, key: str, valkey: redis.Redis, clock: dt.datetime) -> Client:
    """A client with Alice's key."""
    return Client(key)


@pytest.fixture
def client_with(client: Client) -> Callable[..., Client]:
    """A client of a receiver with other limits."""

    def make(**limits: int) -> Client:
        usual = Limits.from_settings()
        values = {name: getattr(usual, name) for name in Limits.__dataclass_fields__}
        return Client(client.key, Receiver(Limits(**{**values, **limits}), client.receiver._keys))

    return make


@pytest.fixture
def digest(client: Client) -> Iterator[Callable[[], int]]:
    """Digest what waits."""
    yield digest_waiting
