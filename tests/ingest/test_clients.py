"""Clients at work against the stand-in, replayed: each call is one request that ended as its scenario says.

The samples under ``scenarios`` were exported by the real libraries; their names tell the client, how it called and what
the stand-in answered. ``x3`` stands for three tries that all failed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.ingest.conftest import Client
from triage.actions.projects import create_project
from triage.models import Attempt, DropCount, IngestKey, Request

SAMPLES = sorted((Path(__file__).parent / "samples" / "scenarios").glob("*.body"))


def call_of(sample: Path) -> str:
    return sample.stem.rpartition("-")[0]


CALLS = sorted({call_of(sample) for sample in SAMPLES})
APP = "span of no known client: app"  # the program's own span around its call

SUCCEEDED = ("succeeded", 1, 0, None, "", "")
RESCUED = ("rescued", 2, 1, None, "", "not_reported")
OVERLOADED = ("failed", 1, 1, 529, "overloaded_error", "overloaded")
BROKEN_STREAM = ("failed", 1, 1, 200, "overloaded_error", "stream_error_midway")
NOT_THE_API = ("failed", 1, 1, 200, "", "response_not_json")

# outcome, attempts, failures, status, type, cause: with the SDK's own span beside, which most clients leave alone
EXPECTED: dict[str, Any] = {
    "create-ok": SUCCEEDED,
    "create-529": OVERLOADED,
    "create-529x3": ("failed", 3, 3, 529, "overloaded_error", "overloaded"),
    "create-529_then_ok": RESCUED,
    "create-429_spend_cap": ("failed", 1, 1, 429, "rate_limit_error", "tier_spend_cap_reached"),
    "create-400_tool_use": ("failed", 1, 1, 400, "invalid_request_error", "tool_use_without_result"),
    "create-502_html": ("failed", 1, 1, 502, "", "bad_gateway"),
    "create-504": ("failed", 1, 1, 504, "timeout_error", "gateway_timeout"),
    "create-html_200": NOT_THE_API,
    "create-refused": ("failed", 1, 1, None, "connection_error", "connection_refused"),
    "create-hang": ("failed", 1, 1, None, "client_timeout_error", "read_timeout"),
    "parent-529": OVERLOADED,
    "stream-ok": SUCCEEDED,
    "stream-529": OVERLOADED,
    "stream-sse_overloaded": BROKEN_STREAM,
    "astream-sse_overloaded": BROKEN_STREAM,
    "stream-sse_cut": ("failed", 1, 1, 200, "connection_error", "connection_closed_midway"),
    "stream-html_200": NOT_THE_API,
}
LESS_IS_TOLD: dict[str, Any] = {
    # The SDK's span alone has no words.
    "native-create-429_spend_cap": ("failed", 1, 1, 429, "rate_limit_error", "rate_limit_unspecified"),
    # The conventions' instrumentation tells no traceback.
    "genai-create-refused": ("failed", 1, 1, None, "connection_error", "connection_error_unspecified"),
    # Logfire silences the SDK's span around ``create``, and sees neither tries nor what kind of answer it was.
    "logfire-create-529x3": OVERLOADED,
    "logfire-create-529_then_ok": SUCCEEDED,
    "logfire-create-html_200": SUCCEEDED,
    "logfire-create-refused": ("failed", 1, 1, None, "", "connection_refused"),
    "logfire-create-hang": ("failed", 1, 1, None, "", "read_timeout"),
    # The Vercel AI SDK tells the API's sentence and nothing else, but of every try.
    "vercel-generate-ok": SUCCEEDED,
    "vercel-generate-529": ("failed", 1, 1, None, "", "overloaded"),
    "vercel-generate-529x3": ("failed", 3, 3, None, "", "overloaded"),
    "vercel-generate-529_then_ok": ("rescued", 2, 1, None, "", "overloaded"),
    "vercel-generate-400_credit": ("failed", 1, 1, None, "", "credit_balance_too_low"),
    "vercel-generate-502_html": ("failed", 1, 1, None, "", "unknown"),
    "vercel-generate-html_200": ("failed", 1, 1, None, "", "response_not_json"),
    "vercel-generate-refused": ("failed", 1, 1, None, "", "connection_refused"),
    "vercel-stream-529": ("failed", 1, 1, None, "", "overloaded"),
    "vercel-stream-529_then_ok": ("rescued", 2, 1, None, "", "overloaded"),
    "vercel-stream-sse_overloaded": ("failed", 1, 1, 200, "", "unknown"),
    "vercel-stream-html_200": ("failed", 1, 1, 200, "", "unknown"),
}


def expected(call: str) -> Any:
    return LESS_IS_TOLD.get(call) or EXPECTED[call.partition("-")[2]]


def send(client: Client, sample: Path) -> None:
    signal = sample.stem.rpartition("-")[2]
    answer = client.post(f"/otlp/v1/{signal}", sample.read_bytes(), content_type="application/x-protobuf")
    assert answer.status == 200


def stored() -> list[tuple[str, Any]]:
    fields = ("outcome", "attempts_made", "failures", "http_status", "error_type", "cause")
    return [(name, tuple(told)) for name, *told in Request.objects.values_list("project__name", *fields)]


def test_a_call_is_one_request_and_ended_as_its_scenario_says(
    client: Client, digest: Callable[[], int], alice: User
) -> None:
    keys = {call: IngestKey.issue(create_project(call, alice), "for tests")[1] for call in CALLS}
    for sample in SAMPLES:
        send(Client(keys[call_of(sample)], client.receiver), sample)
    digest()
    assert sorted(stored()) == [(call, expected(call)) for call in CALLS]
    kept = "".join(Attempt.objects.values_list("body", flat=True))
    assert "ai.model.id" in kept
    assert not [name for name in ("ai.prompt", "input.value", "pydantic_ai.all_messages") if name in kept]


@pytest.mark.parametrize("seed", range(2))
def test_calls_one_after_the_other_stay_apart_in_any_order_and_repeatedly(
    client: Client, digest: Callable[[], int], seed: int
) -> None:
    shuffled = random.Random(seed)
    sent = SAMPLES * 2
    shuffled.shuffle(sent)
    for sample in sent:
        send(client, sample)
        if shuffled.random() < 0.1:
            digest()
    digest()
    assert Counter(told for _, told in stored()) == Counter(expected(call) for call in CALLS)
    assert set(DropCount.objects.values_list("reason", flat=True)) == {APP}
