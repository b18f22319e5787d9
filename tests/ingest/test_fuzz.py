"""No body gives a 5xx, and no 2xx is lost: what was accepted is counted, dropped with a reason, or told before."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import redis
from django.db.models import Sum
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.ingest.conftest import Client
from tests.ingest.test_samples import SAMPLES
from triage.ingest.digest import digest_waiting
from triage.ingest.inbox import ASIDE, STREAM
from triage.models import DropCount, MinuteCount, Request

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = (
    *("id", "call", "at", "outcome", "failed", "attempt", "attempts", "status", "request_id", "error", "exception"),
    *("cause_chain", "retry_after", "headers", "body", "streamed", "duration_ms", "tokens", "model", "user", "client"),
)
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(NAMES, JSON),
        "status": st.integers(100, 599) | JSON,
        "attempt": st.integers(1, 9) | JSON,
        "error": st.fixed_dictionaries({}, optional={"type": JSON, "code": JSON, "message": JSON, "details": JSON}),
        "headers": st.dictionaries(st.text(max_size=9), JSON, max_size=3),
        "tokens": st.fixed_dictionaries({}, optional={"input": JSON, "output": JSON}),
        "at": st.floats(0, 2e9) | st.sampled_from(["2026-11-21T22:00:00Z", "0001-01-01T00:00:00+14:00"]) | JSON,
    },
)
FUZZ = hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def check_nothing_is_lost(valkey: redis.Redis) -> None:
    digest_waiting()
    assert valkey.xlen(STREAM) == 0
    assert valkey.xlen(ASIDE) == 0, valkey.xrange(ASIDE)
    assert not DropCount.objects.filter(reason__startswith="report that").exists()


@FUZZ
@given(reports=st.lists(LIKELY, max_size=4))
def test_any_reports_are_answered_and_none_is_lost(client: Client, valkey: redis.Redis, reports: list[Any]) -> None:
    before = Request.objects.count()
    answer = client.post("/api/v1/attempts", json.dumps(reports).encode())
    assert answer.status in (202, 400)
    check_nothing_is_lost(valkey)
    if answer.status == 202:
        named = [str(each.get("call") or each.get("id") or "") for each in reports]
        fresh = sum(not name for name in named) + (1 if any(named) else 0)
        assert fresh - 1 <= Request.objects.count() - before <= len(reports)
    sums = MinuteCount.objects.aggregate(attempts=Sum("attempts"), requests=Sum("requests"))
    assert (sums["requests"] or 0) == Request.objects.count()
    assert (sums["attempts"] or 0) == sum(Request.objects.values_list("attempts_made", flat=True))


@FUZZ
@given(seed=st.integers(0, 2**32))
def test_any_damage_to_real_bodies_is_answered_and_nothing_is_lost(
    client: Client, valkey: redis.Redis, seed: int
) -> None:
    chance = random.Random(seed)
    sample = chance.choice(SAMPLES)
    body = bytearray(sample.read_bytes())
    for _ in range(chance.randint(1, 12)):
        place = chance.randrange(len(body))
        match chance.randrange(3):
            case 0:
                body[place] = chance.randrange(256)
            case 1:
                del body[place : place + chance.randint(1, 40)]
            case _:
                body[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 9)))
        if not body:
            break
    kind = "application/json" if "-json-" in sample.name else "application/x-protobuf"
    signal = chance.choice(["logs", "traces", "metrics"])
    answer = client.post(f"/otlp/v1/{signal}", bytes(body), content_type=kind, chunks=chance.randint(1, 4))
    assert answer.status in (200, 400, 413)
    check_nothing_is_lost(valkey)


@pytest.mark.parametrize("attributes", [20_000])
def test_a_record_with_a_huge_number_of_attributes_is_digested(
    client: Client, valkey: redis.Redis, attributes: int
) -> None:
    pairs = [{"key": f"k{n}", "value": {"intValue": n}} for n in range(attributes)]
    pairs.append({"key": "error.type", "value": {"stringValue": "overloaded_error"}})
    span = {"name": "anthropic.messages.create", "attributes": pairs, "status": {"code": 2}}
    scope = {"scope": {"name": "com.anthropic.sdk.python"}, "spans": [span]}
    assert client.post("/otlp/v1/traces", {"resourceSpans": [{"scopeSpans": [scope]}]}).status == 200
    check_nothing_is_lost(valkey)
    attempt = Request.objects.get().attempts.get()
    assert attempt.error_type == "overloaded_error"
    assert len(attempt.body) <= 16_000
