"""A call that turned to another model stands under the one that it asked first, and says which try asked which."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from tests.ingest.conftest import NOW, Client
from triage.models import MinuteCount, Request

FAILED: dict[str, Any] = {
    "call": "c",
    "attempt": 1,
    "at": NOW.timestamp() - 3,
    "status": 529,
    "model": "claude-opus-4-8",
}
RESCUED: dict[str, Any] = {
    "call": "c",
    "attempt": 2,
    "at": NOW.timestamp(),
    "outcome": "succeeded",
    "model": "claude-sonnet-4-6",
    "fallback_from": "claude-opus-4-8",
    "waited_ms": 2000,
    "request_id": "req_rescued",
}


@pytest.mark.parametrize("order", list(itertools.permutations([FAILED, RESCUED])), ids=["in order", "reversed"])
@pytest.mark.parametrize("apart", [False, True])
def test_the_order_of_the_reports_makes_no_difference(
    order: tuple[dict[str, Any], ...], apart: bool, client: Client, digest: Callable[[], int]
) -> None:
    for report in order:
        client.post("/api/v1/attempts", report)
        if apart:
            digest()
    digest()
    request = Request.objects.get()
    assert (request.model, request.outcome, request.attempts_made) == ("claude-opus-4-8", "rescued", 2)
    assert [(each.number, each.model) for each in request.attempts.order_by("number")] == [
        (1, ""),
        (2, "claude-sonnet-4-6"),
    ]
    assert set(MinuteCount.objects.exclude(attempts=0).values_list("model", flat=True)) == {"claude-opus-4-8"}


@pytest.mark.parametrize("reader", ["alice", "bob", "charlie"])
def test_the_requests_page_says_which_model_answered_instead(
    reader: str, client: Client, digest: Callable[[], int], charlie: User
) -> None:
    client.post("/api/v1/attempts", [FAILED, RESCUED])
    digest()
    browser = Browser()
    browser.force_login(User.objects.get(username=reader))
    answer = browser.get(reverse("request", args=["req_rescued"]))
    if reader == "charlie":
        assert "claude-sonnet-4-6" not in answer.content.decode()
    else:
        assert "asked claude-sonnet-4-6 instead" in answer.content.decode()
