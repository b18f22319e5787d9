"""The names that processes share: the keys in Valkey by which each shows that it lives, and the second worker's.

Imports nothing: a container's check and beat read them without Django.
"""

from __future__ import annotations

WORKER_KEY = "triage:heartbeat:worker"
WATCHER_KEY = "triage:heartbeat:watcher"
BEAT_KEY = "triage:heartbeat:beat"

WATCHER = "watcher"
"""The queue, and the worker, of what may wait for others: checks, messages, cleaning. The digest has its own."""
