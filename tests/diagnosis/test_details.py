from __future__ import annotations

import pytest

from tests.diagnosis.test_engine import body
from triage.diagnosis import diagnose


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("messages.66.content.3: tool_use ids must be unique", ["messages.66.content.3"]),
        ("tools.187.custom.input_schema: JSON schema is invalid", ["tools.187.custom.input_schema"]),
        ("system.4.cache_control: A maximum of 4 blocks", ["system.4.cache_control"]),
        ("messages[1].role must be either 'user' or 'assistant'", ["messages[1].role"]),
        ("tools.3.RemoteToolDefinition.name: String should", ["tools.3.RemoteToolDefinition.name"]),
        ('"message":"message\n    s.120.content.0.image.source: too large"', ["messages.120.content.0.image.source"]),
        ("400 " + body("invalid_request_error", "thinking.budget_tokens: too low"), ["thinking.budget_tokens"]),
        ("400 " + body("invalid_request_error", "max_tokens: 5 > 4"), ["max_tokens"]),
        ("two messages, 3 tools and a system", []),
    ],
)  # fmt: skip
def test_parts_of_the_request_become_pointers_into_the_text(text: str, paths: list[str]) -> None:
    pointers = diagnose(text).pointers
    assert [pointer.path for pointer in pointers] == paths
    for pointer in pointers:
        assert "".join(text[pointer.span.start : pointer.span.end].split()) == pointer.path


@pytest.mark.parametrize(
    ("text", "words", "at", "seconds"),
    [
        ("You've hit your session limit · resets 5:40pm (Europe/Berlin)", "5:40pm (Europe/Berlin)", None, None),
        ("Your limit will reset at 3pm (America/Santiago).", "3pm (America/Santiago)", None, None),
        ("weekly limit · resets Nov 25 at 10am (Asia/Tokyo)", "Nov 25 at 10am (Asia/Tokyo)", None, None),
        ("You will regain access on 2025-12-01 at 00:00 UTC.", "2025-12-01 at 00:00 UTC",
         "2025-12-01T00:00:00+00:00", None),
        ("You will regain access on 2025-13-45.", "2025-13-45", None, None),
        ("Claude AI usage limit reached|1750161600", "1750161600", "2025-06-17T12:00:00+00:00", None),
        ("Rate limited. Please try again in 11.75s.", "11.75s", None, 11.75),
        ("all accounts limited (reset after 2h 5m)", "2h 5m", None, 7500.0),
        ("retry after 300 milliseconds", "300 milliseconds", None, 0.3),
    ],
)  # fmt: skip
def test_when_a_limit_ends_is_read_as_the_text_says_it(
    text: str, words: str, at: str | None, seconds: float | None
) -> None:
    reset = diagnose(text).resets_at
    assert reset is not None
    assert (reset.text, reset.at, reset.seconds) == (words, at, seconds)
    assert text[reset.span.start : reset.span.end] == words


def test_no_end_is_made_up() -> None:
    assert diagnose("Connection reset by peer, please retry").resets_at is None


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("401 " + body("authentication_error", "invalid x-api-key"), "api_key", None),
        ("OAuth token has expired. Please obtain a new token", "oauth_login", None),
        ("Your ANTHROPIC_API_KEY belongs to a disabled organization", "api_key", "ANTHROPIC_API_KEY"),
        ("Invalid Authorization header value from ANTHROPIC_AUTH_TOKEN", "bearer_token", "ANTHROPIC_AUTH_TOKEN"),
        ("401 Invalid bearer token", "bearer_token", None),
        ("The config profile (dev-eu) could not be found", "aws_profile", "dev-eu"),
        ("The security token included in the request is expired", "aws_credentials", None),
        ("Your apiKeyHelper script is failing", "key_helper", None),
        ("Could not load the default credentials.", "google_credentials", None),
        ("Access denied due to invalid subscription key", "azure_key", None),
    ],
)
def test_the_credential_that_was_used_is_named_where_the_text_tells(text: str, kind: str, name: str | None) -> None:
    credential = diagnose(text).credential
    assert credential is not None
    assert (credential.kind, credential.name) == (kind, name)


def test_a_credential_never_holds_the_secret_itself() -> None:
    found = diagnose("401 invalid x-api-key sk-ant-api03-SECRETSECRETSECRET AWS_PROFILE=dev")
    assert found.credential is not None
    assert "SECRET" not in str(found.credential.as_dict())
    assert diagnose("529 Overloaded").credential is None
