from __future__ import annotations

from tests.diagnosis.test_engine import body
from triage.diagnosis import diagnose

INNER = (
    "Error code: 400 - {'type': 'error', 'error': {'type': 'invalid_request_error', "
    "'message': 'messages.66.content.3: tool_use ids must be unique'}}"
)


def test_of_two_errors_in_one_log_both_are_listed_and_one_decides() -> None:
    retries = "API Error (Connection error.) · Retrying in 1 seconds… (attempt 1/10)\n"
    text = retries + "API Error: 401 " + body("authentication_error", "invalid x-api-key")
    errors = diagnose(text).errors
    assert [error.cause for error in errors] == ["connection_error_unspecified", "api_key_invalid"]
    assert [error.decides for error in errors] == [False, True]
    assert all(error.why for error in errors)
    assert text[errors[1].span.start :].startswith("401")


def test_a_wrapper_is_listed_before_the_error_that_it_wraps_which_decides() -> None:
    wrapped = '500 {"error":{"message":"litellm.BadRequestError: AnthropicException - ' + INNER + '"}}'
    found = diagnose(wrapped)
    assert [(error.status, error.decides) for error in found.errors] == [(500, False), (400, True)]
    assert "wraps" in found.errors[0].why
    assert "innermost" in found.errors[1].why
    assert found.wrappers == ("litellm",)


def test_equal_errors_are_counted_not_repeated() -> None:
    line = "API Error (529 " + body("overloaded_error", "Overloaded") + ") · Retrying in 4 seconds…\n"
    (error,) = diagnose(line * 5).errors
    assert (error.status, error.cause, error.times, error.decides) == (529, "overloaded", 5, True)


def test_a_status_that_contradicts_its_body_has_a_note() -> None:
    text = "API Error: 500 " + body("invalid_request_error", "prompt is too long: 211474 tokens > 200000 maximum")
    (error,) = diagnose(text).errors
    assert error.note.startswith("Its status is 500")


def test_a_status_far_behind_belongs_to_another_error() -> None:
    first = "API Error: The socket connection was closed unexpectedly. For more information, pass `verbose: true` "
    first += "in the second argument to fetch()"
    later = "\n" + "I was waiting for fifteen minutes. " * 12 + "\nError: 429 " + body("rate_limit_error", "Slow down")
    found = diagnose(first + later)
    assert (found.cause, found.http_status) == ("connection_closed_midway", None)
    assert [error.status for error in found.errors] == [None, 429]


def test_a_text_without_an_error_lists_none() -> None:
    assert diagnose("please help").errors == ()
