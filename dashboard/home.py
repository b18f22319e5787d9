"""The folder that holds everything this server writes: data, keys, sockets."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

_LONGEST_SOCKET_PATH = 100  # bytes; the kernel's limit for sun_path is 108 (unix(7))


def prepare(home: Path) -> Path:
    """Create ``home`` for its owner alone where it doesn't exist, and return it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


def secret_key(home: Path) -> str:
    """Return the server's secret key from ``home``; made on first use, readable by its owner alone."""
    path = prepare(home) / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    key = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
    return key


def valkey_socket(home: Path) -> Path:
    """Return where the embedded Valkey listens: inside ``home``, or beside it where that path is too long."""
    inside = home / "valkey.sock"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return prepare(Path(tempfile.gettempdir()) / f"triage-{os.getuid()}-{digest}") / "valkey.sock"
