"""What the receiver answers: our own JSON, what OTLP/HTTP prescribes in the request's encoding, or as Sentry does."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

JSON = "application/json"
PROTOBUF = "application/x-protobuf"

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_RPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 408: 4, 413: 3, 415: 3, 429: 8, 503: 14}
"""``google.rpc.Code`` by HTTP status: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto"""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it is sent."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    async def send(self, send: Send) -> None:
        """Send it over ASGI."""
        headers = [
            (b"content-type", self.content_type.encode()),
            (b"content-length", str(len(self.body)).encode()),
            *((name.encode(), value.encode()) for name, value in self.headers),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def accepted(count: int) -> Answer:
    """Return the answer to reports in our own format that are safe now."""
    return Answer(202, JSON, json.dumps({"accepted": count}).encode())


def exported(content_type: str) -> Answer:
    """Return the answer to an OTLP export that is safe now: an empty ``Export*ServiceResponse``."""
    return Answer(200, content_type, b"" if content_type == PROTOBUF else b"{}")


def refused(status: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return the answer to reports in our own format that are not accepted."""
    return Answer(status, JSON, json.dumps({"error": message}).encode(), headers)


def refused_export(status: int, message: str, content_type: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return the answer to an OTLP export that is not accepted: a ``google.rpc.Status``, as OTLP/HTTP prescribes."""
    code = _RPC_CODES.get(status, 2)
    if content_type == PROTOBUF:
        return Answer(status, PROTOBUF, Status(code=code, message=message).SerializeToString(), headers)
    return Answer(status, JSON, json.dumps({"code": code, "message": message}).encode(), headers)


def enveloped(event_id: str) -> Answer:
    """Return the answer to Sentry's envelopes and events that are safe now."""
    return Answer(200, JSON, json.dumps({"id": event_id} if event_id else {}).encode())


def refused_envelope(status: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return the answer to Sentry's envelopes and events that are not accepted.

    Its SDKs wait with everything where ``X-Sentry-Rate-Limits`` names no category:
    https://develop.sentry.dev/sdk/foundations/transport/rate-limiting/
    """
    wait = dict(headers).get("retry-after")
    limits = (("x-sentry-rate-limits", f"{wait}::key"),) if status == 429 and wait else ()
    return Answer(status, JSON, json.dumps({"detail": message}).encode(), (*headers, *limits))
