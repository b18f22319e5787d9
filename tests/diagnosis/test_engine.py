from __future__ import annotations

import json

import pytest

from triage.diagnosis import diagnose


def body(kind: str, message: str) -> str:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}})


def test_nothing_is_claimed_without_evidence() -> None:
    for text in ("", "   ", "undefined", "please help, it does not work", "こんにちは"):
        found = diagnose(text)
        assert (found.cause, found.category, found.confidence, found.retryable) == ("unknown", "other", 0.0, None)
        assert found.questions


def test_a_type_alone_names_the_family_but_no_cause() -> None:
    found = diagnose('{"type":"error","error":{"type":"invalid_request_error"}}')
    assert (found.cause, found.category, found.code) == ("unknown", "client", "400")


def test_a_timeout_is_not_a_plain_connection_error() -> None:
    assert diagnose("anthropic.APITimeoutError: Request timed out.").cause == "read_timeout"
    assert diagnose("anthropic.APIConnectionError: Connection error.").cause == "connection_error_unspecified"


def test_credit_is_billing_though_the_status_is_400() -> None:
    found = diagnose(
        "API Error: 400 " + body("invalid_request_error", "Your credit balance is too low to access the Anthropic API.")
    )
    assert (found.cause, found.category, found.retryable) == ("credit_balance_too_low", "billing", False)


def test_an_unknown_model_is_a_404() -> None:
    found = diagnose("404 " + body("not_found_error", "model: claude-opus-9"))
    assert (found.cause, found.http_status) == ("model_not_found", 404)


def test_an_error_event_inside_a_stream_is_a_failure() -> None:
    frame = "HTTP/2 200\ncontent-type: text/event-stream\n\nevent: error\ndata: " + body(
        "overloaded_error", "Overloaded"
    )
    found = diagnose(frame)
    assert (found.cause, found.retryable) == ("stream_error_midway", True)


def test_error_code_decides_against_status_and_message() -> None:
    text = (
        '429 {"type":"error","error":{"type":"rate_limit_error","message":"Rate limited",'
        '"details":{"error_code":"contract_spend_limit_reached"}}}'
    )
    found = diagnose(text)
    assert (found.cause, found.category) == ("contract_spend_limit_reached", "billing")
    assert found.reasons[0].kind == "error_code"


def test_a_strong_message_stands_against_a_relays_status_and_a_note_says_so() -> None:
    message = "messages.3.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`"
    text = f"API Error: Request rejected (429) · {message}"
    found = diagnose(text)
    assert found.cause == "thinking_block_missing"
    assert any("the message decides" in note for note in found.notes)


def test_the_first_of_two_equal_errors_decides() -> None:
    first = "Error: 400 " + body("invalid_request_error", "messages: text content blocks must be non-empty")
    second = "Error: 400 " + body("invalid_request_error", "messages.7.content.1: tool_use ids must be unique")
    assert diagnose(f"{first}\n{second}").cause == "empty_content"
    assert diagnose(f"{second}\n{first}").cause == "tool_ids_not_unique"


def test_an_answer_decides_over_the_retries_before_it() -> None:
    log = "API Error (Connection error.) · Retrying in 1 seconds… (attempt 1/10)\n" * 3
    assert (
        diagnose(log + "API Error: 401 " + body("authentication_error", "invalid x-api-key")).cause == "api_key_invalid"
    )


def test_the_cause_chain_decides_over_a_bare_connection_error() -> None:
    chain = (
        "httpx.ConnectError: [Errno -2] Name or service not known\n\nanthropic.APIConnectionError: Connection error."
    )
    assert diagnose(chain).cause == "dns_failure"


@pytest.mark.parametrize(
    "text",
    [
        "MCP error -32000: Connection closed",
        "[mcp-search] MCP error -32001: Request timed out",
        "Error: Claude Code process exited with code 1",
        "AttributeError: 'NoneType' object has no attribute 'choices'",
    ],
)
def test_what_is_no_failure_of_the_api_is_not_claimed_as_one(text: str) -> None:
    assert diagnose(text).category == "other"


@pytest.mark.parametrize("status", [403, 502, 503, 504])
def test_an_edges_page_is_not_taken_for_the_apis_answer(status: int) -> None:
    page = f"API Error: {status} <html><head><title>Error</title></head><body><h1>Sorry</h1></body></html>"
    found = diagnose(page)
    assert found.cause in {403: ["blocked_by_network_edge"], 502: ["bad_gateway"], 503: ["service_unavailable"],
                           504: ["gateway_timeout"]}[status]  # fmt: skip


def test_a_class_name_is_no_sentence() -> None:
    found = diagnose("litellm.InternalServerError: AnthropicException - Overloaded")
    assert found.cause == "overloaded"


def test_low_confidence_leaves_questions_and_high_leaves_none() -> None:
    unsure, sure = diagnose("API Error: 403"), diagnose("401 " + body("authentication_error", "invalid x-api-key"))
    assert unsure.questions
    assert not sure.questions
    assert sure.known_answers["answer"] == "client"


def test_the_result_is_json_with_the_keys_of_a_line_first() -> None:
    found = diagnose("529 " + body("overloaded_error", "Overloaded"))
    keys = ["http_status", "error_type", "category", "cause", "retryable", "request_id", "confidence", "alternatives"]
    assert list(json.loads(json.dumps(found.as_dict())))[: len(keys)] == keys
    assert list(found.as_line("7")) == ["id", *keys]


def test_all_findings_are_json_and_point_into_the_paste() -> None:
    text = "\x1b[31mAPI Error: 401\x1b[0m " + body("authentication_error", "messages.1.content.0: invalid x-api-key")
    found = json.loads(json.dumps(diagnose(text + " · try again at 5pm").as_dict()))
    assert [text[slice(*pointer["span"])] for pointer in found["pointers"]] == ["messages.1.content.0"]
    assert text[slice(*found["credential"]["span"])] == "x-api-key"
    assert text[slice(*found["fault"]["spans"][0])] == "authentication_error"
    assert text[slice(*found["errors"][0]["span"])].startswith("401")
    assert found["resets_at"]["text"] == "5pm"


def test_a_message_that_the_paste_cuts_off_is_known_by_its_beginning() -> None:
    cut = "Error code: 400 - {'type': 'error', 'error': {'type': 'invalid_request_error', 'message': 'A maximum"
    assert {one.cause for one in diagnose(cut).candidates[:2]} == {"cache_control_limit", "pdf_too_many_pages"}


def test_what_is_no_failure_of_the_api_may_as_well_be_unknown() -> None:
    line = diagnose("Error: Claude Code process exited with code 1").as_line(1)
    assert "unknown" in [other["cause"] for other in line["alternatives"]]
    assert "unknown" not in [other["cause"] for other in diagnose("529 Overloaded").as_line(1)["alternatives"]]


def test_of_two_errors_in_a_log_status_type_and_id_are_those_of_the_one_that_decides() -> None:
    def line(status: int, kind: str, words: str, request_id: str) -> str:
        body = {"type": "error", "error": {"type": kind, "message": words}, "request_id": request_id}
        return f"10:00:01 ERROR anthropic.APIStatusError: Error code: {status} - {body}\n"

    overloaded = line(529, "overloaded_error", "Overloaded", "req_011CAAAAAAAAAAAAAAAAAAAA")
    no_credit = line(
        400,
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or "
        "purchase credits.",
        "req_011CBBBBBBBBBBBBBBBBBBBB",
    )
    told = {
        "overloaded": (529, "overloaded_error", "req_011CAAAAAAAAAAAAAAAAAAAA", "529"),
        "credit_balance_too_low": (400, "invalid_request_error", "req_011CBBBBBBBBBBBBBBBBBBBB", "400"),
    }
    for text in (overloaded + no_credit, no_credit + overloaded):
        found = diagnose(text)
        assert (found.http_status, found.error_type, found.request_id, found.code) == told[found.cause]
        assert [error.cause for error in found.errors if error.decides] == [found.cause]
        assert len(found.errors) == 2


def test_a_retired_model_is_unknown_to_the_api_and_its_day_and_successor_are_told() -> None:
    found = diagnose("Error code: 404 - " + body("not_found_error", "model: claude-3-opus-20240229"))
    assert [candidate.cause for candidate in found.candidates[:2]] == ["model_not_found", "model_retired"]
    assert "2026-01-05" in found.notes[0]
    assert "claude-opus-4-8" in found.notes[0]


def test_the_model_of_the_message_counts_not_another_one_of_the_text() -> None:
    answer = body("not_found_error", "model: claude-opus-48")
    found = diagnose(f"model=claude-3-opus-20240229 Error code: 404 - {answer}")
    assert found.cause == "model_not_found"
    assert found.notes == ()


def test_a_text_that_says_end_of_life_is_about_a_retired_model() -> None:
    assert diagnose("This model version has reached the end of its life.").cause == "model_retired"


def test_words_mean_what_the_program_that_prints_them_means() -> None:
    words = "429 " + body("rate_limit_error", "This request would exceed your account's rate limit.")
    assert diagnose(f"anthropic.RateLimitError: Error code: {words}").cause == "rate_limit_unspecified"
    for printed in (f"API Error: {words}", f"Error: {words}\n    at generate (/$bunfs/root/claude:867:2295)"):
        assert diagnose(printed).cause == "subscription_limit"


def test_an_error_that_says_nothing_is_not_guessed_at() -> None:
    assert diagnose("HTTP 400 " + body("invalid_request_error", "Error")).cause == "unknown"
