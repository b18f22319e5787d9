"""The stand-in fails as the real API does, seen through the real SDK."""

from __future__ import annotations

import asyncio
import datetime as dt

import anthropic
import httpx2
import pytest

from triage.demo.faults import FAULTS
from triage.demo.tls import self_signed
from triage.demo.upstream import serve

MESSAGES = [{"role": "user", "content": "Hello"}]

STATUS_FAULTS = {
    "400_credit": (anthropic.BadRequestError, "invalid_request_error"),
    "401": (anthropic.AuthenticationError, "authentication_error"),
    "402": (anthropic.PaymentRequiredError, "billing_error"),
    "403": (anthropic.PermissionDeniedError, "permission_error"),
    "403_html": (anthropic.PermissionDeniedError, None),
    "404_model": (anthropic.NotFoundError, "not_found_error"),
    "409": (anthropic.ConflictError, "conflict_error"),
    "413": (anthropic.ContentTooLargeError, "request_too_large"),
    "429": (anthropic.RateLimitError, "rate_limit_error"),
    "429_spend_cap": (anthropic.RateLimitError, "rate_limit_error"),
    "500": (anthropic.InternalServerError, "api_error"),
    "502_html": (anthropic.InternalServerError, None),
    "503_html": (anthropic.ServiceUnavailableError, None),
    "504": (anthropic.GatewayTimeoutError, "timeout_error"),
    "522_html": (anthropic.InternalServerError, None),
    "529": (anthropic.OverloadedError, "overloaded_error"),
}


def client_for(base: str, fault: str, **options: object) -> anthropic.AsyncAnthropic:
    options = {"max_retries": 0, "timeout": 5.0, **options}
    return anthropic.AsyncAnthropic(api_key="made-up", base_url=f"{base}/s/{fault}", open_telemetry=False, **options)


async def ask(base: str, fault: str, **options: object) -> anthropic.types.Message:
    async with client_for(base, fault, **options) as client:
        return await client.messages.create(model="claude-opus-4-8", max_tokens=8, messages=MESSAGES)


async def ask_for_a_stream(base: str, fault: str, **options: object) -> anthropic.types.Message:
    async with client_for(base, fault, **options) as client:
        stream = client.messages.stream(model="claude-opus-4-8", max_tokens=8, messages=MESSAGES)
        async with stream as events:
            return await events.get_final_message()


async def test_without_a_fault_it_answers_a_message_and_a_stream() -> None:
    async with serve() as base:
        assert (await ask(base, "ok")).content[0].text == "Hello."
        assert (await ask_for_a_stream(base, "ok")).stop_reason == "end_turn"


@pytest.mark.parametrize("fault", STATUS_FAULTS)
async def test_a_status_arrives_as_the_exception_of_the_real_sdk(fault: str) -> None:
    expected, error_type = STATUS_FAULTS[fault]
    async with serve() as base:
        with pytest.raises(expected) as caught:
            await ask(base, fault)
    assert caught.value.status_code == FAULTS[fault].status
    assert caught.value.type == error_type
    assert (caught.value.request_id is not None) == (error_type is not None)


async def test_a_spend_cap_names_its_error_code_and_sends_no_retry_after() -> None:
    async with serve() as base:
        with pytest.raises(anthropic.RateLimitError) as caught:
            await ask(base, "429_spend_cap")
    assert caught.value.error_code == "enforced_spend_limit_reached"
    assert "retry-after" not in caught.value.response.headers


async def test_a_limit_is_full_again_after_the_answer_that_refused() -> None:
    before = dt.datetime.now(dt.UTC)
    async with serve() as base:
        with pytest.raises(anthropic.RateLimitError) as caught:
            await ask(base, "429")
    told = caught.value.response.headers["anthropic-ratelimit-input-tokens-reset"]
    assert dt.datetime.fromisoformat(told) > before


async def test_a_passing_fault_is_over_at_the_first_retry() -> None:
    async with serve() as base:
        with pytest.raises(anthropic.OverloadedError):
            await ask(base, "529_then_ok", max_retries=0)
        assert (await ask(base, "529_then_ok", max_retries=1)).stop_reason == "end_turn"


async def test_an_error_in_mid_stream_comes_with_status_200() -> None:
    async with serve() as base:
        with pytest.raises(anthropic.APIStatusError) as caught:
            await ask_for_a_stream(base, "sse_overloaded")
    assert (caught.value.status_code, caught.value.type) == (200, "overloaded_error")


async def test_a_cut_stream_breaks_off_after_its_first_events() -> None:
    async with serve() as base:
        with pytest.raises(httpx2.RemoteProtocolError):
            await ask_for_a_stream(base, "sse_cut")


@pytest.mark.parametrize("fault", ["reset", "garbage"])
async def test_a_broken_connection_is_a_connection_error_and_no_timeout(fault: str) -> None:
    async with serve() as base:
        with pytest.raises(anthropic.APIConnectionError) as caught:
            await ask(base, fault)
    assert not isinstance(caught.value, anthropic.APITimeoutError)


async def test_a_hanging_answer_runs_into_the_clients_timeout() -> None:
    async with serve() as base:
        with pytest.raises(anthropic.APITimeoutError):
            await ask(base, "hang", timeout=0.2)


async def test_an_untrusted_certificate_is_a_connection_error_with_its_reason_in_the_chain() -> None:
    async with serve(tls=self_signed()) as base:
        with pytest.raises(anthropic.APIConnectionError) as caught:
            await ask(base, "ok")
    assert "self-signed certificate" in str(caught.value.__cause__)


async def test_the_list_of_models_can_be_read() -> None:
    async with serve() as base, client_for(base, "ok") as client:
        names = [model.id async for model in client.models.list()]
    assert names[0] == "claude-opus-4-8"


async def test_an_unknown_fault_is_a_404_that_names_it() -> None:
    async with serve() as base:
        with pytest.raises(anthropic.NotFoundError, match="no fault is called 418"):
            await ask(base, "418")


async def test_closing_it_ends_the_connections_that_hang() -> None:
    async with serve() as base:
        call = asyncio.create_task(ask(base, "hang", timeout=30.0))
        await asyncio.sleep(0.1)
    with pytest.raises(anthropic.APIConnectionError):
        await asyncio.wait_for(call, timeout=5)
