"""No finding on what the API takes."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from tests.checker.valid_requests import valid_requests
from triage.checker import check

TODAY = dt.date(2026, 11, 21)
REQUESTS = valid_requests()


def _told(result):
    return result.unreadable, [(finding.cause, finding.path, finding.message) for finding in result.findings]


def test_there_are_more_than_two_hundred_different_ones():
    assert len({json.dumps(request, sort_keys=True) for request in REQUESTS}) > 220


@pytest.mark.parametrize("number", range(len(REQUESTS)))
def test_nothing_is_found_in_a_valid_request(number):
    assert _told(check(REQUESTS[number], today=TODAY)) == (None, [])


def test_nothing_is_found_in_a_batch_of_all_of_them():
    items = [
        {"custom_id": f"item-{number}", "params": {key: value for key, value in request.items() if key != "stream"}}
        for number, request in enumerate(REQUESTS)
    ]
    result = check("\n".join(json.dumps(item) for item in items), today=TODAY)
    assert _told(result) == (None, [])
    assert result.requests == len(items)
    assert result.endpoint == "batches"


TAKEN_BY_COUNT_TOKENS = [
    "cache_control",
    "context_management",
    "mcp_servers",
    "messages",
    "model",
    "output_config",
    "speed",
    "system",
    "thinking",
    "tool_choice",
    "tools",
]


def test_nothing_is_found_where_only_the_tokens_are_counted():
    for request in REQUESTS:
        if "thread" not in request:
            body = {key: value for key, value in request.items() if key in TAKEN_BY_COUNT_TOKENS}
            if body.get("thinking", {}).get("type") != "enabled":
                assert _told(check(body, endpoint="count_tokens", today=TODAY)) == (None, [])


@pytest.mark.parametrize("version", ["bedrock-2023-05-31", "vertex-2023-10-16"])
def test_nothing_is_found_in_the_bodies_of_clouds(version):
    for request in REQUESTS:
        body = {key: value for key, value in request.items() if key not in ("model", "stream", "fallbacks")}
        result = check({"anthropic_version": version, **body}, today=TODAY)
        assert _told(result) == (None, [])
        assert result.endpoint == version.partition("-")[0]
