"""How the embedded Valkey has to run so that nothing it acknowledged is lost. Imports nothing: the starter is lean."""

from __future__ import annotations

VALKEY_OPTIONS: dict[str, str] = {
    # The inbox is the only copy of a report between its 2xx and its digest, so every write goes to the file.
    "appendonly": "yes",
    # "always" writes and syncs before a reply leaves, so an acknowledged append outlives a killed process and a power
    # cut. "everysec" does not even outlive a kill: while a background fsync is running, Valkey postpones write(2) for
    # up to two seconds and answers all the same (flushAppendOnlyFile in aof.c). "no" outlives a kill, not a power cut.
    # Bodies that arrive together are appended in one round trip, so they share one sync.
    "appendfsync": "always",
    # A rewrite of the file must not suspend that promise.
    "no-appendfsync-on-rewrite": "no",
    # A write that a crash cut short was never acknowledged: drop it and start.
    "aof-load-truncated": "yes",
    "auto-aof-rewrite-percentage": "100",
    "auto-aof-rewrite-min-size": "64mb",
    # No snapshots beside the append-only file: they fork, and they promise less.
    "save": "",
    # A full memory has to refuse the append (the client is told to come back), never to evict what was accepted.
    "maxmemory-policy": "noeviction",
    "databases": "1",
}
"""Names and values of ``valkey.conf``; the folder, the socket and the port are the starter's business."""
