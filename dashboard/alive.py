"""``python -m dashboard.alive worker|watcher|beat``: whether that process of this host showed a sign of life; 0 or 1.

For a container's health check, which runs often: it reads one key and imports no Django.
"""

from __future__ import annotations

import os
import socket
import sys

from triage.signs import BEAT_KEY, WATCHER_KEY, WORKER_KEY


def of_this_host(key: str) -> str:
    """Return the key beside ``key`` that only this host's process renews."""
    return f"{key}:{socket.gethostname()}"


def main() -> int:
    """Look for the sign of the part that the argument names in the Redis that REDIS_URL names."""
    from redis import Redis  # noqa: PLC0415 - the keys' names are needed without it

    key = {"worker": WORKER_KEY, "watcher": WATCHER_KEY, "beat": BEAT_KEY}[sys.argv[1]]
    with Redis.from_url(os.environ["REDIS_URL"], socket_timeout=2, socket_connect_timeout=2) as client:
        return 0 if client.exists(of_this_host(key)) else 1


if __name__ == "__main__":
    sys.exit(main())
