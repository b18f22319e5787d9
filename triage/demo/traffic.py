"""A small company's programs at work: the real SDK calls the stand-in and reports to this server as any team's would.

Half of the services report through OpenTelemetry, which tells no messages; the other half post our own JSON, which
does. A newcomer sees both kinds side by side, as a real team would have them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import anthropic
import httpx2
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from triage.demo.tls import self_signed
from triage.demo.upstream import serve

log = logging.getLogger(__name__)

_EXPORT_EVERY_MS = 500
_STORM_EVERY = 240.0  # seconds from one overload to the next
_STORM_LASTS = 60.0  # seconds
_TIMEOUT = 2.0  # seconds that a demo client waits for an answer
_REFUSED_BY_TRIAGE = (401, 403)


@dataclass(frozen=True)
class Service:
    """One program of the demo's company; ``faults`` are chances in percent, the rest of its calls succeed."""

    name: str
    team: str
    model: str
    reports: Literal["otlp", "json"]
    faults: Mapping[str, float]
    streams: bool = False
    calls_a_minute: float = 30


SERVICES = (
    Service(
        "checkout-assistant",
        "storefront",
        "claude-opus-4-8",
        "json",
        {"529_then_ok": 4, "429": 2, "400_prompt_too_long": 1, "502_html": 1, "reset": 0.7, "hang": 0.3},
        calls_a_minute=50,
    ),
    Service(
        "search-summaries",
        "storefront",
        "claude-haiku-4-5",
        "otlp",
        {"429_then_ok": 5, "sse_overloaded": 2, "500": 1, "504": 0.5, "sse_cut": 0.5},
        streams=True,
        calls_a_minute=40,
    ),
    Service(
        "ticket-triage",
        "back-office",
        "claude-sonnet-4-6",
        "json",
        {
            "400_tool_use": 3,
            "400_empty_content": 1.5,
            "400_unknown_field": 1,
            "404_model": 1,
            "401": 1,
            "403_html": 0.7,
            "413": 0.5,
            "429_spend_cap": 0.5,
            "bad_tls": 0.5,
            "refused": 0.5,
        },
        calls_a_minute=40,
    ),
    Service(
        "invoice-reader",
        "back-office",
        "claude-opus-4-8",
        "otlp",
        {"400_credit": 2, "403": 0.6, "402": 0.4, "409": 0.3, "503_html": 1, "522_html": 0.6, "529": 1},
        calls_a_minute=25,
    ),
)


@dataclass(frozen=True)
class Target:
    """Where the demo's programs report, and the stand-in's addresses that they call."""

    triage: str
    key: str
    upstream: str
    bad_tls: str

    def base_url(self, fault: str) -> str:
        """Return the base address whose calls meet ``fault``."""
        if fault == "bad_tls":
            return f"{self.bad_tls}/s/ok"
        if fault == "refused":
            return "http://127.0.0.1:9"  # the discard port: nothing listens there
        return f"{self.upstream}/s/{fault}"


class KeyRefused(Exception):
    """The server no longer takes the demo's key: its project was deleted."""


async def run(triage: str, key: str, *, speed: float = 1.0, seconds: float | None = None) -> None:
    """Keep the demo's services calling and reporting until ``seconds`` are over, or for ever.

    Args:
        triage: the base address of this server.
        key: an ingest key of the demo's project.
        speed: a factor on how often each service calls.
        seconds: how long, or None for until it is cancelled or the key is refused.
    """
    async with serve() as upstream, serve(tls=self_signed()) as bad_tls:
        target = Target(triage.rstrip("/"), key, upstream, bad_tls)
        started = time.monotonic()
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for service in SERVICES:
                    group.create_task(_keep_calling(service, target, started, speed))
        except* KeyRefused:
            log.info("The server refuses the demo's key: its project was deleted. The traffic ends.")
        except* TimeoutError:
            log.info("The demo's traffic ends after %g s.", seconds)


async def _keep_calling(service: Service, target: Target, started: float, speed: float) -> None:
    reporter: OtlpReporter | JsonReporter
    reporter = OtlpReporter(service, target) if service.reports == "otlp" else JsonReporter(service, target)
    running: set[asyncio.Task[None]] = set()
    try:
        while True:
            await asyncio.sleep(random.expovariate(service.calls_a_minute * speed / 60))
            fault = choose_fault(service, time.monotonic() - started)
            task = asyncio.create_task(reporter.call(fault))
            running.add(task)
            for finished in [done for done in running if done.done()]:
                running.discard(finished)
                finished.result()
    finally:
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        await reporter.close()


def choose_fault(service: Service, elapsed: float) -> str:
    """Return the fault that a call of ``service`` meets ``elapsed`` seconds after the demo began, mostly ``ok``."""
    in_storm = elapsed % _STORM_EVERY > _STORM_EVERY - _STORM_LASTS
    if in_storm and service.model == "claude-opus-4-8" and random.random() < 0.4:
        return random.choice(("529", "529", "529_then_ok"))
    dice = random.uniform(0, 100)
    for fault, chance in service.faults.items():
        dice -= chance
        if dice < 0:
            return fault
    return "ok"


class OtlpReporter:
    """A service that reports as the SDK does by itself: spans, through an OpenTelemetry tracer provider."""

    def __init__(self, service: Service, target: Target) -> None:
        self.service = service
        self.target = target
        self.provider = TracerProvider(
            resource=Resource.create(
                {"service.name": service.name, "team": service.team, "deployment.environment": "demo"}
            )
        )
        exporter = OTLPSpanExporter(
            f"{target.triage}/otlp/v1/traces", headers={"Authorization": f"Bearer {target.key}"}, timeout=5
        )
        self.provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_EXPORT_EVERY_MS))
        self.client = _client({"tracer_provider": self.provider})

    async def call(self, fault: str) -> None:
        """Make one call that meets ``fault``; the SDK's span tells how it went."""
        with contextlib.suppress(anthropic.AnthropicError, httpx2.HTTPError):
            await _ask(self.client, self.service, self.target, fault)

    async def close(self) -> None:
        """Send what is still held back, stop the exporter's thread, and let go of the connections."""
        await asyncio.to_thread(self.provider.shutdown)
        await self.client.close()


class TryCounter(anthropic.Middleware):
    """Counts the tries of one call: the SDK runs a middleware once for each of its own."""

    def __init__(self) -> None:
        self.made = 0

    async def handle_async(self, request: Any, call_next: Any) -> Any:
        """Count, and pass on."""
        self.made += 1
        return await call_next(request)


class JsonReporter:
    """A service that posts a line of our own JSON about each of its calls."""

    def __init__(self, service: Service, target: Target) -> None:
        self.service = service
        self.target = target
        self.http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {target.key}"}, timeout=5)
        self.client = _client(False)

    async def call(self, fault: str) -> None:
        """Make one call that meets ``fault`` and report how it went.

        Raises:
            KeyRefused: the server takes the key no more.
        """
        started = time.time()
        report: dict[str, Any] = {
            "id": uuid.uuid4().hex,
            "service": self.service.name,
            "team": self.service.team,
            "environment": "demo",
            "model": self.service.model,
            "client": f"anthropic-python/{anthropic.__version__}",
            "streamed": self.service.streams,
        }
        tries = TryCounter()
        try:
            answer = await _ask(self.client.with_middleware(tries), self.service, self.target, fault)
        except (anthropic.AnthropicError, httpx2.HTTPError) as error:
            report |= {"outcome": "failed", **describe(error)}
        else:
            report |= {
                "outcome": "succeeded",
                "request_id": answer._request_id,
                "status": 200,
                "tokens": {"input": answer.usage.input_tokens, "output": answer.usage.output_tokens},
            }
        report |= {"attempts": tries.made, "at": time.time(), "duration_ms": round((time.time() - started) * 1000)}
        with contextlib.suppress(httpx2.HTTPError):
            reply = await self.http.post(f"{self.target.triage}/api/v1/attempts", json=report)
            if reply.status_code in _REFUSED_BY_TRIAGE:
                raise KeyRefused

    async def close(self) -> None:
        """Let go of the connections; nothing is held back, for each report was posted at once."""
        await self.client.close()
        await self.http.aclose()


def describe(error: Exception) -> dict[str, Any]:
    """Return what an exception of the SDK tells, in the fields of our own JSON."""
    described: dict[str, Any] = {
        "exception": type(error).__name__,
        "error": {"message": str(error)},
        "cause_chain": [repr(cause) for cause in _chain(error)],
    }
    if isinstance(error, anthropic.APIStatusError):
        described |= {
            "status": error.status_code,
            "request_id": error.request_id,
            "error": {"type": error.type, "code": error.error_code, "message": error.api_message or error.message},
            "headers": {
                name: value
                for name, value in error.response.headers.items()
                if name.startswith(("anthropic-ratelimit-", "retry-after", "cf-ray", "server"))
            },
        }
    return described


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    cause = error.__cause__
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return chain


def _client(open_telemetry: Any) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(api_key="demo", timeout=_TIMEOUT, open_telemetry=open_telemetry)


async def _ask(
    client: anthropic.AsyncAnthropic, service: Service, target: Target, fault: str
) -> anthropic.types.Message:
    retries = 2 if fault.endswith("then_ok") else random.choice((0, 0, 1))
    there = client.with_options(base_url=target.base_url(fault), max_retries=retries)
    prompt: Any = {"model": service.model, "max_tokens": 256, "messages": [{"role": "user", "content": "Hello"}]}
    if not service.streams:
        created: anthropic.types.Message = await there.messages.create(**prompt)
        return created
    async with there.messages.stream(**prompt) as stream:
        return await stream.get_final_message()
