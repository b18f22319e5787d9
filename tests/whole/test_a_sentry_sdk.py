"""The whole path with the real sentry-sdk: only its DSN is changed, and every call is one request with its tries."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.dashboard.running import ROOT, Server
from tests.whole.calling import SEEN_WITHIN, ask, manage, seen

FAULTS = ("ok", "529_then_ok", "529", "401", "refused", "sse_overloaded", "502_html")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server."""
    server = Server(tmp_path_factory.mktemp("sentry"))
    yield server
    server.stop()


def rates(server: Server, key: str, attempts: int) -> dict[str, Any]:
    """Return what is counted, once that many attempts are."""
    deadline = time.monotonic() + SEEN_WITHIN
    while True:
        told: dict[str, Any] = ask(server, key, "rates?window=1h")
        if told["totals"]["attempts"] >= attempts or time.monotonic() > deadline:
            return told
        time.sleep(0.05)


def test_every_call_of_a_program_with_sentry_is_one_request(server: Server) -> None:
    key = manage(server.home, "ingest_key", "shop")
    dsn = f"http://{key}@127.0.0.1:{server.port}/1"
    program = [sys.executable, "-m", "tests.whole.sentry_program", dsn, *FAULTS]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    ids = {told["fault"]: told["request_id"] for told in map(json.loads, done.stdout.splitlines())}

    overloaded = seen(server, key, ids["529"])
    assert (overloaded["cause"], overloaded["http_status"], overloaded["outcome"]) == ("overloaded", 529, "failed")
    rejected = seen(server, key, ids["401"])
    assert (rejected["cause"], rejected["category"]) == ("api_key_invalid", "client")

    tries = {"ok": 1, "529_then_ok": 2, "529": 2, "401": 1, "refused": 2, "sse_overloaded": 1, "502_html": 2}
    told = rates(server, key, sum(tries.values()))
    totals = {name: told["totals"][name] for name in ("attempts", "requests", "failed_requests", "rescued_requests")}
    assert totals == {"attempts": 11, "requests": 7, "failed_requests": 5, "rescued_requests": 1}
    # The asynchronous client says "All connection attempts failed": whether it was refused stands nowhere.
    causes = {each["cause"] for each in ask(server, key, "issues")["issues"]}
    assert causes == {
        "overloaded",
        "api_key_invalid",
        "connection_error_unspecified",
        "stream_error_midway",
        "bad_gateway",
    }
