from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.diagnosis import diagnose
from triage.knowledge import load

PIECES = [
    '{"type":"error","error":{', '"message": "', "\\\\\\", "\\u5206", "\x1b[31m", "req_", "req_011C", "HTTP/1.1 ",
    "Error code: ", "529", "<title>", "event: error\ndata: ", "messages.1.content.", "tool_use ids ", "│", "```", "'",
    "“", "\r\n", "\x00", "API Error",
    "anthropic-ratelimit-requests-remaining: ", "error_code=", "status ", "\ud800", "İ",
    "claude-", "...", "(no body)",
]  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=30)), max_size=40).map("".join))
def test_no_text_crashes_and_every_answer_is_whole(text: str) -> None:
    found = diagnose(text)
    assert found.cause == "unknown" or found.cause in load().causes
    assert 0 <= found.confidence <= 1
    assert all(0 <= s.start <= s.end <= len(text) for c in found.candidates for r in c.reasons for s in r.spans)


@pytest.mark.parametrize("piece", [*PIECES, "a", " ", "\n", "a.", "400 ", "Ab", "a_"])
def test_time_stays_in_proportion_to_the_text_whatever_it_is(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        best = float("inf")
        for _ in range(2):
            begun = time.process_time()
            diagnose(text)
            best = min(best, time.process_time() - begun)
        return best

    small, large = seconds(4_000), seconds(32_000)
    assert large < 30 * small + 0.05  # eight times the text: 64 times the time would be quadratic
