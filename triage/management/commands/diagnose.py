"""`manage.py diagnose`: names the cause of a pasted error, for a person or for a script."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from triage.diagnosis import Diagnosis, FoundError, diagnose, draft_entry
from triage.knowledge import Cause, Code, Fix, load

_WIDTH = 96
_UNKNOWN = 2
"""Exit code where no cause was named."""


class Command(BaseCommand):
    help = "Name the cause of an error: of a file, of standard input, or of a code or slug."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", nargs="?", metavar="FILE|CODE|SLUG", help=_("standard input when left out, or -"))
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help=_("print one JSON object"))
        form.add_argument(
            "--jsonl", action="store_true", help=_('read lines {"id", "text"} and write one JSON object a line')
        )
        form.add_argument("--draft", action="store_true", help=_("print a YAML draft of the entry that is missing"))
        form.add_argument("--explain", metavar="SLUG", help=_("explain a cause or a code of the reference"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._run(options)
        except BrokenPipeError:  # the reader, such as head, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _run(self, options: dict[str, Any]) -> None:
        if options["explain"]:
            self._explain(options["explain"])
        elif options["jsonl"]:
            self._lines(options["what"])
        elif options["what"] and not Path(options["what"]).exists() and self._known(options["what"]):
            self._explain(options["what"])
        else:
            self._one(_read(options["what"]), as_json=options["json"], as_draft=options["draft"])

    @staticmethod
    def _known(name: str) -> bool:
        return name in load().causes or name in load().codes

    def _one(self, text: str, *, as_json: bool, as_draft: bool) -> None:
        result = diagnose(text)
        if as_draft:
            self.stdout.write(draft_entry(result, timezone.localdate()), ending="")
        elif as_json:
            self.stdout.write(json.dumps(result.as_dict(), ensure_ascii=False))
        else:
            self._print(result, text)
        if not result.known:
            sys.exit(_UNKNOWN)

    def _lines(self, name: str | None) -> None:
        for number, line in enumerate(_read(name).split("\n"), start=1):
            if not line.strip():
                continue
            try:
                ident, text = _entry(line)
            except (ValueError, TypeError, RecursionError) as error:
                reason = str(error)
                self.stderr.write(_("line %(number)d: %(reason)s") % {"number": number, "reason": reason})
                continue
            self.stdout.write(json.dumps(diagnose(text).as_line(ident), ensure_ascii=False))

    def _print(self, result: Diagnosis, text: str) -> None:
        style = self.style
        if result.known:
            cause = load().causes[result.cause]
            self.stdout.write(style.SUCCESS(cause.title) + f"  [{cause.slug}]")
            self._pair(_("Confidence"), f"{result.confidence:.0%}")
        else:
            self.stdout.write(style.WARNING(_("Unknown: the text names no cause.")))
            cause = None
        self._facts(result)
        for reason in [reason for reason in result.reasons if reason.spans][:3]:
            words = " … ".join(_excerpt(text, span.start, span.end) for span in reason.spans if span.end > span.start)
            self._pair(_("Because"), reason.text + (f" «{words}»" if words else ""))
        if cause is not None:
            self._cause(cause)
        else:
            self._open(result)
        for note in result.notes:
            self._pair(_("Note"), note)

    def _facts(self, result: Diagnosis) -> None:
        self._pair(_("Category"), result.category)
        verdict = {True: _("yes"), False: _("no"), None: _("can't be told")}[result.retryable]
        self._pair(_("Retry"), verdict + (f" ({result.retry_after:g} s)" if result.retry_after is not None else ""))
        status = " ".join(str(part) for part in (result.http_status, result.error_type, result.error_code) if part)
        self._pair(_("Answer"), status)
        self._pair(_("Request id"), result.request_id or "")
        self._pair(_("Through"), ", ".join(result.wrappers))
        if result.resets_at is not None:
            self._pair(_("Limit ends"), result.resets_at.at or result.resets_at.text)
        if result.credential is not None:
            name = f" ({result.credential.name})" if result.credential.name else ""
            self._pair(_("Credential"), result.credential.kind.replace("_", " ") + name)
        self._pair(_("Part at fault"), ", ".join(pointer.path for pointer in result.pointers[:5]))
        if result.fault is not None:
            self._pair(_("Where it arose"), result.fault.sentence)
            for ask in result.fault.asks:
                self._pair(_("To find out (%(client)s)") % {"client": ask.client}, ask.line)
        for error in result.errors if len(result.errors) > 1 else ():
            self._error(error)

    def _error(self, error: FoundError) -> None:
        words = " ".join(str(part) for part in (error.status, error.type, error.cause) if part)
        times = f" ×{error.times}" if error.times > 1 else ""
        label = _("Error that decides") if error.decides else _("Other error")
        self._pair(label, " ".join(part for part in (f"{words}{times}:", error.why, error.note) if part))

    def _open(self, result: Diagnosis) -> None:
        knowledge = load()
        for slug in result.questions[:3]:
            question = knowledge.questions[slug]
            self._pair(_("Question"), f"{question.text} {question.how}")
        possible = [knowledge.causes[one.cause].title for one in result.candidates[:5]]
        self._pair(_("Possible"), "; ".join(possible))

    def _cause(self, cause: Cause) -> None:
        self._pair(_("Meaning"), cause.meaning)
        self._pair(_("Who acts"), cause.who_acts.replace("_", " "))
        self._pair(_("Retrying"), cause.retry.note)
        self._fixes(cause.fixes)
        self._pair(_("Verify"), cause.verify)
        for neighbour in cause.neighbours:
            self._pair(_("Not to be confused with"), f"{neighbour.slug}: {neighbour.difference}")

    def _explain(self, name: str) -> None:
        knowledge = load()
        if name in knowledge.causes:
            cause = knowledge.causes[name]
            self.stdout.write(self.style.SUCCESS(cause.title) + f"  [{cause.slug}]")
            self._pair(_("Category"), cause.category)
            self._pair(_("Retry"), _("yes") if cause.retry.retryable else _("no"))
            self._cause(cause)
        elif name in knowledge.codes:
            self._code(knowledge.codes[name])
        else:
            raise CommandError(_("%(name)s is neither a cause nor a code of the reference.") % {"name": name})

    def _code(self, code: Code) -> None:
        self.stdout.write(self.style.SUCCESS(code.title) + f"  [{code.slug}]")
        self._pair(_("Category"), code.category)
        self._pair(_("Retry"), _("yes") if code.retry.retryable else _("no"))
        self._pair(_("Meaning"), code.meaning)
        self._pair(_("Retrying"), code.retry.note)
        self._fixes(code.fixes)
        self._pair(_("Causes"), ", ".join(code.causes))

    def _fixes(self, fixes: tuple[Fix, ...]) -> None:
        for number, fix in enumerate(fixes, start=1):
            self._pair(_("Fix") + f" {number}", fix.do)
            for snippet in fix.snippets:
                self.stdout.write(textwrap.indent(snippet.code, "        "))

    def _pair(self, label: str, value: str) -> None:
        if value:
            words = textwrap.fill(value, _WIDTH, initial_indent="  ", subsequent_indent="      ")
            self.stdout.write(self.style.MIGRATE_HEADING(f"  {label}:") + words[1:])


def _read(name: str | None) -> str:
    if name in (None, "-"):
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    try:
        return Path(str(name)).read_bytes().decode("utf-8", "replace")
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise CommandError(_("%(name)s can't be read: %(reason)s") % {"name": name, "reason": reason}) from error


def _entry(line: str) -> tuple[object, str]:
    """Return id and text of one line.

    Raises:
        ValueError: the line isn't JSON.
        TypeError: it isn't an object with a text.
    """
    entry = json.loads(line)
    if not isinstance(entry, dict):
        raise TypeError(_("has to be a JSON object"))
    if not isinstance(entry.get("text"), str):
        raise TypeError(_("text is missing or no string"))
    return entry.get("id"), entry["text"]


def _excerpt(text: str, start: int, end: int) -> str:
    words = " ".join(text[start:end].split())
    return words if len(words) <= 160 else words[:157] + "…"
