"""What can't be known offline is said, and only where it matters."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.checker.broken_requests import raw_image
from tests.checker.valid_requests import EPHEMERAL, SIGNATURE, conversation, png, request, text
from triage.checker import check

TODAY = dt.date(2026, 11, 21)


def topics(body, **more):
    return {unknown.topic: unknown.text for unknown in check(body, today=TODAY, **more).cannot_know}


def test_credentials_money_server_and_content_are_never_known():
    assert {"credential", "money_and_limits", "server", "content", "tokens"} == set(topics(request()))


@pytest.mark.parametrize(
    ("body", "topic", "words"),
    [
        (
            conversation(
                ("user", "a"),
                ("assistant", [{"type": "thinking", "thinking": "", "signature": SIGNATURE}, text()]),
                ("user", "b"),
                model="claude-opus-5-5",
            ),
            "signatures",
            "unchanged",
        ),
        (request(content=[{"type": "image", "source": {"type": "file", "file_id": "file_1"}}]), "files", "exist"),
        (request(context_management={"edits": []}), "beta_headers", "`context_management`"),
        (
            request(thinking={"type": "adaptive", "block_binding": {}}),
            "beta_headers",
            "thinking.adaptive.block_binding",
        ),
        (request(system=[text(cache_control=EPHEMERAL | {"scope": "global"})]), "beta_headers", "`scope`"),
        (request("claude-haiku-4-5", temperature=0.5), "version_header", "`temperature`"),
        (request(thread={"type": "continue", "previous_message_id": "msg_1"}), "thread", "still stored"),
        (request("claude-fable-5-2"), "model", "context window"),
        (request("claude-sonnet-4-5"), "retirement", "2026-11-30"),
        (
            {"anthropic_version": "vertex-2023-10-16", "max_tokens": 1, "messages": request()["messages"]},
            "model",
            "address",
        ),
    ],
)
def test_what_a_part_leaves_open_is_said(body, topic, words):
    result = check(body, today=TODAY)
    assert result.clean
    assert words in topics(body)[topic]


def test_the_number_of_tokens_is_called_rough_and_compared_with_the_window():
    assert "Roughly 1,00" in topics(request("claude-haiku-4-5", content="word " * 800))["tokens"]
    assert "200,000" in topics(request("claude-haiku-4-5"))["tokens"]


def test_base64_is_not_counted_as_text():
    large = raw_image(png() + b"\0" * 100_000)
    assert "Roughly 6 " in topics(request(content=[large, text("What is it?")]))["tokens"]


def test_a_batch_says_each_open_point_once():
    items = [{"custom_id": str(number), "params": request()} for number in range(3)]
    result = check({"requests": items}, today=TODAY)
    names = [unknown.topic for unknown in result.cannot_know]
    assert len(names) == len(set(names))
    assert "tokens" not in names
