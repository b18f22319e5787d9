"""The demo's services call, report, and stop where nobody wants their reports."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from triage.demo import traffic


@asynccontextmanager
async def receiver(status: int) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers every report with ``status``; yields its address and what was posted to it."""
    posted: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:  # the traffic was told to end
            writer.close()
            return
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
        posted.append(head + await reader.readexactly(length))
        writer.write(f"HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", posted
    finally:
        server.close()


async def test_services_of_both_kinds_report() -> None:
    async with receiver(202) as (address, posted):
        running = asyncio.create_task(traffic.run(address, "tri_key", speed=20))
        async with asyncio.timeout(60):
            while not {b"/api/v1/attempts", b"/otlp/v1/traces"} <= {request.split(b" ")[1] for request in posted}:  # noqa: ASYNC110 - the server at hand tells nobody
                await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.wait([running])
    reports = [json.loads(request.split(b"\r\n\r\n", 1)[1]) for request in posted if b"/api/v1/attempts" in request]
    assert {report["outcome"] for report in reports} <= {"succeeded", "failed"}
    assert all(report["attempts"] >= 1 and report["team"] for report in reports)


async def test_the_traffic_ends_when_its_time_is_up() -> None:
    async with receiver(202) as (address, _posted):
        await asyncio.wait_for(traffic.run(address, "tri_key", seconds=0.2), timeout=30)


async def test_the_traffic_ends_in_good_order_when_its_key_is_refused() -> None:
    async with receiver(401) as (address, posted):
        await asyncio.wait_for(traffic.run(address, "tri_gone", speed=30), timeout=30)
    assert posted


def test_an_overload_comes_in_waves_and_strikes_one_model() -> None:
    checkout = next(service for service in traffic.SERVICES if service.model == "claude-opus-4-8")
    calm = Counter(traffic.choose_fault(checkout, elapsed=1) for _ in range(2000))
    storm = Counter(traffic.choose_fault(checkout, elapsed=239) for _ in range(2000))
    assert storm["529"] > 10 * (calm["529"] + 1)
    assert calm["ok"] > storm["ok"]
