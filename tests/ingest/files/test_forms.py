"""What each form's lines tell. The lines are those that the programs wrote against the stand-in, shortened."""

from __future__ import annotations

import json
from typing import Any

import pytest

from triage.ingest.files import claude_debug, claude_transcript, error_guide, litellm, our_json
from triage.ingest.files.form import Form, Told
from triage.ingest.files.forms import form_of
from triage.ingest.files.lines import Line
from triage.ingest.limits import Malformed

OVERLOADED = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_011C4168f0"}'
GUIDE = {
    "timestamp": "2026-11-20T10:00:00.123456",
    "category": "rate_limit",
    "status_code": 429,
    "message": "Error code: 429 - {'type': 'error', 'error': {'type': 'rate_limit_error', 'message': 'Slow down'}}",
    "context": {"service": "checkout", "request_id": "req_011Cguide"},
    "request": {"model": "claude-opus-4-8", "max_tokens": 100},
}
PAYLOAD = {
    "id": "p-1",
    "trace_id": "t-1",
    "call_type": "acompletion",
    "status": "failure",
    "custom_llm_provider": "anthropic",
    "startTime": 1795313816.182315,
    "endTime": 1795313816.722409,
    "model": "anthropic/claude-opus-4-8",
    "metadata": {"user_api_key_team_alias": "core"},
    "hidden_params": {"additional_headers": {"request-id": "req_011Ca7f0480e08ff50396441", "retry-after": "7"}},
    "error_str": f"litellm.InternalServerError: AnthropicError - {OVERLOADED}",
    "error_information": {"error_code": "500", "error_class": "InternalServerError", "llm_provider": "anthropic"},
}


def tell(form: Form, *lines: str | dict[str, Any]) -> list[Told]:
    reader = form.Reader()
    told = [each for line in lines for each in reader.read(line if isinstance(line, str) else json.dumps(line))]
    return [*told, *reader.end()]


def session(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "sessionId": "s", "timestamp": "2026-11-22T02:15:02.088Z", "version": "2.1.197", **fields}


def answered(**fields: Any) -> dict[str, Any]:
    message = {"id": "msg_1", "model": "claude-opus-4-8", "usage": {"input_tokens": 5, "output_tokens": 7}}
    return session("assistant", requestId="req_ok", message=message, **fields)


def lost(words: str, **fields: Any) -> dict[str, Any]:
    message = {"model": "<synthetic>", "content": [{"type": "text", "text": words}], "usage": {"input_tokens": 0}}
    return session("assistant", uuid="u-lost", isApiErrorMessage=True, message=message, **fields)


def repeated(number: int, **error: Any) -> dict[str, Any]:
    return session(
        "system",
        subtype="api_error",
        uuid=f"u-{number}",
        retryAttempt=number,
        maxRetries=10,
        retryInMs=500,
        error=error,
    )


@pytest.mark.parametrize(
    ("line", "form"),
    [
        (json.dumps({"at": 1, "outcome": "failed"}), our_json),
        (json.dumps(GUIDE), error_guide),
        ("2026-11-20 10:00:00 ERROR " + json.dumps(GUIDE), error_guide),
        (json.dumps(answered()), claude_transcript),
        (json.dumps(PAYLOAD), litellm),
        (json.dumps({"message": "x", "level": "INFO", "timestamp": "2026-11-22", "component": "LiteLLM"}), litellm),
        ("2026-11-22T02:15:32.573Z [DEBUG] [API:timing] dispatching to firstParty model=claude-opus-4-8", claude_debug),
        ("Nov 22 02:15:32 host kernel: nothing of ours", None),
        (json.dumps({"level": "info", "msg": "started"}), None),
    ],
)
def test_a_form_is_known_by_its_lines(line: str, form: Form | None) -> None:
    assert form_of([Line(1, line)]) is form


def test_a_form_may_show_after_lines_that_say_nothing() -> None:
    assert form_of([Line(1, "starting"), Line(2, json.dumps(GUIDE))]) is error_guide


def test_the_error_guides_line_tells_a_failure_and_no_more_than_that() -> None:
    [told] = tell(error_guide, GUIDE)
    assert told["outcome"] == "failed"
    assert (told["status"], told["model"], told["service"]) == (429, "claude-opus-4-8", "checkout")
    assert told["request_id"] == "req_011Cguide"
    assert told["error"] == {"message": GUIDE["message"]}
    assert "max_tokens" not in json.dumps(told)


def test_a_line_that_is_none_of_the_guides_is_refused() -> None:
    with pytest.raises(Malformed):
        tell(error_guide, {"timestamp": "2026-11-20T10:00:00"})
    with pytest.raises(Malformed, match="no JSON"):
        tell(error_guide, '{"timestamp": "2026')


def test_a_transcripts_success_counts_once_however_many_lines_its_message_has() -> None:
    [told] = tell(claude_transcript, answered(uuid="1"), answered(uuid="2"))
    assert (told["outcome"], told["attempt"], told["request_id"]) == ("succeeded", 1, "req_ok")
    assert told["tokens"] == {"input": 5, "output": 7}
    assert (told["client"], told["service"]) == ("claude-code/2.1.197", "claude-code")


def test_a_transcripts_lost_request_is_told_with_its_words_and_the_model_of_the_session() -> None:
    lines = [answered(), lost("API Error: 529 Overloaded.", apiErrorStatus=529, requestId="req_lost")]
    told = tell(claude_transcript, *lines)[1]
    assert (told["outcome"], told["status"], told["error"]) == ("failed", 529, "API Error: 529 Overloaded.")
    assert (told["model"], told["request_id"]) == ("claude-opus-4-8", "req_lost")


def test_tries_that_a_transcript_repeats_are_one_call() -> None:
    inner = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    told = tell(
        claude_transcript,
        repeated(1, status=529, requestID="req_1", error=inner),
        repeated(2, message="Connection error.", connection={"code": "ECONNRESET", "message": "closed"}),
        answered(),
    )
    assert [(each["attempt"], each["outcome"]) for each in told] == [(1, "failed"), (2, "failed"), (3, "succeeded")]
    assert len({each["call"] for each in told}) == 1
    assert told[0]["error"] == inner["error"]
    assert told[1]["cause_chain"] == ["ECONNRESET: closed"]


def test_what_a_person_says_between_ends_the_call() -> None:
    told = tell(claude_transcript, repeated(1, status=529), session("user", message={"role": "user"}), answered())
    assert len({each["call"] for each in told}) == 2


def test_a_sidechains_tries_are_not_mixed_with_the_conversations() -> None:
    told = tell(claude_transcript, repeated(1, status=529), answered(isSidechain=True), lost("API Error: 529"))
    assert [each["attempt"] for each in told] == [1, 1, 2]


def test_a_placeholder_in_a_transcript_is_no_request() -> None:
    message = {"model": "<synthetic>", "content": "No response requested.", "usage": {"input_tokens": 0}}
    assert tell(claude_transcript, session("assistant", message=message), session("attachment")) == []


def debug(*messages: str) -> list[Told]:
    lines = [
        f"2026-11-22T02:15:{second:02}.000Z [DEBUG] {line}" if not line.startswith("\t") else line.removeprefix("\t")
        for second, line in enumerate(messages)
    ]
    return tell(claude_debug, *lines)


MODEL = "[API:timing] dispatching to firstParty model=claude-opus-4-8"
ASKS = "[API:request] Creating client, ANTHROPIC_CUSTOM_HEADERS present: false"
BEGAN = "Stream started - received first chunk"


def test_a_debug_logs_tries_are_one_call_until_it_is_lost() -> None:
    told = debug(
        MODEL,
        f"API error (attempt 1/3): 529 529 {OVERLOADED}",
        MODEL,
        f"API error (attempt 2/3): 529 529 {OVERLOADED}",
        "Error in API request: Repeated 529 Overloaded errors",
        ASKS,
        MODEL,
        BEGAN,
    )
    assert [(each["attempt"], each["outcome"]) for each in told] == [(1, "failed"), (2, "failed"), (1, "succeeded")]
    assert told[0]["call"] == told[1]["call"] != told[2]["call"]
    assert (told[0]["status"], told[0]["error"]) == (529, f"529 {OVERLOADED}")
    assert {each["model"] for each in told} == {"claude-opus-4-8"}


def test_a_debug_logs_retry_that_went_well_rescues_the_call() -> None:
    told = debug(MODEL, "API error (attempt 1/11): undefined Connection error.", ASKS, MODEL, BEGAN, ASKS)
    assert [(each["attempt"], each["outcome"]) for each in told] == [(1, "failed"), (2, "succeeded")]
    assert len({each["call"] for each in told}) == 1
    assert "status" not in told[0]


def test_words_over_several_lines_belong_together() -> None:
    [told] = debug("API error (attempt 1/3): 502 502 <html>", "\t<head><title>502 Bad Gateway</title></head>", ASKS)
    assert told["error"] == "502 <html>\n<head><title>502 Bad Gateway</title></head>"


def test_a_stream_that_breaks_is_a_failed_try_and_its_fallback_the_next() -> None:
    told = debug(
        MODEL,
        BEGAN,
        f"Error streaming, falling back to non-streaming mode: {OVERLOADED}",
        ASKS,
        "API error (attempt 1/3): API returned an empty or malformed response (HTTP 200)",
        "Error in API request: API returned an empty or malformed response (HTTP 200)",
    )
    assert [(each["attempt"], each["outcome"]) for each in told] == [(1, "failed"), (2, "failed")]
    assert len({each["call"] for each in told}) == 1
    assert (told[0]["status"], told[0]["streamed"]) == (200, True)


def test_the_network_code_that_follows_completes_the_try() -> None:
    told = debug(
        "API error (attempt 1/1): undefined Connection error.",
        "Error in API request: Connection error.",
        "Connection error details: code=ECONNRESET, message=The socket connection was closed unexpectedly.",
    )
    assert told[-1]["cause_chain"] == ["ECONNRESET"]
    assert (told[-1]["call"], told[-1]["attempt"]) == (told[0]["call"], told[0]["attempt"])


def test_the_same_log_gives_the_same_names_each_time() -> None:
    lines = (MODEL, BEGAN, ASKS, MODEL, f"API error (attempt 1/3): 529 529 {OVERLOADED}")
    assert debug(*lines) == debug(*lines)


def test_litellms_payload_tells_a_try_with_the_status_that_the_api_sent() -> None:
    [told] = tell(litellm, PAYLOAD)
    assert (told["status"], told["model"], told["team"]) == (529, "claude-opus-4-8", "core")
    assert (told["request_id"], told["retry_after"], told["duration_ms"]) == ("req_011Ca7f0480e08ff50396441", 7.0, 540)


def test_litellms_own_500_for_a_broken_connection_is_no_answer_of_the_api() -> None:
    words = "litellm.InternalServerError: AnthropicException - [Errno 104] Connection reset by peer."
    [told] = tell(litellm, {**PAYLOAD, "hidden_params": {"additional_headers": None}, "error_str": words})
    assert "status" not in told


def test_litellms_tries_of_one_trace_are_one_call_until_one_went_well() -> None:
    fine = {**PAYLOAD, "id": "p-3", "status": "success"}
    told = tell(litellm, PAYLOAD, {**PAYLOAD, "id": "p-2"}, fine, {**fine, "id": "p-4"})
    assert [each["attempt"] for each in told] == [1, 2, 3, 1]
    assert len({each["call"] for each in told}) == 2


def test_litellms_calls_to_others_are_not_ours() -> None:
    assert tell(litellm, {**PAYLOAD, "custom_llm_provider": "openai", "model": "gpt-5"}) == []


def test_litellms_log_lines_about_one_failure_name_one_call() -> None:
    words = f"litellm.InternalServerError: AnthropicException - {OVERLOADED}"
    line = {"level": "ERROR", "timestamp": "2026-11-22T02:15:45.445967", "component": "LiteLLM"}
    told = tell(
        litellm,
        {**line, "message": f"Exception occured - {words}"},
        {**line, "message": f"{words}. Received Model Group=opus"},
        {**line, "message": "cost map could not be fetched"},
    )
    assert len(told) == 2
    assert len({each["call"] for each in told}) == 1
