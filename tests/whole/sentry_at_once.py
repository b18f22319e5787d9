"""A program with sentry-sdk that makes many calls at once: each fault that it is told of, so many times.

It runs as a process of its own, since the SDK wraps the classes of ``anthropic`` for good.
"""

from __future__ import annotations

import asyncio
import sys

import anthropic
import sentry_sdk

from tests.whole.sentry_program import call
from triage.demo.upstream import serve


async def report(base: str, fault: str) -> None:
    with sentry_sdk.isolation_scope(), sentry_sdk.start_transaction(op="task", name=fault):
        try:
            await call(base, fault)
        except anthropic.APIError as error:
            sentry_sdk.capture_exception(error)


async def main(dsn: str, times: int, faults: list[str]) -> None:
    sentry_sdk.init(dsn=dsn, release="shop@1.4.2", environment="test", traces_sample_rate=1.0)
    async with serve() as base:
        await asyncio.gather(*(report(base, fault) for fault in faults * times))
        await asyncio.to_thread(sentry_sdk.flush, 10)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
