"""`manage.py export_errors`: writes what a project holds as lines that `import_errors` reads."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from triage.ingest.files.form import moment
from triage.ingest.files.writing import WRITERS
from triage.management.database import project_named


class Command(BaseCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.description = _("Write what a project holds to standard output, one JSON object a line.")
        parser.add_argument("--project", required=True, metavar="SLUG", help=_("the project to write"))
        parser.add_argument("--since", metavar="TIME", help=_("ISO 8601, UTC where it names no offset; inclusive"))
        parser.add_argument("--until", metavar="TIME", help=_("the same; exclusive"))
        parser.add_argument(
            "--format", choices=WRITERS, default="ours", help=_("ours loses nothing; guide has failures only")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        project = project_named(options["project"])
        since, until = (_time(options[name]) for name in ("since", "until"))
        try:
            for told in WRITERS[options["format"]](project, since, until):
                self.stdout.write(json.dumps(told, ensure_ascii=False))
        except BrokenPipeError:  # the reader, such as head, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _time(told: str | None) -> dt.datetime | None:
    if told is None:
        return None
    at = moment(told, dt.UTC)
    if at is None:
        message = _("“%(time)s” is no ISO 8601 time; an example is 2026-11-21T22:00.") % {"time": told[:40]}
        raise CommandError(message, returncode=2)
    return at
