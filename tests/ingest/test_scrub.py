"""Secrets are masked, each character by a star, and nothing else is touched."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.ingest.scrub import might_hold_secrets, scrub_json, scrub_text, scrub_value

SECRETS = [
    "sk-ant-api03-AbCdEf012345_-AbCdEf",
    "sk-proj-abcdefghij0123456789abcd",
    "tri_0123456789abcdefghijklmnop",
    "AKIAIOSFODNN7EXAMPLE",
    "ABSKQmVkcm9ja0FQSUtleS1hYmNkZWZn",
    "ghp_0123456789abcdefghij",
    "AIzaSyA0123456789abcdefghijklmnop",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "alice.o-neill+x@mail.example.org",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("around", ["{}", "key={} ", '"{}"', "({}),", "\n{}\n", "é{}é", "Error: {}."])
def test_a_secret_is_masked_wherever_it_stands(secret: str, around: str) -> None:
    text = around.format(secret)
    scrubbed = scrub_text(text)
    assert secret not in scrubbed
    assert secret[-8:] not in scrubbed
    assert len(scrubbed) == len(text)
    assert scrubbed[: around.index("{")] == text[: around.index("{")]
    assert scrub_text(scrubbed) == scrubbed


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("Authorization: Bearer abc123def", "Authorization: Bearer *********"),
        ("authorization: Basic dXNlcjpwYXNzd29yZA==", "authorization: Basic ********************"),
        ("x-api-key: my-own-key-1", "x-api-key: ************"),
        ('{"password": "hunter2"}', '{"password": "*******"}'),
        ("https://user:pass@host/path", "https://user:****@host/path"),
        ("ANTHROPIC_API_KEY=abcdef123456", "ANTHROPIC_API_KEY=************"),
        ("Set-Cookie: session=abc123; Path=/", "Set-Cookie: **************; Path=/"),
    ],
)
def test_what_is_named_a_secret_is_masked(text: str, scrubbed: str) -> None:
    assert scrub_text(text) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "invalid x-api-key",
        "x-api-key: header is required",
        "Your credit balance is too low to access the Anthropic API.",
        "max_tokens: 200000 > 64000",
        "req_011CSHoEeqs5C35K2UUqR7Fy",
        "@anthropic-ai/sdk@1.12.0",
        "contact support@anthropic.com",
        "Bearer authentication is not supported",
        "see https://docs.claude.com/en/api/errors#http-errors",
        "OAuth token has expired",
        "task-based",
        "risk-averse",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert scrub_text(text) == text


def test_json_is_masked_by_value_and_by_name() -> None:
    value = {
        "error": {"message": "no sk-ant-api03-aaaaaaaaaaaa"},
        "headers": {"X-Api-Key": "plain", "retry-after": "3"},
        "attributes": [{"key": "http.request.header.authorization", "value": {"stringValue": "plain"}}],
        "tokens": {"input": 5},
    }
    scrubbed = json.loads(scrub_json(json.dumps(value).encode()))
    assert scrubbed["error"]["message"] == "no sk-ant-" + "*" * 18
    assert scrubbed["headers"] == {"X-Api-Key": "*****", "retry-after": "3"}
    assert scrubbed["attributes"][0]["value"] == {"stringValue": "*****"}
    assert scrubbed["tokens"] == {"input": 5}


def test_a_secret_that_is_spelt_in_escapes_is_found() -> None:
    body = json.dumps({"m": "alice@example.org sk-ant-aaaaaaaaaa"}).replace("@", "\\u0040").replace("k-", "\\u006b-")
    scrubbed = scrub_json(body.encode())
    assert b"alice" not in scrubbed
    assert b"aaaaaaaa" not in scrubbed


def test_a_body_without_secrets_stays_byte_for_byte() -> None:
    body = b'{ "status" : 529, "error": {"message": "Overloaded"} }'
    assert not might_hold_secrets(body)
    assert scrub_json(body) is body


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_masking_keeps_the_shape_of_any_value(value: object) -> None:
    def shape(each: object) -> object:
        if isinstance(each, dict):
            return [shape(item) for item in each.values()]
        if isinstance(each, list):
            return [shape(item) for item in each]
        return len(each) if isinstance(each, str) else each

    assert shape(scrub_value(value)) == shape(value)


@pytest.mark.parametrize(
    "piece", ["a.", "@a.", "sk-", "eyJ", "Bearer ", "://a:", "password=", "-----BEGIN A ", "cookie: "]
)
def test_masking_takes_linear_time(piece: str) -> None:
    began = time.process_time()
    scrub_text(piece * 40_000 + "@")
    assert time.process_time() - began < 3


def test_what_stands_beside_a_hidden_value_is_masked_as_well() -> None:
    told = scrub_value({"key": "password", "value": {"stringValue": "hunter2"}, "note": "ask bob@corp.example"})
    assert "hunter2" not in str(told)
    assert "bob@corp.example" not in str(told)
    assert told["key"] == "password"
