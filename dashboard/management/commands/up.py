"""``manage.py up``: the whole server with one command.

Prepares the folder and the database, then becomes the supervisor (``dashboard.supervisor``),
which starts Valkey, the web server, the worker and beat, and prints how to sign in.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from redis import RedisError

from dashboard import heartbeat, home, programs
from dashboard.heartbeat import BEAT_KEY, WORKER_KEY
from dashboard.management.commands.sign_in_link import sign_in_address
from dashboard.supervisor.plan import Plan
from triage.actions.accounts import server_owner
from triage.demo import project as demo_project

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Run everything: Valkey, the web server, the worker and beat. Ctrl-C stops them all."
    requires_system_checks: list[str] = []  # they would load every page's code before anything starts

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"), help="address to listen at")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port to listen at")
        parser.add_argument("--demo", action="store_true", help="add a demo project with traffic, no API key needed")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        lock = _lock(settings.TRIAGE_HOME)
        _refuse_taken_port(host, port)
        self._prepare()
        url = f"http://{_reachable(host)}:{port}"
        os.environ["PORT"] = str(port)
        _become_supervisor(_plan(host, port, url, with_demo=options["demo"]), lock)

    def _prepare(self) -> None:
        """Bring the database and the static files up to date."""
        self._progress(f"Data in {settings.TRIAGE_HOME}")
        self._progress("Preparing the database")
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except DatabaseError as error:
            name = "DATABASE_URL" if "DATABASE_URL" in os.environ else str(settings.DATABASES["default"]["NAME"])
            raise CommandError(f"The database ({name}) can't be prepared: {str(error).strip()}") from error
        if settings.REDIS_IS_ELSEWHERE:
            _refuse_absent_redis()
        self._progress("Collecting static files")
        call_command("collectstatic", interactive=False, verbosity=0)

    def _progress(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _plan(host: str, port: int, url: str, *, with_demo: bool) -> Plan:
    link = sign_in_address(url, server_owner())
    demo = [programs.demo(url, _demo_key())] if with_demo else []
    connections[DEFAULT_DB_ALIAS].close()
    return Plan(
        home=str(settings.TRIAGE_HOME),
        url=url,
        greeting=["", f"Triage is ready at {url}/", "Sign in as its owner (once, within a day):", f"  {link}", ""],
        programs=[*programs.everything(host, port), *demo],
        valkey_socket="" if settings.REDIS_IS_ELSEWHERE else str(home.valkey_socket(settings.TRIAGE_HOME)),
        volatile_keys=[WORKER_KEY, BEAT_KEY],
    )


def _demo_key() -> str:
    """Return a key of the demo's project; raise CommandError where a real project has its name."""
    try:
        return demo_project.prepare()
    except ValueError as error:
        raise CommandError(f"The demo can't start: {error}.") from error


def _lock(folder: Path) -> int:
    """Lock ``folder`` for one server at a time; return the open descriptor that holds the lock.

    Raises CommandError where another server has it.
    """
    descriptor = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
        raise CommandError(
            f"A server is running with {folder} already (process {pid}). Stop it, or set TRIAGE_HOME to another folder."
        ) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def _refuse_taken_port(host: str, port: int) -> None:
    """Raise CommandError where nobody could listen at ``host``:``port``."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:  # a port above 65535 overflows
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandError(f"Can't listen at {host} port {port}: {reason}. Name another with PORT=NUMBER") from None


def _refuse_absent_redis() -> None:
    """Raise CommandError where the Redis that REDIS_URL names doesn't answer."""
    try:
        with heartbeat.client() as client:
            client.ping()
    except (RedisError, OSError) as error:
        raise CommandError(f"The Redis that REDIS_URL names does not answer: {error}") from None


def _reachable(host: str) -> str:
    """Return what to write into an address for a server that listens at ``host``."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _become_supervisor(plan: Plan, lock: int) -> None:
    """Replace this process by the supervisor: same process id, a fraction of the memory.

    The plan travels in a file without a name: an argument would show the sign-in link to everybody
    who lists processes.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        file.write(plan.to_json())
        file.flush()
        file.seek(0)
        os.set_inheritable(file.fileno(), True)
        os.set_inheritable(lock, True)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(settings.BASE_DIR), os.environ.get("PYTHONPATH")]))
        os.execv(sys.executable, [sys.executable, "-m", "dashboard.supervisor", str(file.fileno())])  # noqa: S606
