"""The whole path under calls at once: each is one request with its own cause, though only traces tell them apart."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.dashboard.running import ROOT, Server
from tests.whole.calling import SEEN_WITHIN, ask, manage

TIMES = 6
FAULTS = ("ok", "529_then_ok", "529", "401", "400_credit", "refused", "502_html", "sse_overloaded")
ATTEMPTS = 12  # one round of the faults, with one retry where the SDK makes one
FAILURES = {  # of one round
    "overloaded": 3,
    "api_key_invalid": 1,
    "credit_balance_too_low": 1,
    "connection_error_unspecified": 2,
    "bad_gateway": 2,
    "stream_error_midway": 1,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server."""
    server = Server(tmp_path_factory.mktemp("at-once"))
    yield server
    server.stop()


def test_forty_eight_calls_at_once_are_as_many_requests_each_with_its_cause(server: Server) -> None:
    key = manage(server.home, "ingest_key", "shop")
    dsn = f"http://{key}@127.0.0.1:{server.port}/1"
    program = [sys.executable, "-m", "tests.whole.sentry_at_once", dsn, str(TIMES), *FAULTS]
    subprocess.run(program, cwd=ROOT, capture_output=True, check=True, timeout=60)

    deadline = time.monotonic() + SEEN_WITHIN
    while (totals := ask(server, key, "rates?window=1h")["totals"])["attempts"] < TIMES * ATTEMPTS:
        assert time.monotonic() < deadline, totals
        time.sleep(0.05)
    assert (totals["requests"], totals["attempts"]) == (TIMES * len(FAULTS), TIMES * ATTEMPTS)
    assert (totals["failed_requests"], totals["rescued_requests"]) == (TIMES * 6, TIMES)
    issues = {each["cause"]: each["failures"] for each in ask(server, key, "issues")["issues"]}
    assert issues == {cause: TIMES * failures for cause, failures in FAILURES.items()}
