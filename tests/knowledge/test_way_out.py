"""The way out of a stuck session: there for whom it has to be, and its code does what it says."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from triage.knowledge import load
from triage.knowledge.schema import Cause

STUCK = (
    "image_invalid",
    "pdf_invalid",
    "thinking_block_modified",
    "thinking_signature_invalid",
    "tool_use_without_result",
    "tool_result_without_use",
    "prompt_too_long",
    "request_too_large",
)
LIMITS = ("subscription_limit", "tier_spend_cap_reached", "spend_limit_reached")
CREDENTIALS = ("api_key_invalid", "oauth_token_expired", "organization_disabled", "bedrock_credentials")
CALL = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}


def _code(slug: str) -> dict[str, Any]:
    """Run the Python lines of a cause's way out where they only define functions, and return what they define."""
    ways = load().causes[slug].way_out
    [code] = [s.code for way in ways if way.client == "python" for s in way.snippets]
    names: dict[str, Any] = {"messages": []}
    exec(code, names)
    return names


@pytest.mark.parametrize("slug", [*STUCK, *LIMITS, *CREDENTIALS])
def test_stuck_sessions_limits_and_credentials_have_a_way_out(slug: str) -> None:
    assert load().causes[slug].way_out


@pytest.mark.parametrize("slug", STUCK)
def test_a_stuck_session_has_a_way_out_of_claude_code_and_of_own_code(slug: str) -> None:
    clients = {way.client for way in load().causes[slug].way_out}
    assert "claude-code" in clients
    assert clients & {"any", "python"}


@pytest.mark.parametrize("slug", LIMITS)
def test_a_limit_says_when_it_ends(slug: str) -> None:
    steps = " ".join(step for way in load().causes[slug].way_out for step in way.steps)
    assert "reset" in steps or "until when" in steps


def test_the_same_client_is_not_named_twice() -> None:
    cause = load().causes["api_key_invalid"]
    twice = cause.model_dump() | {"way_out": [cause.way_out[0].model_dump()] * 2}
    with pytest.raises(ValidationError, match="names a client twice"):
        Cause.model_validate(twice)


def test_media_are_replaced_within_tool_results_too() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    content = [
        image,
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": [image]},
        {"type": "text", "text": "x"},
    ]
    note = {"type": "text", "text": "[attachment removed]"}
    mended = _code("image_invalid")["without_media"](content)
    assert mended == [note, {"type": "tool_result", "tool_use_id": "toolu_1", "content": [note]}, content[2]]
    assert content[0] is image, "the stored conversation is left as it was"


def test_calls_get_their_results_and_results_their_calls() -> None:
    stray = {"type": "tool_result", "tool_use_id": "toolu_9", "content": "old"}
    history = [
        {"role": "user", "content": [stray, {"type": "text", "text": "go"}]},
        {"role": "assistant", "content": [CALL]},
        {"role": "user", "content": "and?"},
    ]
    mended = _code("tool_use_without_result")["pair_up"](history)
    lost = {"type": "tool_result", "is_error": True, "content": "The result was lost.", "tool_use_id": "toolu_1"}
    assert mended[0]["content"] == [{"type": "text", "text": "go"}]
    assert mended[2]["content"] == [lost, {"type": "text", "text": "and?"}]


def test_a_call_at_the_end_is_answered() -> None:
    mended = _code("tool_result_without_use")["pair_up"]([{"role": "assistant", "content": [CALL]}])
    assert mended[-1]["role"] == "user"
    assert mended[-1]["content"][0]["tool_use_id"] == "toolu_1"


def test_a_turn_of_nothing_but_thinking_goes() -> None:
    thought = {"type": "thinking", "thinking": "", "signature": "x"}
    history = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [thought]},
        {"role": "assistant", "content": [thought, CALL]},
    ]
    mended = _code("thinking_signature_invalid")["without_thinking"](history)
    assert mended == [history[0], {"role": "assistant", "content": [CALL]}]
