"""The whole path: the real SDK calls a stand-in of the API, its own spans reach a real server, and scripts see it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.dashboard.running import Server
from tests.whole.calling import SEEN_WITHIN, ask, call, fail, manage, seen


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server."""
    server = Server(tmp_path_factory.mktemp("whole"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    """A key of a new project, made as a script would make it."""
    return manage(server.home, "ingest_key", "checkout")


@pytest.mark.parametrize(
    ("fault", "stream", "cause", "category"),
    [
        ("529", False, "overloaded", "server"),
        ("sse_overloaded", True, "stream_error_midway", "server"),
        ("429_spend_cap", False, None, "client"),
        ("500", False, "internal_server_error", "server"),
    ],
)
def test_a_failed_call_is_findable_by_its_request_id_at_once(
    server: Server, key: str, fault: str, stream: bool, cause: str | None, category: str
) -> None:
    found = seen(server, key, fail(server, key, fault, stream=stream))
    assert found["category"] == category
    assert found["outcome"] == "failed"
    if cause:
        assert found["cause"] == cause


def test_a_401_says_that_the_credential_was_refused(server: Server, key: str) -> None:
    found = seen(server, key, fail(server, key, "401"))
    assert (found["http_status"], found["error_type"], found["category"]) == (401, "authentication_error", "client")


def test_a_400_whose_message_no_span_tells_is_not_guessed_at(server: Server, key: str) -> None:
    found = seen(server, key, fail(server, key, "400_credit"))
    assert (found["cause"], found["error_type"]) == ("unknown", "invalid_request_error")


def test_a_rescued_call_counts_as_rescued_and_not_as_failed(server: Server, key: str) -> None:
    before = ask(server, key, "rates?window=1h")["totals"]
    call(server, key, "529_then_ok", retries=1)
    deadline = time.monotonic() + SEEN_WITHIN
    while (after := ask(server, key, "rates?window=1h")["totals"])["requests"] == before["requests"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert after["rescued_requests"] - before["rescued_requests"] == 1
    assert after["failed_requests"] == before["failed_requests"]
    assert after["failures"] - before["failures"] == 1


def test_no_prompt_and_no_key_is_written_anywhere(server: Server, key: str) -> None:
    seen(server, key, fail(server, key, "529"))
    written = b"".join(path.read_bytes() for path in server.home.rglob("*") if path.is_file() and not path.is_socket())
    assert b"claude-opus-4-8" in written
    assert b"a secret prompt" not in written
    assert key.encode() not in written
