from __future__ import annotations

from types import SimpleNamespace

import anthropic
import httpx2
import pytest

from triage.diagnosis import classify, diagnose_fields

REQUEST = httpx2.Request("POST", "https://api.anthropic.com/v1/messages")


def test_a_real_sdk_error_is_classified() -> None:
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    response = httpx2.Response(529, request=REQUEST, headers={"request-id": "req_011CVabcdefghijkLMNOPQRS"}, json=body)
    error = anthropic.OverloadedError("Error code: 529", response=response, body=body)
    found = classify(error)
    assert (found.cause, found.http_status, found.request_id) == ("overloaded", 529, "req_011CVabcdefghijkLMNOPQRS")


def test_a_real_timeout_is_told_from_a_real_connection_error() -> None:
    assert classify(anthropic.APITimeoutError(request=REQUEST)).cause == "read_timeout"
    assert classify(anthropic.APIConnectionError(request=REQUEST)).cause == "connection_error_unspecified"


def test_the_chain_behind_an_exception_is_read() -> None:
    error = anthropic.APIConnectionError(request=REQUEST)
    error.__cause__ = httpx2.ConnectError("[Errno 111] Connection refused")
    assert classify(error).cause == "connection_refused"


@pytest.mark.parametrize(
    ("status", "cause"),
    [(529, "overloaded"), (502, "bad_gateway"), (429, "rate_limit_unspecified"), (402, "payment_required")],
)
def test_an_object_with_only_a_status_code_is_classified(status: int, cause: str) -> None:
    found = classify(SimpleNamespace(status_code=status))
    assert (found.cause, found.http_status) == (cause, status)
    assert found.confidence < 0.6


def test_names_of_the_typescript_sdk_are_understood() -> None:
    error = SimpleNamespace(
        status=429,
        errorCode="enforced_spend_limit_reached",
        apiMessage="You have reached your API usage limits",
        requestID="req_1",
    )
    found = classify(error)
    assert (found.cause, found.request_id) == ("tier_spend_cap_reached", "req_1")


def test_an_object_whose_attributes_raise_is_survived() -> None:
    class Broken(Exception):
        @property
        def status_code(self) -> int:
            raise RuntimeError("no")

        def __str__(self) -> str:
            raise RuntimeError("no")

    assert classify(Broken()).cause == "unknown"


def test_a_report_without_a_message_says_so() -> None:
    found = diagnose_fields(http_status=400, error_type="invalid_request_error")
    assert (found.cause, found.category, found.error_type) == ("unknown", "client", "invalid_request_error")
    assert "The type says invalid_request_error; the message was not reported." in found.notes


def test_an_error_type_on_a_200_is_a_failure_in_the_stream() -> None:
    assert (
        diagnose_fields(http_status=200, error_type="overloaded_error", message="Overloaded").cause
        == "stream_error_midway"
    )
    assert diagnose_fields(error_type="api_error", streamed=True).cause == "stream_error_midway"


def test_message_and_status_suffice() -> None:
    found = diagnose_fields(http_status=404, message="model: claude-opus-9", client="claude-code")
    assert (found.cause, found.client, found.message) == ("model_not_found", "claude-code", "model: claude-opus-9")


def test_an_exception_name_with_its_module_is_understood() -> None:
    assert diagnose_fields(exception="anthropic.APITimeoutError").cause == "read_timeout"
