"""``manage.py run web|worker|watcher|beat``: one process of the server, as a container runs it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections

from dashboard.programs import beat, watcher, web, worker

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Become one process of the server. Where everything runs on one machine, 'up' does it all."
    requires_system_checks: list[str] = []  # they would load every page's code before anything starts

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("part", choices=["web", "worker", "watcher", "beat"])
        parser.add_argument("--host", default="127.0.0.1", help="where web listens")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port at which web listens")

    def handle(self, *args: Any, **options: Any) -> None:
        parts = {"worker": worker, "watcher": watcher, "beat": beat}
        part = options["part"]
        program = web(options["host"], options["port"]) if part == "web" else parts[part]()
        connections.close_all()
        os.environ.update(program.environment)
        os.execv(program.argv[0], program.argv)  # noqa: S606 - signals reach the program itself
