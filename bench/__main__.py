"""``python -m bench``: what reporting costs a program and this server, and how fast diagnoses and pages are."""

from __future__ import annotations

import asyncio
import time

from bench import client, diagnosis, load, pages
from bench.server import PARTS, Server, running_server

_REPORTS = {"400-byte": 20_000, "23-KB": 4_000}


def main() -> None:
    """Run every benchmark on a fresh server and print the figures."""
    client.main()
    diagnosis.main()
    with running_server() as server:
        key = server.manage("ingest_key", "bench")
        asyncio.run(load.send(server.port, key, [load.report(400) for _ in range(500)]))
        server.wait_until_digested()
        print(f"memory at rest: {server.resident_megabytes():.0f} MB resident, all processes together\n")
        for name, size in load.SIZES.items():
            _intake(server, key, name, size)
    with running_server() as server:
        key = server.manage("ingest_key", "bench")
        pages.fill(server, key)
        print(f"pages with {pages.STORED_ATTEMPTS:,} attempts stored, ms:   median      p95")
        for page, (median, slow) in pages.measure(server).items():
            print(f"  {page:<44}{median:>10.1f}{slow:>9.1f}")


def _intake(server: Server, key: str, name: str, size: int) -> None:
    count = _REPORTS[name]
    bodies = [load.report(size) for _ in range(count)]
    before, began = server.cpu_seconds(), time.perf_counter()
    accepted = asyncio.run(load.send(server.port, key, bodies))
    sent = time.perf_counter() - began
    server.wait_until_digested()
    done = time.perf_counter() - began
    used = {part: (server.cpu_seconds()[part] - before[part]) * 1000 / count for part in PARTS}
    print(f"{count:,} reports of {name}: {accepted:,} accepted")
    print(f"  accepted/s {accepted / sent:,.0f}   digested/s end to end {accepted / done:,.0f}")
    print(
        f"  CPU-ms a report: accepting {used['web'] + used['valkey']:.3f} (web {used['web']:.3f}, Valkey "
        f"{used['valkey']:.3f}), digesting {used['worker']:.3f}, together {sum(used.values()):.3f}\n"
    )


if __name__ == "__main__":
    main()
