"""What whole-path tests do: run commands, ask the API, and make the real SDK fail."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import anthropic
import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from tests.dashboard.running import ROOT, Server
from triage.demo.upstream import serve

SEEN_WITHIN = 20.0  # seconds; a machine that does nothing else takes less than one
EXPORT_EVERY_MS = 200


def manage(home: Path, *arguments: str) -> str:
    environment = {**os.environ, "TRIAGE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "dashboard.settings"}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def ask(server: Server, key: str, path: str) -> Any:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/api/v1/{path}", headers={"Authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def seen(server: Server, key: str, request_id: str) -> dict[str, Any]:
    """Return the request once the server knows it; fail where that takes too long."""
    deadline = time.monotonic() + SEEN_WITHIN
    while True:
        try:
            found: dict[str, Any] = ask(server, key, f"requests/{request_id}")
        except urllib.error.HTTPError as error:
            error.close()
            assert error.code == 404
            assert time.monotonic() < deadline, f"{request_id} not seen within {SEEN_WITHIN:g} s"
            time.sleep(0.05)
        else:
            return found


def call(server: Server, key: str, fault: str, *, stream: bool = False, retries: int = 0) -> None:
    """Make one call that meets ``fault`` as an instrumented program would; raises as the SDK does."""
    provider = TracerProvider(resource=Resource.create({"service.name": "checkout", "team": "storefront"}))
    exporter = OTLPSpanExporter(
        f"http://127.0.0.1:{server.port}/otlp/v1/traces", headers={"Authorization": f"Bearer {key}"}
    )
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=EXPORT_EVERY_MS))
    try:
        asyncio.run(_talk(provider, fault, stream, retries))
    finally:
        provider.shutdown()


async def _talk(provider: TracerProvider, fault: str, stream: bool, retries: int) -> None:
    prompt: Any = {"model": "claude-opus-4-8", "max_tokens": 8}
    prompt["messages"] = [{"role": "user", "content": "a secret prompt"}]
    async with (
        serve() as upstream,
        anthropic.AsyncAnthropic(
            api_key="made-up",
            base_url=f"{upstream}/s/{fault}",
            max_retries=retries,
            open_telemetry={"tracer_provider": provider},
        ) as client,
    ):
        if stream:
            async with client.messages.stream(**prompt) as events:
                await events.get_final_message()
        else:
            await client.messages.create(**prompt)


def fail(server: Server, key: str, fault: str, *, stream: bool = False) -> str:
    """Make one call that fails with ``fault``; return the request id that the SDK's exception carries."""
    with pytest.raises(anthropic.APIStatusError) as caught:
        call(server, key, fault, stream=stream)
    assert caught.value.request_id is not None
    return caught.value.request_id
