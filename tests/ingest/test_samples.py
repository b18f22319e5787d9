"""What real clients exported, replayed: each call is one request, whatever it was told by and however often."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db.models import Sum

from tests.ingest.conftest import Client
from triage.models import Attempt, DropCount, HourCount, Issue, MinuteCount, Request, Source

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.body"))
CLAUDE, PYTHON, TYPESCRIPT = "claude-code/2.1.197", "anthropic-python/2.12.0", "anthropic-typescript/1.12.0"
LOGFIRE = "logfire/5.2.0"

# client, scenario of the file's name -> outcome, attempts, failures, status, type, cause, category
EXPECTED = Counter(
    {
        # Claude Code, events alone. A success after a 529 and one after a broken stream tell nothing of the failure.
        (CLAUDE, "succeeded", 1, 0, None, "", "", ""): 4 + 1,  # ok, 529_then_ok, sse_overloaded, ok; one with a span
        (CLAUDE, "failed", 2, 2, 529, "", "overloaded", "server"): 3,  # two with events alone, one with a span
        (CLAUDE, "failed", 2, 2, 429, "", "rate_limit_input_tokens", "client"): 1,
        (CLAUDE, "failed", 2, 2, 502, "", "bad_gateway", "server"): 1,
        (CLAUDE, "failed", 2, 2, None, "", "connection_error_unspecified", "network"): 2,
        (CLAUDE, "failed", 1, 1, 401, "", "api_key_invalid", "client"): 2,  # one with events alone, one with a span
        (CLAUDE, "failed", 1, 1, 400, "", "credit_balance_too_low", "billing"): 1,
        (CLAUDE, "failed", 1, 1, 404, "", "model_not_found", "client"): 1,
        # Its span names the failure that the event keeps silent about.
        (CLAUDE, "rescued", 2, 1, None, "", "not_reported", "other"): 1,
        # The SDKs' own spans: no message, so type and status have to decide, or the cause stays open. Some were told by
        # OpenLLMetry, OpenInference or Logfire as well, three successes, two failures of a kind and the 401.
        (PYTHON, "succeeded", 1, 0, None, "", "", ""): 2 + 3,
        (PYTHON, "failed", 1, 1, 529, "overloaded_error", "overloaded", "server"): 1 + 2,
        (PYTHON, "failed", 1, 1, 401, "authentication_error", "api_key_invalid", "client"): 1,
        (PYTHON, "failed", 3, 3, 529, "overloaded_error", "overloaded", "server"): 1,
        (PYTHON, "failed", 1, 1, 429, "rate_limit_error", "rate_limit_unspecified", "client"): 1,
        (PYTHON, "failed", 1, 1, 400, "invalid_request_error", "unknown", "client"): 1,
        (PYTHON, "failed", 1, 1, 200, "overloaded_error", "stream_error_midway", "server"): 1,
        (PYTHON, "failed", 1, 1, None, "connection_error", "connection_error_unspecified", "network"): 1,
        # Logfire alone, whose span keeps the SDK's from being made.
        (LOGFIRE, "succeeded", 1, 0, None, "", "", ""): 1,
        (LOGFIRE, "failed", 1, 1, 529, "overloaded_error", "overloaded", "server"): 1,
        (TYPESCRIPT, "succeeded", 1, 0, None, "", "", ""): 1,
        (TYPESCRIPT, "failed", 1, 1, 529, "overloaded_error", "overloaded", "server"): 1,
        (TYPESCRIPT, "failed", 3, 3, 529, "overloaded_error", "overloaded", "server"): 1,
    }
)
TOTALS = {"attempts": 48, "failures": 35, "requests": 36, "failed_requests": 23, "rescued_requests": 1}


def send(client: Client, sample: Path, *, chunks: int = 1, packed: bool = False) -> None:
    signal = sample.stem.rpartition("-")[2]
    kind = "application/json" if "-json-" in sample.name else "application/x-protobuf"
    body = gzip.compress(sample.read_bytes()) if packed else sample.read_bytes()
    headers = {"content-encoding": "gzip"} if packed else {}
    answer = client.post(f"/otlp/v1/{signal}", body, content_type=kind, chunks=chunks, headers=headers)
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert answer.body == (b"{}" if kind == "application/json" else b"")


def check_everything() -> None:
    stored = Counter(
        Request.objects.values_list(
            "client", "outcome", "attempts_made", "failures", "http_status", "error_type", "cause", "category"
        )
    )
    assert stored == EXPECTED
    for table in (MinuteCount, HourCount):
        sums = table.objects.aggregate(**{f"{name}_": Sum(name) for name in TOTALS})
        assert {name.rstrip("_"): value for name, value in sums.items()} == TOTALS
        assert not table.objects.filter(attempts__lt=0).exists()
    assert Source.objects.aggregate(Sum("attempts"), Sum("failures")) == {"attempts__sum": 48, "failures__sum": 35}
    # Each failed request has one described failure; the rescued one has its success, since that is what is known.
    assert Attempt.objects.filter(failed=True).count() == 23
    assert Attempt.objects.filter(failed=False).count() == 1
    assert sum(Issue.objects.values_list("failures", flat=True)) == 23
    assert not DropCount.objects.exists()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("chunks", [1, 7], ids=["whole", "chunked"])
def test_every_sample_is_counted_right_in_every_framing(
    client: Client, digest: Callable[[], int], chunks: int, packed: bool
) -> None:
    for sample in SAMPLES:
        send(client, sample, chunks=chunks, packed=packed)
    assert digest() == len(SAMPLES)
    check_everything()


@pytest.mark.parametrize("seed", range(3))
def test_order_repetition_and_batches_make_no_difference(client: Client, digest: Callable[[], int], seed: int) -> None:
    shuffled = random.Random(seed)
    sent = SAMPLES * 2
    shuffled.shuffle(sent)
    for sample in sent:
        send(client, sample)
        if shuffled.random() < 0.2:
            digest()
    digest()
    check_everything()


def test_a_request_of_every_client_carries_its_dimensions(client: Client, digest: Callable[[], int]) -> None:
    for sample in SAMPLES:
        send(client, sample)
    digest()
    claude = Request.objects.get(client=CLAUDE, outcome="rescued")
    assert (claude.service, claude.team, claude.environment) == ("claude-code", "platform", "staging")
    assert (claude.model, claude.long_context) == ("claude-opus-4-8", True)
    assert (claude.input_tokens, claude.output_tokens) == (12, 9)
    assert claude.session_id
    assert claude.trace_id
    stream = Request.objects.get(cause="stream_error_midway")
    assert (stream.service, stream.model, stream.streamed) == ("chat-worker", "claude-opus-4-8", True)
    assert stream.api_request_id.startswith("req_")
    assert Issue.objects.filter(cause="overloaded").count() == 1  # a type that isn't told doesn't make another kind
    assert set(Source.objects.filter(client=CLAUDE).values_list("signal", flat=True)) == {"logs", "traces", "metrics"}


def test_what_is_kept_of_a_sample_holds_no_prompt(client: Client, digest: Callable[[], int]) -> None:
    for sample in SAMPLES:
        send(client, sample)
    digest()
    bodies = [body for body in Attempt.objects.values_list("body", flat=True) if body]
    assert bodies
    assert not any('"prompt"' in body or '"response"' in body for body in bodies)
