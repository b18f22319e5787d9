"""What the reporter adds to a call, in CPU time of the calling thread and of the process."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anthropic
import httpx2

from triage.client import TriageReporter

_CALLS = 100  # of one round
_ROUNDS = 50
_MESSAGE = {
    "id": "msg_01",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-8",
    "content": [{"type": "text", "text": "Hello."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 12, "output_tokens": 7},
}
_PROMPT: Any = {"model": "claude-opus-4-8", "max_tokens": 8, "messages": [{"role": "user", "content": "Hello"}]}
_OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


def measure() -> Iterator[tuple[str, float, float, float]]:
    """Yield for each state of the dashboard: its name, what a bare call costs, what caller and process pay more.

    Microseconds of CPU. The API is a function in this process: nothing but the SDK and the reporter is measured. The
    bare client has no middleware at all, so the SDK's own cost of having one is counted as added.
    """
    logging.getLogger("triage.client").setLevel(logging.CRITICAL)
    for outcome, status, answer in (("success", 200, _MESSAGE), ("failure", 529, _OVERLOADED)):
        for state, dashboard in (("up", _up), ("down", _down), ("hanging", _hanging)):
            with dashboard() as url:
                reporter = TriageReporter(url, "tri_bench")
                yield f"{outcome}, dashboard {state}", *_compare(status, answer, reporter)


def _compare(status: int, answer: dict[str, Any], reporter: TriageReporter) -> tuple[float, float, float]:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(status, json=answer, headers={"request-id": "req_1"}))
    bare, reporting = (
        anthropic.Anthropic(
            api_key="made-up",
            max_retries=0,
            middleware=middleware,
            http_client=anthropic.DefaultHttpxClient(transport=transport),
            open_telemetry=False,
        )
        for middleware in ([], [reporter])
    )
    figures: dict[anthropic.Anthropic, list[tuple[float, float]]] = {bare: [], reporting: []}
    for _ in range(_ROUNDS):
        for client, rounds in figures.items():  # in turns, so that both have the same weather
            rounds.append(_round(client))
    own, own_more = (min(own for own, _ in rounds) for rounds in figures.values())  # a busy machine only adds
    process, process_more = (sum(process for _, process in rounds) / _ROUNDS for rounds in figures.values())
    return own, own_more - own, process_more - process


def _round(client: anthropic.Anthropic) -> tuple[float, float]:
    own, process = time.thread_time(), time.process_time()
    for _ in range(_CALLS):
        with contextlib.suppress(anthropic.APIStatusError):
            client.messages.create(**_PROMPT)
    scale = 1e6 / _CALLS
    return (time.thread_time() - own) * scale, (time.process_time() - process) * scale


class _Accepting(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def _up() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Accepting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def _down() -> Iterator[str]:
    yield "http://127.0.0.1:9"  # the discard port: nothing listens there


@contextlib.contextmanager
def _hanging() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


def main() -> None:
    """Print the figures: the caller's of the quietest round, and the mean of the process's with its sending thread."""
    print("what the reporter adds to a call, CPU-µs:   bare call    caller   process")
    for name, bare, caller, process in measure():
        print(f"  {name:<42}{bare:>9.0f}{caller:>10.1f}{process:>10.1f}")


if __name__ == "__main__":
    main()
