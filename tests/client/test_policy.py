"""``with_policy``: what is repeated, how long it waits, when it asks another model, and what it tells of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import httpx2
import pytest

from scripts.write_client_policies import TARGET, policies
from tests.client.conftest import PATIENCE, PROMPT, Dashboard, async_client, sync_client
from triage.client import Policy, Step, TriageReporter, with_policy
from triage.client.verdicts import judge_answer, judge_breakdown
from triage.client.weather import Weather
from triage.demo.faults import FAULTS
from triage.diagnosis import diagnose_fields
from triage.knowledge import UNKNOWN, load

MESSAGE = {
    "id": "msg_01",
    "type": "message",
    "role": "assistant",
    "content": [{"type": "text", "text": "Hello."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
START = b'event: message_start\ndata: {"type": "message_start", "message": {"id": "m", "type": "message", "role": '
START += b'"assistant", "model": "x", "content": [], "stop_reason": null, "stop_sequence": null, "usage": '
START += b'{"input_tokens": 1, "output_tokens": 1}}}\n\n'
STOP = b'event: message_stop\ndata: {"type": "message_stop"}\n\n'
OVERLOADED_EVENT = (
    b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between tries, none of which is waited for; dice fall on 1 and the weather is fine."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("triage.client.policy.sleep", waited.append)
    monkeypatch.setattr("triage.client.policy.sleep_async", note)
    monkeypatch.setattr("random.uniform", lambda least, most: 1.0)
    monkeypatch.setattr("triage.client.weather._of_hosts", {})
    return waited


class Api:
    """The API as a function: answers in turn, the last one for ever; keeps what it was asked."""

    def __init__(self, *answers: httpx2.Response | Exception | Callable[[], httpx2.Response]) -> None:
        self.answers = list(answers)
        self.asked: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, httpx2.Response):
            return answer()
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def models(self) -> list[str]:
        return [json.loads(request.content)["model"] for request in self.asked]

    def client(self, *middleware: Any) -> anthropic.Anthropic:
        transport = anthropic.DefaultHttpxClient(transport=httpx2.MockTransport(self))
        return anthropic.Anthropic(
            api_key="made-up", http_client=transport, middleware=middleware, open_telemetry=False, max_retries=5
        )


def error(status: int, kind: str = "api_error", message: str = "", code: str = "", **headers: str) -> httpx2.Response:
    told: dict[str, Any] = {"type": kind, "message": message}
    if code:
        told["details"] = {"error_code": code}
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, json={"type": "error", "error": told}, headers=headers)


def overloaded(**headers: str) -> httpx2.Response:
    return error(529, "overloaded_error", "Overloaded", **headers)


def ok() -> httpx2.Response:
    return httpx2.Response(200, json={**MESSAGE, "model": "x"})


def stream(*parts: bytes) -> Callable[[], httpx2.Response]:
    def body() -> Iterator[bytes]:
        yield from parts

    return lambda: httpx2.Response(200, content=body(), headers={"content-type": "text/event-stream"})


def create(api: Api, **options: Any) -> anthropic.types.Message:
    with with_policy(api.client(), **options) as client:
        return client.messages.create(**PROMPT)


def test_a_passing_failure_is_repeated_on_the_schedule_of_its_cause(waits: list[float]) -> None:
    api = Api(overloaded(), overloaded(), overloaded(), ok())
    assert create(api).content[0].text == "Hello."
    retry = load().causes["overloaded"].retry
    assert waits == [retry.first_wait, retry.first_wait * 2, retry.first_wait * 4]
    assert [request.headers["x-stainless-retry-count"] for request in api.asked] == ["0", "1", "2", "3"]


def test_the_sdks_own_retries_are_off_and_the_tries_end_with_the_causes_number(waits: list[float]) -> None:
    api = Api(overloaded())
    with pytest.raises(anthropic.OverloadedError) as caught:
        create(api)
    assert caught.value.status_code == 529
    assert len(api.asked) == load().causes["overloaded"].retry.attempts


@pytest.mark.parametrize(
    "answer",
    [
        error(400, "invalid_request_error", "max_tokens: Field required"),
        error(401, "authentication_error", "invalid x-api-key"),
        error(403, "permission_error", "no"),
        error(404, "not_found_error", "model: claude-opus-4.8"),
        error(413, "request_too_large", "Request exceeds the maximum size"),
        error(429, "rate_limit_error", "anything", "enforced_spend_limit_reached"),
        error(429, "rate_limit_error", json.loads(FAULTS["429_spend_cap"].body)["error"]["message"]),
        error(529, "overloaded_error", "Overloaded", x_should_retry="false"),
    ],
    ids=["400", "401", "403", "404", "413", "spend-code", "spend-words", "said-no"],
)
def test_what_can_not_succeed_is_sent_once(answer: httpx2.Response, waits: list[float]) -> None:
    api = Api(answer)
    with pytest.raises(anthropic.APIStatusError) as caught:
        create(api)
    assert (len(api.asked), waits) == (1, [])
    assert caught.value.body == answer.json()


def test_an_answer_that_asks_to_be_repeated_is(waits: list[float]) -> None:
    api = Api(error(400, "invalid_request_error", "strange", x_should_retry="true"), ok())
    create(api)
    assert waits == [0.5]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0.25"}, 0.25),
        ({"retry_after_ms": "1500", "retry_after": "7"}, 1.5),
        ({"retry_after": "Sun, 22 Nov 2026 11:00:30 GMT"}, 30.0),
        ({"retry_after": "Sun, 22 Nov 2026 10:00:00 GMT"}, 2.0),
        ({"retry_after": "soon"}, 2.0),
        ({"retry_after": "0"}, 2.0),
    ],
)
def test_the_wait_that_the_answer_asks_for_is_kept(
    headers: dict[str, str], wait: float, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_795_345_200.0)  # 2026-11-22 11:00:00 UTC
    create(Api(overloaded(**headers), ok()))
    assert waits == [pytest.approx(wait)]


def test_a_wait_beyond_the_bound_ends_the_call_at_once(waits: list[float]) -> None:
    steps: list[Step] = []
    with pytest.raises(anthropic.RateLimitError):
        create(Api(error(429, "rate_limit_error", retry_after="3600")), on_attempt=steps.append)
    assert waits == []
    assert "beyond 120 s in all" in steps[0].why


@pytest.mark.parametrize("bound", [{"max_total_wait": 7.0}, {"deadline": 5.0}], ids=["total", "deadline"])
def test_waits_stay_below_the_bound_in_all_and_below_the_deadline(bound: dict[str, float], waits: list[float]) -> None:
    with pytest.raises(anthropic.OverloadedError):
        create(Api(overloaded()), policy=Policy(stretch=0, **bound))
    assert waits == [2.0, 4.0]  # and not 8 as well


def test_a_deadline_bounds_the_time_of_each_try_too(waits: list[float]) -> None:
    api = Api(ok())
    create(api, policy=Policy(deadline=5.0))
    timeouts = api.asked[0].extensions["timeout"]
    assert all(0 < seconds <= 5.0 for seconds in timeouts.values())


def test_the_number_of_tries_can_be_bounded(waits: list[float]) -> None:
    api = Api(overloaded())
    with pytest.raises(anthropic.OverloadedError):
        create(api, policy=Policy(max_attempts=2))
    assert len(api.asked) == 2


def test_waits_grow_with_the_recent_failures_of_the_process(waits: list[float]) -> None:
    for _ in range(5):
        with pytest.raises(anthropic.OverloadedError):
            create(Api(overloaded()), policy=Policy(max_attempts=1))
    create(Api(overloaded(), ok()))
    assert waits == [6.0]
    waits.clear()
    for _ in range(94):
        create(Api(ok()))
    create(Api(overloaded(), ok()))
    assert waits[0] == pytest.approx(2.0 * (1 + 2 * 7 / 102))


def test_what_lies_back_further_than_a_minute_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("triage.client.weather.time.monotonic", lambda: now[0])
    weather = Weather()
    for _ in range(10):
        weather.note(failed=True)
    assert weather.failing() == 1.0
    now[0] += 61
    assert weather.failing() == 0.0


@pytest.mark.parametrize(
    ("raised", "tries"),
    [
        (httpx2.ConnectError("[Errno 111] Connection refused"), 4),
        (httpx2.ReadTimeout("The read operation timed out"), 3),
        (httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get issuer"), 1),
    ],
    ids=["refused", "timeout", "certificate"],
)
def test_an_attempt_without_an_answer_is_repeated_where_that_can_help(
    raised: Exception, tries: int, waits: list[float]
) -> None:
    api = Api(raised)
    with pytest.raises(anthropic.APIConnectionError):
        create(api)
    assert len(api.asked) == tries


def test_a_mistake_of_the_programs_own_is_not_repeated(waits: list[float]) -> None:
    tried: list[int] = []

    def rude(*_: Any) -> Any:
        tried.append(1)
        raise RuntimeError("mine")

    with with_policy(Api(ok()).client(rude)) as client, pytest.raises(RuntimeError):
        client.messages.create(**PROMPT)
    assert tried == [1]


def test_what_might_be_created_twice_is_repeated_only_where_it_was_not_carried_out(waits: list[float]) -> None:
    for answer, tries in ((error(500), 1), (httpx2.ReadTimeout("timed out"), 1), (overloaded(), 6)):
        api = Api(answer)
        calm = Policy(stretch=0)
        with with_policy(api.client(), policy=calm) as client, pytest.raises(anthropic.APIError):
            client.messages.batches.create(requests=[])
        assert len(api.asked) == tries


def test_another_model_is_asked_once_the_first_is_overloaded_twice(waits: list[float]) -> None:
    steps: list[Step] = []
    api = Api(overloaded(), overloaded(), ok())
    create(api, fallback_model="claude-sonnet-4-6", on_attempt=steps.append)
    assert api.models == ["claude-opus-4-8", "claude-opus-4-8", "claude-sonnet-4-6"]
    assert waits == [2.0, 0.0]
    assert [(step.attempt, step.model, step.fallback_model, step.retries) for step in steps] == [
        (1, "claude-opus-4-8", None, True),
        (2, "claude-opus-4-8", "claude-sonnet-4-6", True),
    ]


def test_another_model_is_asked_on_overload_alone_and_only_if_named(waits: list[float]) -> None:
    for answer, options in ((error(500), {"fallback_model": "claude-sonnet-4-6"}), (overloaded(), {})):
        api = Api(answer)
        with pytest.raises(anthropic.APIStatusError):
            create(api, **options)
        assert set(api.models) == {"claude-opus-4-8"}


def test_the_callers_own_request_is_left_as_it_was(waits: list[float]) -> None:
    prompt = json.loads(json.dumps(PROMPT))
    with with_policy(Api(overloaded(), overloaded(), ok()).client(), fallback_model="m") as client:
        client.messages.create(**prompt)
    assert prompt == PROMPT


def test_a_stream_is_repeated_until_its_first_event_and_comes_whole(waits: list[float]) -> None:
    api = Api(
        overloaded(),
        stream(b"event: ping\ndata: {}\n\n", OVERLOADED_EVENT),
        stream(b": \n\nevent: message", START[14:60], START[60:], STOP),
    )
    with with_policy(api.client()) as client, client.messages.create(**PROMPT, stream=True) as events:
        assert [event.type for event in events] == ["message_start", "message_stop"]
    assert len(api.asked) == 3


def test_a_stream_that_fails_after_its_first_event_is_not_repeated(waits: list[float]) -> None:
    api = Api(stream(START, OVERLOADED_EVENT))
    with with_policy(api.client()) as client, client.messages.create(**PROMPT, stream=True) as events:
        assert next(events).type == "message_start"
        with pytest.raises(anthropic.APIStatusError):
            next(events)
    assert len(api.asked) == 1


def test_a_stream_that_begins_with_what_can_not_succeed_raises_as_ever(waits: list[float]) -> None:
    wrong = OVERLOADED_EVENT.replace(b"overloaded_error", b"invalid_request_error")
    api = Api(stream(wrong))
    with with_policy(api.client()) as client:
        events = client.messages.create(**PROMPT, stream=True)
        with pytest.raises(anthropic.APIStatusError) as caught:
            next(events)
    assert caught.value.body["error"]["type"] == "invalid_request_error"
    assert len(api.asked) == 1


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("way", ["create", "stream", "beta.create", "beta.stream", "raw"])
@pytest.mark.parametrize("fault", ["529_then_ok", "429_then_ok"])
async def test_every_way_to_ask_for_a_message_is_rescued(
    kind: str, way: str, fault: str, upstream: str, waits: list[float]
) -> None:
    if kind == "sync":
        with with_policy(sync_client(upstream, fault)) as client:
            text = ask(client, way)
    else:
        async with with_policy(async_client(upstream, fault)) as asynchronous:
            text = await ask_async(asynchronous, way)
    assert text.startswith("Hel")
    assert len(waits) == 1


def ask(client: anthropic.Anthropic, way: str) -> str:
    messages: Any = client.beta.messages if way.startswith("beta") else client.messages
    if way.endswith("stream"):
        with messages.stream(**PROMPT) as events:
            return events.get_final_text()
    if way == "raw":
        return messages.with_raw_response.create(**PROMPT).parse().content[0].text
    return messages.create(**PROMPT).content[0].text


async def ask_async(client: anthropic.AsyncAnthropic, way: str) -> str:
    messages: Any = client.beta.messages if way.startswith("beta") else client.messages
    if way.endswith("stream"):
        async with messages.stream(**PROMPT) as events:
            return await events.get_final_text()
    if way == "raw":
        return (await (await messages.with_raw_response.create(**PROMPT)).parse()).content[0].text
    return (await messages.create(**PROMPT)).content[0].text


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_reset_connection_is_repeated_and_then_raised_as_the_sdk_raises_it(
    kind: str, upstream: str, waits: list[float]
) -> None:
    with pytest.raises(anthropic.APIConnectionError):
        if kind == "sync":
            with with_policy(sync_client(upstream, "reset")) as client:
                client.messages.create(**PROMPT)
        else:
            async with with_policy(async_client(upstream, "reset")) as asynchronous:
                await asynchronous.messages.create(**PROMPT)
    assert len(waits) == 3


@pytest.mark.parametrize("streamed", [False, True])
def test_the_report_says_what_the_policy_did(
    streamed: bool, waits: list[float], reporter: TriageReporter, dashboard: Dashboard
) -> None:
    good = stream(START, STOP) if streamed else ok()
    api = Api(overloaded(), overloaded(), good)
    with with_policy(api.client(reporter), fallback_model="claude-sonnet-4-6") as client:
        answer = client.messages.create(**PROMPT, stream=streamed)
        if streamed:
            list(answer)
    assert reporter.flush(PATIENCE)
    assert len({report["call"] for report in dashboard.accepted}) == 1
    first, second, rescue = dashboard.accepted
    assert "waited_ms" not in first
    assert (second["attempt"], second["waited_ms"], second["error"]["message"]) == (2, 2000, "Overloaded")
    assert (rescue["outcome"], rescue["model"], rescue["fallback_from"]) == (
        "succeeded",
        "claude-sonnet-4-6",
        "claude-opus-4-8",
    )


def test_what_on_attempt_raises_is_logged_and_changes_nothing(
    waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    create(Api(overloaded(), ok()), on_attempt=lambda _: 1 / 0)
    assert "ZeroDivisionError" in caplog.text


def test_the_table_is_the_knowledges() -> None:
    written = json.loads(TARGET.read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(policies(load()))), "run scripts/write_client_policies.py"


def test_the_table_decides_as_the_engine_does() -> None:
    knowledge = load()
    asked = agreed = 0
    for cause in knowledge.causes.values():
        kind = (cause.seen_with.type or ("",))[0]
        for pattern in cause.patterns:
            words = re.sub(r"<[a-z_]+>", "xyz", pattern.text.replace("<n>", "7"))
            for status in cause.seen_with.status if pattern.kind == "message" else ():
                if status >= 400:
                    engines = diagnose_fields(http_status=status, error_type=kind or None, message=words)
                    ours = judge_answer(status, kind, "", words)
                    if engines.cause != UNKNOWN:
                        assert (ours.schedule is not None) == knowledge.causes[engines.cause].retry.retryable, words
                    asked += 1
                    agreed += ours.cause == engines.cause
    assert asked > 500
    assert agreed / asked > 0.98


def test_each_code_and_exception_of_a_cause_is_judged_as_the_knowledge_says() -> None:
    for cause in load().causes.values():
        for code in cause.seen_with.error_code:
            verdict = judge_answer(cause.seen_with.status[0], "", code, "")
            assert (verdict.schedule is not None) == cause.retry.retryable, code
        if cause.category == "network" and not cause.seen_with.status:
            for exception in cause.seen_with.exception:
                assert (judge_breakdown([exception], "").schedule is not None) == cause.retry.retryable, exception
