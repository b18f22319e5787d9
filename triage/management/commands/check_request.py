"""`manage.py check_request`: finds, without asking the API, what it would refuse in a Messages request."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, get_args

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from triage.checker import CheckResult, Finding, check
from triage.knowledge import load
from triage.knowledge.facts import Endpoint

_WIDTH = 96
_FOUND = 1
_UNREADABLE = 2


class Command(BaseCommand):
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.description = _("Find what the API would refuse in a request or a batch (JSONL). Nothing is sent.")
        parser.add_argument("file", nargs="?", metavar="FILE", help=_("standard input when left out, or -"))
        parser.add_argument("--json", action="store_true", help=_("print one JSON object"))
        parser.add_argument("--mended", metavar="FILE", help=_("write the mended request to FILE"))
        parser.add_argument("--diff", action="store_true", help=_("print the mended request as a diff"))
        parser.add_argument("--all", action="store_true", help=_("look at everything, however much there is"))
        parser.add_argument("--endpoint", choices=get_args(Endpoint), default="messages", help=_("where it goes"))

    def handle(self, *args: Any, **options: Any) -> None:
        result = check(_read(options["file"]), endpoint=options["endpoint"], whole=options["all"])
        if options["mended"] and result.unreadable is None:
            self._write(result, options["mended"])
        try:
            if options["json"]:
                self.stdout.write(json.dumps(result.as_dict(with_mended=options["diff"])))
            else:
                self._print(result, with_diff=options["diff"])
        except BrokenPipeError:  # the reader, such as head, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if result.unreadable:
            sys.exit(_UNREADABLE)
        if result.findings:
            sys.exit(_FOUND)

    def _print(self, result: CheckResult, *, with_diff: bool) -> None:
        if result.unreadable:
            self.stdout.write(self.style.ERROR(_("Not checked.")) + f" {_plain(result.unreadable.message)}")
            return
        if result.findings:
            count = len(result.findings) + result.unlisted
            self.stdout.write(self.style.ERROR(ngettext("%(n)d finding", "%(n)d findings", count) % {"n": count}))
        else:
            self.stdout.write(self.style.SUCCESS(_("Nothing found that the API would refuse.")))
        for finding in result.findings:
            self._finding(finding)
        self._rest(result)
        if not result.unlisted and result.mended:
            left = len(result.mended.left)
            text = _("All of it can be mended mechanically: --mended FILE writes the request, --diff shows it.")
            if left:
                text = ngettext(
                    "%(n)d finding stays after all mechanical mends: --mended FILE writes the request.",
                    "%(n)d findings stay after all mechanical mends: --mended FILE writes the request.",
                    left,
                ) % {"n": left}
            self.stdout.write(f"\n{text}")
            if with_diff:
                self.stdout.write(_plain(result.mended.diff))
        self.stdout.write("\n" + self.style.MIGRATE_HEADING(_("What can't be known offline")))
        for unknown in result.cannot_know:
            self.stdout.write(_wrapped(f"- {unknown.text}"))

    def _rest(self, result: CheckResult) -> None:
        """Print what is only counted, and what wasn't looked at."""
        for cause, count in sorted(result.unlisted_by_cause.items(), key=lambda each: -each[1]):
            known = load().causes.get(cause)
            text = _("and %(n)s more of the same kind: %(title)s [%(cause)s]")
            told = {"n": f"{count:,}", "title": known.title if known else cause, "cause": cause}
            self.stdout.write(f"\n{text % told}")
        if result.unchecked:
            text = _("%(n)s more requests of the batch weren't looked at; --all looks at everything.")
            self.stdout.write("\n" + self.style.WARNING(text % {"n": f"{result.unchecked:,}"}))

    def _finding(self, finding: Finding) -> None:
        style = self.style.ERROR if finding.severity == "error" else self.style.WARNING
        cause = load().causes.get(finding.cause)
        heading = cause.title if cause else finding.cause
        self.stdout.write("\n" + style(_plain(finding.path) or _("the request")) + f"  {heading} [{finding.cause}]")
        self.stdout.write(_wrapped(finding.message))
        if finding.element:
            self.stdout.write(_wrapped(finding.element))
        if finding.mended:
            costs = _(" Costs: %(costs)s.") % {"costs": finding.mended.costs} if finding.mended.costs else ""
            self.stdout.write(_wrapped(_("Mend: %(does)s.") % {"does": finding.mended.does} + costs))

    def _write(self, result: CheckResult, name: str) -> None:
        if result.mended is None:
            self.stderr.write(_("There is nothing to mend mechanically; %(name)s was not written.") % {"name": name})
            return
        try:
            Path(name).write_text(result.mended.text, encoding="utf-8")
        except OSError as error:
            raise _unusable(_("%(name)s can't be written: %(reason)s"), name, error) from error


def _read(name: str | None) -> bytes:
    if name in (None, "-"):
        return sys.stdin.buffer.read()
    try:
        return Path(str(name)).read_bytes()
    except OSError as error:
        raise _unusable(_("%(name)s can't be read: %(reason)s"), str(name), error) from error


def _unusable(text: str, name: str, error: OSError) -> CommandError:
    reason = os.strerror(error.errno) if error.errno else str(error)
    return CommandError(text % {"name": name, "reason": reason}, returncode=_UNREADABLE)


def _plain(text: str) -> str:
    """Return text that any terminal can print: no lone surrogates, no control characters but line breaks."""
    shown = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in shown)


def _wrapped(text: str) -> str:
    return textwrap.fill(_plain(text), _WIDTH, initial_indent="  ", subsequent_indent="    ")
