"""The whole path with our own client: the SDK with its middleware, a real server, and what scripts then see."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from tests.client.conftest import PROMPT, sync_client, upstream
from tests.dashboard.running import Server
from tests.whole.calling import SEEN_WITHIN, ask, manage, seen
from triage.client import TriageReporter, with_policy

__all__ = ["upstream"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server."""
    server = Server(tmp_path_factory.mktemp("client"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    """A key of a new project."""
    return manage(server.home, "ingest_key", "checkout")


@pytest.fixture
def reporter(server: Server, key: str) -> Iterator[TriageReporter]:
    """A reporter with the settings that programs have."""
    reporter = TriageReporter(f"http://127.0.0.1:{server.port}", key, service="checkout")
    yield reporter
    reporter._courier.stop()
    reporter._courier.join(10)


def totals(server: Server, key: str) -> dict[str, Any]:
    return ask(server, key, "rates?window=1h")["totals"]


def test_a_failed_call_is_seen_with_its_cause(
    server: Server, key: str, upstream: str, reporter: TriageReporter
) -> None:
    with sync_client(upstream, "400_credit", reporter) as client, pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**PROMPT)
    assert caught.value.request_id is not None
    found = seen(server, key, caught.value.request_id)
    assert (found["outcome"], found["cause"], found["service"]) == ("failed", "credit_balance_too_low", "checkout")


def test_successes_and_rescues_are_counted_once(
    server: Server, key: str, upstream: str, reporter: TriageReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = totals(server, key)
    monkeypatch.setattr("triage.client.policy.sleep", lambda _: None)
    with with_policy(sync_client(upstream, "529_then_ok", reporter)) as client:
        client.messages.create(**PROMPT)
    with sync_client(upstream, "ok", reporter) as client:
        for _ in range(5):
            client.messages.create(**PROMPT)
    deadline = time.monotonic() + SEEN_WITHIN
    while (after := totals(server, key))["requests"] < before["requests"] + 6:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    gained = {name: after[name] - before[name] for name in ("attempts", "failures", "failed_requests")}
    assert gained == {"attempts": 7, "failures": 1, "failed_requests": 0}
    assert after["rescued_requests"] - before["rescued_requests"] == 1
