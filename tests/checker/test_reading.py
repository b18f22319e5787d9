from __future__ import annotations

import json

import pytest

from triage.checker import check
from triage.checker.reading import MAX_DEPTH, UnreadableError, read

GOOD = {"model": "claude-opus-4-8", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ('{"model": "x",\n "max_tokens": 1,}', 2, 18, "property name"),
        ('{"a": "b\nc"}', 1, 9, "control character"),
        ("{'model': 'x'}", 1, 2, "json.dumps"),
        ("curl https://example.com -d '{}'", 1, 1, "curl"),
        ('{"a": 1} {"b": 2}', 1, 10, "extra data"),
        ('{"a": NaN}', 1, None, "NaN"),
        ("", 1, 1, "nothing"),
        (" \n ", 1, 1, "nothing"),
    ],
)
def test_what_is_not_json_is_told_with_its_place(text, line, column, words):
    reason = check(text).unreadable
    assert (reason.line, reason.column) == (line, column)
    assert words in reason.message


@pytest.mark.parametrize("document", [[], [1], "x", 1, None, True, [{"role": "user", "content": "x"}]])
def test_another_top_shape_is_no_request(document):
    assert check(json.dumps(document)).unreadable.message.startswith("This is")


def test_a_request_inside_a_log_entry_is_told_apart():
    assert "'body'" in check({"body": GOOD}).unreadable.message


def test_what_json_cannot_hold_is_unreadable():
    assert check({"a": object()}).unreadable is not None
    assert check({"a": float("nan")}).unreadable is not None
    endless: list[object] = []
    endless.append(endless)
    assert check(endless).unreadable is not None


def test_bytes_that_are_not_utf8_are_told_with_their_line():
    reason = check(b'{"a":\n"\xff"}').unreadable
    assert (reason.line, reason.cause) == (2, "invalid_json")


def test_a_byte_order_mark_is_passed_over():
    assert check(b"\xef\xbb\xbf" + json.dumps(GOOD).encode()).clean


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 5_000, 200_000])
def test_deep_nesting_is_refused_without_harm(depth):
    assert "deep" in check("[" * depth + "]" * depth).unreadable.message
    assert "deep" in check('{"a":' * depth + "1" + "}" * depth).unreadable.message


def test_too_many_bytes_are_not_read(monkeypatch):
    monkeypatch.setattr("triage.checker.reading.MAX_BYTES", 10)
    assert "more than 10" in check(json.dumps(GOOD)).unreadable.message


def test_lines_are_read_as_a_batch_and_blank_lines_passed_over():
    line = json.dumps({"custom_id": "a", "params": GOOD})
    given = read(line + "\n\n" + line.replace('"a"', '"b"') + "\n")
    assert given.form == "jsonl"
    assert [item["custom_id"] for item in given.document["requests"]] == ["a", "b"]


def test_one_line_is_a_batch_too():
    assert read(json.dumps({"custom_id": "a", "params": GOOD})).form == "jsonl"


def test_a_broken_line_is_named_by_its_number():
    line = json.dumps({"custom_id": "a", "params": GOOD})
    with pytest.raises(UnreadableError) as caught:
        read(f'{line}\n{{"custom_id": }}\n')
    assert (caught.value.reason.line, caught.value.reason.column) == (2, 15)
    with pytest.raises(UnreadableError, match="Line 2 is no item"):
        read(f"{line}\n{json.dumps(GOOD)}\n")


def test_the_body_of_a_batch_is_recognised():
    result = check({"requests": [{"custom_id": "a", "params": GOOD}]})
    assert (result.endpoint, result.requests, result.clean) == ("batches", 1, True)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], [("invalid_value", "/requests")]),
        (["x"], [("invalid_value", "/requests/0")]),
        ([{"params": GOOD}], [("missing_field", "/requests/0/custom_id")]),
        ([{"custom_id": "a"}], [("missing_field", "/requests/0/params")]),
        ([{"custom_id": "a:b", "params": GOOD}], [("invalid_value", "/requests/0/custom_id")]),
        ([{"custom_id": "a", "params": GOOD}] * 2, [("invalid_value", "/requests/1/custom_id")]),
        ([{"custom_id": "a", "params": GOOD, "method": "POST"}], [("unknown_field", "/requests/0/method")]),
        ([{"custom_id": "a", "params": GOOD | {"stream": True}}], [("invalid_value", "/requests/0/params/stream")]),
    ],
)
def test_a_batch_is_checked_as_a_whole(items, expected):
    findings = check({"requests": items}).findings
    assert [(finding.cause, finding.pointer) for finding in findings] == expected


def test_a_finding_in_a_batch_names_its_item():
    broken = GOOD | {"max_tokens": -1}
    result = check(json.dumps({"custom_id": "first", "params": broken}))
    (finding,) = result.findings
    assert (finding.path, finding.element) == ("requests.0.params.max_tokens", "requests.0 is `first`")
    assert json.loads(result.mended.text) == {"custom_id": "first", "params": GOOD | {"max_tokens": 1024}}


def test_long_answers_in_a_batch_need_no_streaming():
    assert check(json.dumps({"custom_id": "a", "params": GOOD | {"max_tokens": 100_000}})).clean
