"""What Sentry's SDKs tell of one call, in several envelopes and kinds, is one request."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.ingest.conftest import Client
from tests.ingest.test_sentry import clock, send
from triage.models import DropCount, Request

__all__ = ["clock"]


@pytest.mark.parametrize(
    ("names", "outcome", "attempts", "failures", "status", "cause"),
    [
        (["python-ok-pii"], "succeeded", 1, 0, None, ""),
        (["python-401-raised", "python-401-spans"], "failed", 1, 1, 401, "api_key_invalid"),
        (["python-529_then_ok"], "rescued", 2, 1, 529, "overloaded"),
        (["node-529_then_ok-spans"], "rescued", 2, 1, 529, "overloaded"),
        (["python-refused-retried-raised", "python-refused-retried-spans"], "failed", 3, 3, None, "connection_refused"),
        (
            ["python-529-wrapped-raised", "python-529-wrapped-spans", "python-529-wrapped-caught"],
            *("failed", 1, 1, 529, "overloaded"),
        ),
        (["python-streamed_spans-529-raised", "python-streamed_spans-529-spans"], "failed", 1, 1, 529, "overloaded"),
        (["node-529-spans", "node-529-session", "node-529-caught"], "failed", 1, 1, 529, "overloaded"),
        (["node-refused-spans", "node-refused-caught"], "failed", 1, 1, None, "connection_error_unspecified"),
        (["python-stream-sse_overloaded-spans"], "failed", 1, 1, 200, None),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_one_call_is_one_request_in_any_order_and_however_often_it_is_told(
    client: Client,
    digest: Callable[[], int],
    names: list[str],
    outcome: str,
    attempts: int,
    failures: int,
    status: int | None,
    cause: str | None,
) -> None:
    told = names * 2
    dice = random.Random(names[0])
    dice.shuffle(told)
    for name in told:
        send(client, name, packed=dice.random() < 0.5)
        if dice.random() < 0.5:
            digest()
    digest()
    request = Request.objects.get()
    assert (request.outcome, request.attempts_made, request.failures) == (outcome, attempts, failures)
    assert (request.http_status, request.service) == (status, "chat-worker")
    assert cause is None or request.cause == cause
    assert request.model == "claude-opus-4-8"
    assert not DropCount.objects.exists()
