"""What the reporter tells of each attempt, seen from the dashboard."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import anthropic
import pytest

from tests.client.conftest import PATIENCE, PROMPT, Dashboard, async_client, sync_client
from triage.client import TriageReporter
from triage.diagnosis import diagnose_fields

Outcome = type[Exception] | None


def call_sync(client: anthropic.Anthropic, streamed: bool) -> None:
    with client:
        if streamed:
            with client.messages.stream(**PROMPT) as events:
                events.get_final_message()
        else:
            client.messages.create(**PROMPT)


async def call_async(client: anthropic.AsyncAnthropic, streamed: bool) -> None:
    async with client:
        if streamed:
            async with client.messages.stream(**PROMPT) as events:
                await events.get_final_message()
        else:
            await client.messages.create(**PROMPT)


async def call(kind: str, upstream: str, fault: str, reporter: Any, *, streamed: bool = False, **options: Any) -> None:
    if kind == "sync":
        call_sync(sync_client(upstream, fault, reporter, **options), streamed)
    else:
        await call_async(async_client(upstream, fault, reporter, **options), streamed)


def told_cause(report: dict[str, Any]) -> str:
    """Return the cause that the server's engine reads from a report."""
    error = report.get("error") or {}
    error = {"message": error} if isinstance(error, str) else error
    return diagnose_fields(
        http_status=report.get("status"),
        error_type=error.get("type"),
        error_code=error.get("code"),
        message=error.get("message") or report.get("body"),
        exception=report.get("exception"),
        cause_chain=report.get("cause_chain", ()),
        client="anthropic-python",
        streamed=report["streamed"] and report.get("status") == 200,
    ).cause


both = pytest.mark.parametrize("kind", ["sync", "async"])


@both
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_success_is_counted_and_told_by_nothing_else(
    kind: str, streamed: bool, upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    for _ in range(3):
        await call(kind, upstream, "ok", reporter, streamed=streamed)
    assert reporter.flush(PATIENCE)
    assert dashboard.counted == 3
    for report in dashboard.accepted:
        assert (report["model"], report["streamed"], report["service"]) == ("claude-opus-4-8", streamed, "checkout")
        assert report["at"] % 60 == 0
        assert set(report) == {"id", "count", "at", "model", "streamed", "service", "client"}


@both
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("fault", "status", "cause"),
    [
        ("400_credit", 400, "credit_balance_too_low"),
        ("401", 401, "api_key_invalid"),
        ("429", 429, "rate_limit_input_tokens"),
        ("429_spend_cap", 429, "tier_spend_cap_reached"),
        ("502_html", 502, "bad_gateway"),
        ("529", 529, "overloaded"),
    ],
)
async def test_a_refused_attempt_is_told_with_what_its_cause_is_read_from(
    kind: str, streamed: bool, fault: str, status: int, cause: str, upstream: str, reporter: Any, dashboard: Dashboard
) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        await call(kind, upstream, fault, reporter, streamed=streamed)
    assert reporter.flush(PATIENCE)
    [report] = dashboard.accepted
    assert (report["outcome"], report["status"], report["attempt"]) == ("failed", status, 1)
    assert (report["model"], report["streamed"]) == ("claude-opus-4-8", streamed)
    assert report["request_id"] == (caught.value.request_id or "")
    assert report["duration_ms"] >= 0
    assert told_cause(report) == cause


async def test_the_head_room_and_the_wait_stand_in_the_report(
    upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    with pytest.raises(anthropic.RateLimitError):
        await call("sync", upstream, "429", reporter)
    assert reporter.flush(PATIENCE)
    [report] = dashboard.accepted
    assert report["retry_after"] == 1
    assert report["headers"]["anthropic-ratelimit-input-tokens-remaining"] == "0"
    assert report["error"]["type"] == "rate_limit_error"
    assert "30,000 input tokens" in report["error"]["message"]


@both
@pytest.mark.parametrize("streamed", [False, True])
async def test_the_tries_of_a_call_join_and_the_one_that_rescued_it_is_told(
    kind: str, streamed: bool, upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    await call(kind, upstream, "529_then_ok", reporter, streamed=streamed, max_retries=2)
    assert reporter.flush(PATIENCE)
    failed, rescued = dashboard.accepted
    assert failed["call"] == rescued["call"]
    assert [(each["outcome"], each["attempt"]) for each in (failed, rescued)] == [("failed", 1), ("succeeded", 2)]
    assert dashboard.counted == 0


@both
async def test_calls_without_a_body_join_their_tries_too(
    kind: str, upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    for _ in range(2):
        with pytest.raises(anthropic.OverloadedError):
            if kind == "sync":
                with sync_client(upstream, "529", reporter, max_retries=1) as client:
                    client.models.list()
            else:
                async with async_client(upstream, "529", reporter, max_retries=1) as client:
                    await client.models.list()
    assert reporter.flush(PATIENCE)
    first, second = {report["call"] for report in dashboard.accepted}
    for name in (first, second):
        assert [report["attempt"] for report in dashboard.accepted if report["call"] == name] == [1, 2]


@both
@pytest.mark.parametrize(
    ("fault", "causes"),
    [
        ("sse_overloaded", {"stream_error_midway"}),
        ("sse_cut", {"connection_closed_midway", "connection_reset"}),
    ],
)
async def test_a_stream_that_fails_after_its_200_is_a_failed_attempt(
    kind: str, fault: str, causes: set[str], upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    with pytest.raises(Exception) as caught:
        await call(kind, upstream, fault, reporter, streamed=True)
    assert not isinstance(caught.value, AssertionError)
    assert reporter.flush(PATIENCE)
    [report] = dashboard.accepted
    assert (report["outcome"], report["status"], report["streamed"]) == ("failed", 200, True)
    assert report["request_id"].startswith("req_")
    assert told_cause(report) in causes
    assert "Hel" not in json.dumps(report)


@both
async def test_a_stream_that_its_reader_closes_early_is_no_failure(
    kind: str, upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    if kind == "sync":
        with sync_client(upstream, "ok", reporter) as client, client.messages.create(**PROMPT, stream=True) as events:
            assert next(iter(events)).type == "message_start"
    else:
        client = async_client(upstream, "ok", reporter)
        async with client, await client.messages.create(**PROMPT, stream=True) as events:
            assert (await anext(aiter(events))).type == "message_start"
    assert reporter.flush(PATIENCE)
    assert (dashboard.counted, dashboard.failures) == (1, [])


@both
@pytest.mark.parametrize(
    ("fault", "options", "exception", "cause"),
    [
        ("reset", {}, "APIConnectionError", "connection_reset"),
        ("hang", {"timeout": 0.2}, "APITimeoutError", "read_timeout"),
        ("garbage", {}, "APIConnectionError", None),
    ],
)
async def test_an_attempt_without_an_answer_is_told_with_the_chain_of_its_causes(
    kind: str, fault: str, options: Any, exception: str, cause: str | None, upstream: str, reporter: Any, dashboard: Any
) -> None:
    with pytest.raises(anthropic.APIConnectionError):
        await call(kind, upstream, fault, reporter, **options)
    assert reporter.flush(PATIENCE)
    [report] = dashboard.accepted
    assert (report["exception"], "status" in report) == (exception, False)
    assert report["cause_chain"]
    if cause:
        assert told_cause(report) == cause


async def test_a_page_and_an_empty_body_in_an_answers_place_are_failures(
    upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    await call("sync", upstream, "html_200", reporter)  # the SDK hands the page to the caller as if it were an answer
    with pytest.raises(json.JSONDecodeError):
        await call("sync", upstream, "empty_200", reporter)
    assert reporter.flush(PATIENCE)
    page, nothing = dashboard.accepted
    assert (page["outcome"], nothing["outcome"]) == ("failed", "failed")
    assert (told_cause(page), told_cause(nothing)) == ("response_not_json", "no_response_body")


async def test_a_missing_key_is_told_in_the_sdks_own_words(reporter: TriageReporter, dashboard: Dashboard) -> None:
    with anthropic.Anthropic(api_key="x", base_url="http://127.0.0.1:9", middleware=[reporter]) as client:
        client.api_key = None
        with pytest.raises(TypeError):
            client.messages.create(**PROMPT)
    assert reporter.flush(PATIENCE)
    [report] = dashboard.accepted
    assert told_cause(report) == "api_key_missing"


async def test_what_a_program_raises_itself_is_told_without_its_words(
    upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    def rude(*_: Any) -> Any:
        raise RuntimeError("a secret prompt")

    with pytest.raises(RuntimeError):
        sync_client(upstream, "ok", reporter, rude).messages.create(**PROMPT)
    assert reporter.flush(PATIENCE)
    [report] = dashboard.failures
    assert report["exception"] == "RuntimeError"
    assert "secret" not in json.dumps(dashboard.accepted)


@both
@pytest.mark.parametrize("fault", ["ok", "400_missing_field", "529", "sse_overloaded", "html_200", "reset"])
async def test_no_prompt_answer_or_key_of_the_api_is_ever_sent(
    kind: str, fault: str, upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    with contextlib.suppress(anthropic.AnthropicError):
        await call(kind, upstream, fault, reporter, streamed=fault == "sse_overloaded")
    assert reporter.flush(PATIENCE)
    sent = json.dumps([dashboard.accepted, dashboard.headers])
    assert dashboard.accepted
    assert "secret prompt" not in sent
    assert "sk-ant" not in sent
    assert "Hello." not in sent


async def test_each_batch_carries_the_key_and_the_dimensions(
    upstream: str, make_reporter: Callable[..., TriageReporter], dashboard: Dashboard
) -> None:
    reporter = make_reporter(team="storefront", environment="dev")
    with pytest.raises(anthropic.OverloadedError):
        await call("sync", upstream, "529", reporter)
    assert reporter.flush(PATIENCE)
    [report] = dashboard.accepted
    assert (report["service"], report["team"], report["environment"]) == ("checkout", "storefront", "dev")
    assert report["client"] == f"anthropic-python/{anthropic.__version__}"
    headers = {name.lower(): value for name, value in dashboard.headers[0].items()}
    assert headers["authorization"] == "Bearer tri_made-up"
    assert headers["content-type"] == "application/x-ndjson"


@pytest.mark.parametrize("url", ["", "triage.example.org", "ftp://triage.example.org", "https://"])
def test_an_address_that_can_not_be_right_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="url: expected"):
        TriageReporter(url, "tri_x")


@pytest.mark.parametrize("key", ["", "tri_\n", "tri_é"])
def test_a_key_that_can_not_stand_in_a_header_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(ValueError, match="key: expected"):
        TriageReporter("https://triage.example.org", key)
