"""``python -m dashboard.worker NAME QUEUE``: one of the server's two Celery workers.

Celery's own command line loads an interactive shell with it, which costs each process 25 MB.
"""

from __future__ import annotations

import socket
import sys

from dashboard.celery import app


def main() -> int:
    """Work off the queue until told to stop; return the exit code."""
    name, queue = sys.argv[1:]
    # The solo pool: one process, the least memory, and killing it kills all of it. Gossip, mingle and
    # Celery's own heartbeat are talk among workers that nobody here listens to.
    worker = app.Worker(
        hostname=f"{name}@{socket.gethostname()}",
        queues=[queue],
        pool_cls="solo",
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return worker.exitcode or 0


if __name__ == "__main__":
    sys.exit(main())
