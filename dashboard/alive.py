"""Signs of life: keys in Valkey that expire when nobody renews them.

``python -m dashboard.alive worker|watcher|beat`` says whether that process of this host showed one; exit code 0 or 1.
It is a container's health check, which runs often, so nothing here imports Django.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import time

from redis import Redis, RedisError

from triage.signs import BEAT_KEY, WATCHER_KEY, WORKER_KEY

EVERY = 2.0
"""Seconds between two signs of life."""
_GOOD_FOR = 10  # seconds; long enough for a machine that is busy elsewhere


def signing_client(url: str) -> Redis:
    """Return a connection for signs of life; it gives up soon where Valkey is away."""
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)


def sign(connection: Redis, key: str) -> None:
    """Renew the sign ``key``, for all and for this host; Valkey being away is for others to report."""
    with contextlib.suppress(RedisError, OSError):
        value = json.dumps({"pid": os.getpid(), "at": time.time()})
        with connection.pipeline(transaction=False) as pipeline:
            pipeline.set(key, value, ex=_GOOD_FOR)
            pipeline.set(of_this_host(key), value, ex=_GOOD_FOR)
            pipeline.execute()


def of_this_host(key: str) -> str:
    """Return the key beside ``key`` that only this host's process renews."""
    return f"{key}:{socket.gethostname()}"


def main() -> int:
    """Look for the sign of the part that the argument names in the Redis that REDIS_URL names."""
    key = {"worker": WORKER_KEY, "watcher": WATCHER_KEY, "beat": BEAT_KEY}[sys.argv[1]]
    with signing_client(os.environ["REDIS_URL"]) as client:
        return 0 if client.exists(of_this_host(key)) else 1


if __name__ == "__main__":
    sys.exit(main())
