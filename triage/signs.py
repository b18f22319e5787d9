"""The keys in Valkey by which each process shows that it lives. Imports nothing: a container's check reads one."""

from __future__ import annotations

WORKER_KEY = "triage:heartbeat:worker"
WATCHER_KEY = "triage:heartbeat:watcher"
BEAT_KEY = "triage:heartbeat:beat"
