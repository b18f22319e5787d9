"""A program with sentry-sdk as any other: it meets the faults that it is told of and prints what each call ended with.

It runs as a process of its own, since the SDK wraps the classes of ``anthropic`` for good.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import anthropic
import sentry_sdk

from triage.demo.upstream import serve

PROMPT: Any = {
    "model": "claude-opus-4-8",
    "max_tokens": 8,
    "messages": [{"role": "user", "content": "a secret prompt"}],
}


async def call(base: str, fault: str) -> None:
    nowhere = "http://127.0.0.1:9"
    address = nowhere if fault == "refused" else f"{base}/s/{fault}"
    async with anthropic.AsyncAnthropic(api_key="made-up", base_url=address, max_retries=1) as client:
        if fault.startswith("sse_"):
            async with client.messages.stream(**PROMPT) as stream:
                await stream.get_final_message()
        else:
            await client.messages.create(**PROMPT)


async def main(dsn: str, faults: list[str]) -> None:
    sentry_sdk.init(dsn=dsn, release="shop@1.4.2", environment="test", traces_sample_rate=1.0)
    async with serve() as base:
        for fault in faults:
            ended = None
            with sentry_sdk.start_transaction(op="task", name=fault):
                try:
                    await call(base, fault)
                except anthropic.APIError as error:
                    ended = getattr(error, "request_id", None)
                    sentry_sdk.capture_exception(error)
            print(json.dumps({"fault": fault, "request_id": ended}), flush=True)
        sentry_sdk.capture_exception(ZeroDivisionError("of the program's own"))
        await asyncio.to_thread(sentry_sdk.flush, 5)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
