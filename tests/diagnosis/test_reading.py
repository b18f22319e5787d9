from __future__ import annotations

import pytest

from triage.diagnosis import Diagnosis, diagnose

BODY = (
    '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},'
    '"request_id":"req_011CVabcdefghijkLMNOPQRS"}'
)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("API Error: 529 Overloaded", 529),
        (f"API Error (529 {BODY}) · Retrying in 5 seconds… (attempt 2/10)", 529),
        ("anthropic.BadRequestError: Error code: 400 - {'type': 'error'}", 400),
        (f"529 {BODY}", 529),
        ("HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json", 401),
        ("HTTP/2 413", 413),
        ("request failed with status code 403", 403),
        ("status_code=429 type=rate_limit_error", 429),
        ('{"status": 503, "title": "unavailable"}', 503),
        ("<html><head><title>502 Bad Gateway</title></head>", 502),
        ("OAI compatible error: [400] Bad Request", 400),
        ("Anthropic API error (401 Unauthorized): no", 401),
        ("API请求失败 (400): {", 400),
        ("服务器返回错误码：503", 503),
        ("Fehler 529: bitte später", 529),
        ("API Error: Request rejected (429) · later", 429),
        ("520 status code (no body)", 520),
        ('"POST /v1/messages?beta=true HTTP/1.1" 401 Unauthorized', 401),
    ],
)
def test_a_status_is_read_in_the_forms_that_programs_print(text: str, status: int) -> None:
    assert diagnose(text).http_status == status


@pytest.mark.parametrize(
    "text",
    [
        "Claude Code process exited with code 137",
        'File "client.py", line 429, in request',
        "took 500 ms, 404 tokens",
        "models: claude-opus-4-8, 400 items",
        '"GET /api/conversations/7 HTTP/1.1" 500 Internal Server Error\nMCP error -32000: Connection closed',
        "npm warn port 503",
    ],
)
def test_other_numbers_are_no_statuses(text: str) -> None:
    assert diagnose(text).http_status is None


def test_the_status_beside_the_deciding_words_counts() -> None:
    inner = "Error code: 400 - {'error': {'message': 'prompt is too long: 211474 tokens > 200000 maximum'}}"
    wrapped = 'API Error: 500 {"error":{"message":"' + inner + '"}}'
    assert diagnose(wrapped).http_status == 400


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_type_and_id_are_read_at_any_nesting_depth(depth: int) -> None:
    text = BODY
    for _ in range(depth):
        text = '{"error":"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"}'
    found = diagnose(text)
    assert (found.error_type, found.request_id) == ("overloaded_error", "req_011CVabcdefghijkLMNOPQRS")


def test_an_id_that_a_terminal_broke_is_joined() -> None:
    text = 'API Error: 529 {"type":"error","request_id":"req_011CVabcdefg\n     hijkLMNOPQRS"}'
    assert diagnose(text).request_id == "req_011CVabcdefghijkLMNOPQRS"


def test_a_batch_name_is_no_request_id() -> None:
    assert diagnose('{"id": "batch_req_batch_8ecabfb380cd4602_1"}').request_id is None


def test_the_envelope_decides_about_the_type() -> None:
    inner = '{"type":"error","error":{"details":null,"type":"rate_limit_error","message":"y"}}'
    text = '{"error":{"type":"invalid_request_error","message":"x"}} wraps ' + inner
    assert diagnose(text).error_type == "rate_limit_error"


def test_fields_of_a_log_line_do_not_run_together() -> None:
    found = diagnose(
        "status=429 type=rate_limit_error error_code=ramp_limit_exceeded request_id=req_011CVabcdefghijkLMNOPQRS"
    )
    assert (found.error_type, found.error_code, found.cause) == (
        "rate_limit_error",
        "ramp_limit_exceeded",
        "rate_limit_acceleration",
    )


def test_an_error_code_that_a_terminal_broke_is_read() -> None:
    text = '{"type":"error","error":{"type":"rate_limit_error","details":{"error_code":"ramp_limit\n   _exceeded"}}}'
    assert diagnose(text).cause == "rate_limit_acceleration"


def test_headers_are_read_and_their_waits_are_seconds() -> None:
    found = diagnose("HTTP/2 429\r\nretry-after: 17\r\nanthropic-ratelimit-requests-remaining: 0\r\n")
    assert found.retry_after == 17.0
    assert found.headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert diagnose("HTTP/2 429\nretry-after-ms: 1500\nretry-after: 9").retry_after == 1.5
    assert diagnose("HTTP/2 429\nretry-after: Wed, 21 Oct 2026 07:28:00 GMT").retry_after is None


def test_the_message_is_the_innermost_sentence() -> None:
    text = (
        '{"error":{"message":"{\\"message\\":\\"system.1.cache_control.scope: Extra inputs are not permitted\\"}",'
        '"type":"error"}}'
    )
    assert diagnose(text).message == "system.1.cache_control.scope: Extra inputs are not permitted"


def test_wrappers_client_and_model_are_named() -> None:
    found = diagnose(
        f"litellm.InternalServerError: AnthropicException - b'{BODY}'. Received Model Group=claude-opus-4-8"
    )
    assert "litellm" in found.wrappers
    assert found.model == "claude-opus-4-8"
    assert diagnose(f"API Error: 529 {BODY}").client == "claude-code"


def test_a_very_long_text_says_that_it_was_cut() -> None:
    found: Diagnosis = diagnose("padding line\n" * 40_000 + f"API Error: 529 {BODY}")
    assert found.truncated
    assert found.cause == "overloaded"
    assert any("very long" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Server error '529 ' for url 'https://api.anthropic.com/v1/messages'", 529),
        ("Access forbidden (403): OAuth token has been revoked", 403),
        ("Getting (429 Too many tokens, please wait before trying again.) in every request", 429),
        ("Bad request - please check your parameters\nmessages.1.content.0.type: Expected thinking", 400),
        ("The service is receiving too many requests from you", 429),
    ],
)
def test_a_status_is_read_from_the_ways_in_which_programs_say_it(text: str, status: int) -> None:
    assert diagnose(text).http_status == status


def test_a_sentence_that_stands_for_a_status_yields_to_a_number() -> None:
    text = "Bad request - please check your parameters\nError code: 422 - {'type': 'error'}"
    assert diagnose(text).http_status == 422
