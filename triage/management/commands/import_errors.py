"""`manage.py import_errors`: reads log files into a project."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from tqdm import tqdm

from triage.ingest.files import error_guide
from triage.ingest.files.forms import FORMS
from triage.ingest.files.importing import Importer, Outcome
from triage.ingest.files.lines import STANDARD_INPUT, OpenFile, Unreadable, open_file
from triage.ingest.inbox import connect
from triage.management.database import project_named

_SKIPPED = 1
_NOTHING_READ = 2
_INTERRUPTED = 130
_AUTO = "auto"
_ADVICE = {error_guide.NAME: gettext_lazy("This form tells failures only: no rate can be read from these hours.")}


class Command(BaseCommand):
    """Exit codes: 0 all was read, 1 something was skipped (the lines are named), 2 nothing could be read."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.description = _(
            "Read log files into a project, plain or gzip. Read again, or after they have grown, they count once; "
            "broken off, the same command goes on. Exit code 1: something was skipped; 2: nothing could be read."
        )
        parser.add_argument("files", nargs="+", metavar="FILE", help=_("a file, or - for standard input"))
        parser.add_argument("--project", required=True, metavar="SLUG", help=_("the project to read into"))
        parser.add_argument("--format", choices=[_AUTO, *FORMS], default=_AUTO, help=_("what the files are"))
        parser.add_argument("--timezone", default="UTC", help=_("of times that name no offset, as Europe/Berlin"))
        for name in ("service", "team", "environment"):
            parser.add_argument(f"--{name}", default="", help=_("for lines that don't tell theirs"))

    def handle(self, *args: Any, **options: Any) -> None:
        project = project_named(options["project"])
        defaults = {name: options[name] for name in ("service", "team", "environment")}
        with connect(settings.REDIS_URL) as valkey:
            importer = Importer(project.pk, valkey, defaults=defaults, zone=_zone(options["timezone"]))
            read = [self._read(importer, name, options["format"]) for name in options["files"]]
        if len(read) > 1:
            self._total([outcome for outcome in read if outcome is not None])
        if not any(outcome is not None and outcome.telling for outcome in read):
            sys.exit(_NOTHING_READ)
        if any(outcome is None or outcome.skipped or outcome.broken_off for outcome in read):
            sys.exit(_SKIPPED)

    def _read(self, importer: Importer, name: str, form: str) -> Outcome | None:
        """Read one file and say what came of it; None where it could not be read at all."""
        outcome = Outcome()
        try:
            with open_file(name) as opened, _bar(opened) as bar:
                importer.read(opened, outcome, FORMS.get(form), lambda: bar.update(opened.position() - bar.n))
        except Unreadable as error:
            self.stderr.write(_("%(name)s: not read: %(reason)s") % {"name": name, "reason": error})
            return None
        except (OperationalError, InterfaceError) as error:
            self._say(name, outcome, foreign=0)
            message = _("The database is busy or away (%(reason)s). The same command goes on from here.")
            raise CommandError(message % {"reason": error}, returncode=_NOTHING_READ) from None
        except KeyboardInterrupt:
            self._say(name, outcome, foreign=0)
            self.stderr.write(_("Broken off. The same command goes on from here."))
            sys.exit(_INTERRUPTED)
        self._say(name, outcome, opened.foreign_lines)
        return outcome

    def _say(self, name: str, outcome: Outcome, foreign: int) -> None:
        told = {"name": name, "form": outcome.form or "?", "lines": outcome.lines, **_numbers(outcome)}
        self.stdout.write(
            _("%(name)s (%(form)s): %(lines)d lines, %(tries)d tries, %(failures)d failed; calls: ") % told
            + _("%(new)d new, %(known)d known before") % told
        )
        for reason, skipped in outcome.skipped.items():
            numbers = ", ".join(map(str, skipped.examples)) + (", …" if skipped.count > len(skipped.examples) else "")
            told = {"count": skipped.count, "reason": reason, "numbers": numbers}
            self.stderr.write(_("  skipped %(count)d: %(reason)s (line %(numbers)s)") % told)
        if outcome.broken_off:
            self.stderr.write(_("  not read to its end: %(reason)s") % {"reason": outcome.broken_off})
        if foreign:
            self.stderr.write(_("  %(n)d lines are no UTF-8 and were read as Windows-1252") % {"n": foreign})
        if outcome.tries and outcome.form in _ADVICE:
            self.stdout.write(f"  {_ADVICE[outcome.form]}")

    def _total(self, read: list[Outcome]) -> None:
        names = ("tries", "failures", "new_calls", "known_calls", "skipped_lines")
        told = {name: sum(getattr(outcome, name) for outcome in read) for name in names}
        self.stdout.write(
            _("In all: %(tries)d tries, %(failures)d failed; calls: %(new_calls)d new, ") % told
            + _("%(known_calls)d known before; %(skipped_lines)d lines skipped") % told
        )


def _numbers(outcome: Outcome) -> dict[str, int]:
    return {
        "tries": outcome.tries,
        "failures": outcome.failures,
        "new": outcome.new_calls,
        "known": outcome.known_calls,
    }


def _bar(opened: OpenFile) -> tqdm[Any]:
    """Return a progress bar on a terminal; elsewhere it shows nothing."""
    name = _("standard input") if opened.name == STANDARD_INPUT else Path(opened.name).name
    return tqdm(total=opened.size, unit="B", unit_scale=True, desc=name, leave=False, disable=not sys.stderr.isatty())


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = _("“%(name)s” is no time zone; an example is Europe/Berlin.") % {"name": name[:40]}
        raise CommandError(message, returncode=_NOTHING_READ) from None
