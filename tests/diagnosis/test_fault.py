from __future__ import annotations

import pytest

from tests.diagnosis.test_engine import body
from triage.diagnosis import diagnose

PAGE = "<html><head><title>403 Forbidden</title></head><body>{}</body></html>"


@pytest.mark.parametrize(
    ("text", "line", "evidence"),
    [
        ("529 " + body("overloaded_error", "Overloaded"), "anthropic_api", "overloaded_error"),
        ('529 {"type":"overloaded_error","message":"Overloaded"} req_011CVabcdefghijkLMNOPQRS', "anthropic_api",
         "req_011CVabcdefghijkLMNOPQRS"),
        ("API Error: 401 " + body("authentication_error", "invalid x-api-key"), "own_code", "authentication_error"),
        ("API Error: 503 分组 default 下模型 claude-opus-4-8 无可用渠道", "gateway", "渠道"),
        ('{"error": {"message": "no channel is free (request id: 20261122031907)"}}', "gateway",
         "(request id: 20261122031907"),
        ("An error occurred (ServiceUnavailableException): Bedrock is unable to process your request.",
         "cloud_provider", "Bedrock"),
        ("API Error: 403 " + PAGE.format("Blocked by Zscaler"), "own_network", "Zscaler"),
        ("API Error: 502 " + PAGE.format("cloudflare").replace("403 Forbidden", "502 Bad Gateway"), "gateway",
         "502 Bad Gateway"),
        ("curl: (7) Failed to connect to localhost port 4000: Connection refused", "own_network",
         "localhost port 4000"),
        ("Error: Claude Code process exited with code 1", "client_program", ""),
        ("You've hit your session limit · resets 5pm", "own_account", ""),
    ],
)  # fmt: skip
def test_the_fault_line_follows_the_cause_and_who_answered(text: str, line: str, evidence: str) -> None:
    fault = diagnose(text).fault
    assert fault is not None
    assert fault.line == line
    assert fault.sentence.endswith(".")
    assert "".join(text[span.start : span.end] for span in fault.spans) == evidence


def test_a_refused_port_of_ones_own_machine_is_not_blamed_on_the_provider() -> None:
    fault = diagnose("API Error: connect ECONNREFUSED 127.0.0.1:8082").fault
    assert fault is not None
    assert "your own machine: 127.0.0.1:8082" in fault.sentence


def test_a_bare_connection_error_says_what_it_can_not_know_and_how_to_find_out() -> None:
    fault = diagnose("anthropic.APIConnectionError: Connection error.").fault
    assert fault is not None
    assert fault.line == "unknown"
    assert "can't tell" in fault.sentence
    assert {ask.client for ask in fault.asks} == {"python", "typescript", "claude-code"}
    assert "__cause__" in next(ask.line for ask in fault.asks if ask.client == "python")


def test_with_the_cause_chain_nothing_is_asked() -> None:
    fault = diagnose("httpx.ConnectError: [Errno -2] Name or service not known\nAPIConnectionError: Connection error.")
    assert fault.fault is not None
    assert (fault.fault.line, fault.fault.asks) == ("own_network", ())


def test_that_the_api_answered_an_unknown_error_does_not_put_it_at_fault() -> None:
    fault = diagnose("400 " + body("invalid_request_error", "the frobnicator is bent")).fault
    assert fault is not None
    assert fault.line == "unknown"
    assert fault.spans
