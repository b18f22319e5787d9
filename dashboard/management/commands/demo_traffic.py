"""``manage.py demo_traffic``: the demo's programs, calling a stand-in of the API and reporting to this server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dashboard.programs import DEMO_KEY_VARIABLE
from triage.demo import project, traffic

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = (
        "Run the demo's services against a stand-in of the Claude API until Ctrl-C; they report into the demo project."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--base", default=f"http://127.0.0.1:{settings.PORT}", help="where this server is reached")
        parser.add_argument("--speed", type=float, default=1.0, help="a factor on how often the services call")
        parser.add_argument("--seconds", type=float, help="stop after so many seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        # What the demo's services fail with belongs on the pages, not in the log.
        for name in ("opentelemetry", "httpx2"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            key = os.environ.get(DEMO_KEY_VARIABLE) or project.prepare()
        except ValueError as error:
            raise CommandError(f"The demo can't start: {error}.") from error
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(traffic.run(options["base"], key, speed=options["speed"], seconds=options["seconds"]))
