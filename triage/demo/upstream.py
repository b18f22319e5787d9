"""A stand-in for the Claude API on loopback that fails on demand.

It speaks HTTP/1.1 through h11 and owns the socket, so that it can do what no web framework lets one do: reset a
connection, fall silent, cut a stream in the middle, or answer with bytes that aren't HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import secrets
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import h11

from triage.demo.faults import FAULTS, NEXT_MINUTE_PLACEHOLDER, REQUEST_ID_PLACEHOLDER, Fault

MODELS = ("claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5")
_CREDENTIALS = {"authorization", "x-api-key"}
_MAX_BODY = 32 * 1024 * 1024  # bytes; what the API itself takes for messages
_HANG = 3600.0  # seconds; longer than any client waits
_READ_SIZE = 65536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, for 0 s: closing sends RST instead of FIN


@dataclass(frozen=True)
class Call:
    """One request as the stand-in read it."""

    fault: Fault
    path: str
    model: str
    stream: bool
    retry_count: int
    request_id: str


@contextlib.asynccontextmanager
async def serve(host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve the stand-in for the length of the context; yields its base address, ``http://127.0.0.1:PORT``.

    ``port`` 0 takes a free one. With ``tls`` it speaks HTTPS with that certificate, good or bad.

    Raises:
        OSError: the port is taken.
    """
    connections: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_connection(reader, writer))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_server(accept, host, port, ssl=tls)
    bound = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://{host}:{bound}"
    finally:
        server.close()
        for task in tuple(connections):
            task.cancel()


async def _connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = h11.Connection(h11.SERVER)
    with contextlib.suppress(ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
        while True:
            read = await _read_request(connection, reader)
            if read is None:
                break
            request, body = read
            await _answer(connection, writer, _understand(request, body))
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                break
            connection.start_next_cycle()
    writer.close()


async def _read_request(connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes] | None:
    request: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_READ_SIZE))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data) and len(body) + len(event.data) <= _MAX_BODY:
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, bytes(body)
        else:
            return None


def _understand(request: h11.Request, body: bytes) -> Call:
    parts = request.target.decode("ascii", "replace").split("?")[0].split("/")
    name = parts[2] if len(parts) > 2 and parts[1] == "s" else "ok"
    fault = FAULTS.get(name) or Fault(404, json.dumps({"error": f"no fault is called {name}"}))
    headers = {key.decode("ascii").lower(): value.decode("latin-1") for key, value in request.headers}
    retry_count = int(headers.get("x-stainless-retry-count", "0"))
    if fault.first_tries is not None and retry_count >= fault.first_tries:
        fault = FAULTS["ok"]
    if fault.behaviour == "succeed" and not headers.keys() & _CREDENTIALS:
        fault = FAULTS["401"]
    try:
        asked = json.loads(body) if body else {}
    except ValueError:
        asked = {}
    path = "/" + "/".join(parts[3:] if name in parts[1:3] else parts[1:])
    request_id = "req_011C" + secrets.token_hex(10)
    return Call(fault, path, str(asked.get("model", MODELS[0])), bool(asked.get("stream")), retry_count, request_id)


async def _answer(connection: h11.Connection, writer: asyncio.StreamWriter, call: Call) -> None:
    behaviour = call.fault.behaviour
    await asyncio.sleep(call.fault.delay)
    if behaviour == "reset":
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        writer.transport.abort()
        raise ConnectionResetError
    if behaviour == "hang":
        await asyncio.sleep(_HANG)
    elif behaviour == "garbage":
        writer.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        await writer.drain()
        raise ConnectionResetError
    elif behaviour in ("event_error", "cut_stream"):
        await _broken_stream(connection, writer, call)
    elif behaviour == "succeed" and not _knows_model(call):
        missing = {"type": "not_found_error", "message": f"model: {_model_in(call.path)}"}
        answer = json.dumps({"type": "error", "error": missing, "request_id": call.request_id}).encode()
        told = [("content-type", "application/json"), ("request-id", call.request_id)]
        await _send(connection, writer, 404, told, answer)
    elif behaviour == "succeed":
        await _success(connection, writer, call)
    else:
        fault = call.fault
        body = fault.body.replace(REQUEST_ID_PLACEHOLDER, call.request_id).encode()
        from_api = fault.content_type == "application/json" and bool(fault.body)
        extra = [("request-id", call.request_id)] if from_api else [("cf-ray", secrets.token_hex(8) + "-FRA")]
        limits = [
            (name, value.replace(NEXT_MINUTE_PLACEHOLDER, _next_minute())) for name, value in fault.headers.items()
        ]
        headers = [("content-type", fault.content_type), *extra, *limits]
        await _send(connection, writer, fault.status, headers, body)


def _next_minute() -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _success(connection: h11.Connection, writer: asyncio.StreamWriter, call: Call) -> None:
    headers = [("request-id", call.request_id), ("anthropic-organization-id", "demo-organization")]
    if call.path.endswith("/models"):
        page = {
            "data": [_model(name) for name in MODELS],
            "has_more": False,
            "first_id": MODELS[0],
            "last_id": MODELS[-1],
        }
        await _send(
            connection, writer, 200, [("content-type", "application/json"), *headers], json.dumps(page).encode()
        )
    elif model := _model_in(call.path):
        entry = json.dumps(_model(model)).encode()
        await _send(connection, writer, 200, [("content-type", "application/json"), *headers], entry)
    elif call.stream:
        frames = [*_opening(call), *_closing()]
        await _send(connection, writer, 200, [("content-type", "text/event-stream"), *headers], b"".join(frames))
    else:
        body = json.dumps(
            {**_message(call), "stop_reason": "end_turn", "content": [{"type": "text", "text": "Hello."}]}
        )
        await _send(connection, writer, 200, [("content-type", "application/json"), *headers], body.encode())


def _model_in(path: str) -> str:
    """Return the model whose entry ``path`` names (``/v1/models/<model>``); empty where it names none."""
    return path.rpartition("/")[2] if "/models/" in path else ""


def _knows_model(call: Call) -> bool:
    return not _model_in(call.path) or _model_in(call.path) in MODELS


def _model(name: str) -> dict[str, str]:
    return {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}


async def _broken_stream(connection: h11.Connection, writer: asyncio.StreamWriter, call: Call) -> None:
    head = h11.Response(
        status_code=200,
        headers=[
            ("content-type", "text/event-stream"),
            ("request-id", call.request_id),
            ("transfer-encoding", "chunked"),
        ],
    )
    writer.write(connection.send(head) or b"")
    for frame in _opening(call):
        writer.write(connection.send(h11.Data(frame)) or b"")
    if call.fault.behaviour == "cut_stream":
        await writer.drain()
        writer.transport.abort()
        raise ConnectionResetError
    error = {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "Overloaded"},
        "request_id": call.request_id,
    }
    writer.write(connection.send(h11.Data(_frame("error", error))) or b"")
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()


async def _send(
    connection: h11.Connection,
    writer: asyncio.StreamWriter,
    status: int,
    headers: Sequence[tuple[str, str]],
    body: bytes,
) -> None:
    head = h11.Response(status_code=status, headers=[*headers, ("content-length", str(len(body)))])
    for event in (head, h11.Data(body), h11.EndOfMessage()):
        writer.write(connection.send(event) or b"")
    await writer.drain()


def _message(call: Call) -> dict[str, object]:
    return {
        "id": "msg_01" + secrets.token_hex(11),
        "type": "message",
        "role": "assistant",
        "model": call.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 12 + secrets.randbelow(4000), "output_tokens": 1 + secrets.randbelow(800)},
    }


def _opening(call: Call) -> list[bytes]:
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}}
    return [
        _frame("message_start", {"type": "message_start", "message": _message(call)}),
        _frame("content_block_start", block),
        _frame("content_block_delta", delta),
    ]


def _closing() -> list[bytes]:
    delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}}
    return [
        _frame("content_block_stop", {"type": "content_block_stop", "index": 0}),
        _frame("message_delta", {**delta, "usage": {"output_tokens": 7}}),
        _frame("message_stop", {"type": "message_stop"}),
    ]


def _frame(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
