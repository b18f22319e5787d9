"""The client library as programs use it: the real SDK, real HTTP to the stand-in of the API and to a dashboard."""

from __future__ import annotations

import asyncio
import gzip
import json
import queue
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anthropic
import pytest

from triage.client import TriageReporter
from triage.demo.upstream import serve

PATIENCE = 20.0  # seconds; everything here takes milliseconds on a machine that does nothing else
PROMPT: Any = {
    "model": "claude-opus-4-8",
    "max_tokens": 8,
    "messages": [{"role": "user", "content": "a secret prompt"}],
}

Answer = Callable[[list[dict[str, Any]]], tuple[int, dict[str, str], bytes]]


def accept(_: list[dict[str, Any]]) -> tuple[int, dict[str, str], bytes]:
    return 202, {}, b'{"accepted": 1}'


class Dashboard:
    """A server that takes reports as ours does, or answers as it is told to."""

    def __init__(self) -> None:
        self.answer: Answer = accept
        self.attempted: list[list[dict[str, Any]]] = []
        self.accepted: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.arrived = threading.Event()
        self.hangs = False
        self.released = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Listen, at the same port as before."""
        dashboard = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                dashboard.take(self, body)

            def log_message(self, *_: Any) -> None:
                pass

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Go away: connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def take(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        assert handler.path == "/api/v1/attempts"
        reports = [json.loads(line) for line in gzip.decompress(body).split(b"\n")]
        self.attempted.append(reports)
        self.headers.append(dict(handler.headers))
        self.arrived.set()
        if self.hangs:
            self.released.wait(PATIENCE)
            return
        status, headers, text = self.answer(reports)
        if 200 <= status < 300:
            self.accepted += reports
        handler.send_response(status)
        for name, value in {**headers, "content-length": str(len(text))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(text)

    @property
    def failures(self) -> list[dict[str, Any]]:
        return [report for report in self.accepted if report.get("outcome") == "failed"]

    @property
    def counted(self) -> int:
        return sum(report.get("count", 0) for report in self.accepted)

    @property
    def told_as_dropped(self) -> dict[str, int]:
        return {report["reason"]: report["dropped"] for report in self.accepted if "dropped" in report}


@pytest.fixture
def dashboard() -> Iterator[Dashboard]:
    """A dashboard that is up."""
    dashboard = Dashboard()
    yield dashboard
    dashboard.released.set()
    dashboard.close()


@pytest.fixture
def make_reporter(dashboard: Dashboard) -> Iterator[Callable[..., TriageReporter]]:
    """Make a reporter to the dashboard that gathers for a moment only; it ends with the test."""
    made: list[TriageReporter] = []

    def make(**options: Any) -> TriageReporter:
        told = {"service": "checkout", "send_every": 0.01, "timeout": PATIENCE, **options}
        made.append(TriageReporter(told.pop("url", dashboard.url), "tri_made-up", **told))
        return made[-1]

    yield make
    for reporter in made:
        reporter._courier.stop()
    dashboard.released.set()
    for reporter in made:
        reporter._courier.join(PATIENCE)


@pytest.fixture
def reporter(make_reporter: Callable[..., TriageReporter]) -> TriageReporter:
    """A reporter to the dashboard."""
    return make_reporter()


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    """The address of the stand-in of the API, served from a thread of its own."""
    started: queue.SimpleQueue[tuple[str, Callable[[], object]]] = queue.SimpleQueue()

    async def run() -> None:
        over = asyncio.Event()
        async with serve() as base:
            started.put((base, partial(asyncio.get_running_loop().call_soon_threadsafe, over.set)))
            await over.wait()
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()} or {asyncio.ensure_future(asyncio.sleep(0))})
        for _ in range(3):  # a closed transport lets go of its socket some rounds later
            await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    base, end = started.get(timeout=PATIENCE)
    yield base
    end()
    thread.join(PATIENCE)


def sync_client(upstream: str, fault: str, *middleware: Any, **options: Any) -> anthropic.Anthropic:
    told: dict[str, Any] = {"max_retries": 0, "timeout": PATIENCE, **options}
    return anthropic.Anthropic(
        api_key="sk-ant-made-up",
        base_url=f"{upstream}/s/{fault}",
        middleware=middleware,
        open_telemetry=False,
        **told,
    )


def async_client(upstream: str, fault: str, *middleware: Any, **options: Any) -> anthropic.AsyncAnthropic:
    told: dict[str, Any] = {"max_retries": 0, "timeout": PATIENCE, **options}
    return anthropic.AsyncAnthropic(
        api_key="sk-ant-made-up",
        base_url=f"{upstream}/s/{fault}",
        middleware=middleware,
        open_telemetry=False,
        **told,
    )


@pytest.fixture(autouse=True)
def quiet_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK's own retries wait for nothing: their pauses are its business, not what is tested."""
    monkeypatch.setattr("anthropic._base_client.INITIAL_RETRY_DELAY", 0.0)
