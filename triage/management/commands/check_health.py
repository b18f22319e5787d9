"""``manage.py check_health``: does the API work from here? For a person, for a script, or for a server elsewhere."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from triage.health import KINDS, Outcome, reporting, used_models
from triage.health.running import Job, run_all
from triage.health.target import Target

_FAILS, _USAGE, _NOT_REPORTED = 1, 2, 3
"""Exit codes: something fails, the command was wrong, the report wasn't taken."""
_WORDS = {"ok": "works", "warn": "works badly", "fail": "FAILS", "unknown": "not known"}

Results = Sequence[tuple[Job, Outcome]]


class Command(BaseCommand):
    help = "Check the way to the API from here. Exits with 0 where nothing fails, 1 where something does, 2 on misuse."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("print one JSON object"))
        parser.add_argument("--only", action="append", choices=KINDS, help=_("check this kind alone; may be repeated"))
        parser.add_argument("--model", action="append", default=[], help=_("check this model; may be repeated"))
        parser.add_argument("--timeout", type=float, default=settings.TRIAGE_CHECK_TIMEOUT_SECONDS, help=_("seconds"))
        parser.add_argument("--report", metavar="URL", help=_("send the results to the Triage server at URL"))
        parser.add_argument("--key", help=_("an ingest key of that server, or in TRIAGE_REPORT_KEY"))
        parser.add_argument("--site", help=_("what this place is called there"))
        parser.add_argument("--every", type=int, metavar="SECONDS", help=_("report again and again, until Ctrl-C"))

    def handle(self, *args: Any, **options: Any) -> None:
        key = options["key"] or os.environ.get("TRIAGE_REPORT_KEY", "")
        self._refuse_misuse(options, key)
        try:
            while True:
                code = self._check(options, key)
                if options["every"] is None:
                    break
                time.sleep(options["every"])
        except KeyboardInterrupt:
            return
        if code:
            sys.exit(code)

    def _check(self, options: dict[str, Any], key: str) -> int:
        jobs = _jobs(options)
        if not jobs:
            self.stderr.write(_("Nothing to check: no model was used within a day; name one with --model"))
            return _USAGE
        found = dict(run_all(jobs, Target.from_settings(), options["timeout"]))
        results = [(job, found[job]) for job in jobs]
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(results), ensure_ascii=False))
        else:
            self._print(results)
        code = _FAILS if any(outcome.state == "fail" for outcome in found.values()) else 0
        if not options["report"]:
            return code
        try:
            reporting.send(reporting.as_report(options["site"], options["every"], results), options["report"], key)
        except reporting.ReportRefused as error:
            self.stderr.write(str(error))
            return _NOT_REPORTED
        return code

    def _print(self, results: Results) -> None:
        wide = max(len(_name(job)) for job, _outcome in results)
        for job, outcome in results:
            latency = "" if outcome.latency_ms is None else f"{outcome.latency_ms:.0f} ms"
            self.stdout.write(f"{_name(job):{wide}}  {_WORDS[outcome.state]:11}  {latency:>8}  {outcome.words}")

    def _refuse_misuse(self, options: dict[str, Any], key: str) -> None:
        """Exit with 2, and say why, where the options don't go together."""
        wrong = ""
        if options["timeout"] <= 0:
            wrong = _("--timeout has to be more than 0 seconds")
        elif options["report"] and not (key and options["site"]):
            wrong = _("--report needs --site, and a key in --key or TRIAGE_REPORT_KEY")
        elif options["report"] and urlsplit(options["report"]).scheme not in ("http", "https"):
            wrong = _("--report needs an address with http:// or https://")
        elif options["every"] is not None and not (options["report"] and options["every"] >= 5):
            wrong = _("--every needs --report, and at least 5 seconds")
        elif options["report"] and set(options["only"] or ()) - set(reporting.KINDS):
            wrong = _("--report takes the kinds %(kinds)s") % {"kinds": ", ".join(reporting.KINDS)}
        elif options["report"] and len(options["site"]) > reporting.LONGEST_SITE:
            wrong = _("--site takes up to %(n)d characters") % {"n": reporting.LONGEST_SITE}
        if wrong:
            self.stderr.write(wrong)
            sys.exit(_USAGE)


def _jobs(options: dict[str, Any]) -> list[Job]:
    """Return what to check: at another place the road alone, here also what only this server knows of."""
    kinds = options["only"] or (reporting.KINDS if options["report"] else KINDS)
    models = options["model"]
    if not models and "model" in kinds and not options["report"]:
        models = _used()
    return [Job(kind, subject) for kind in kinds for subject in (models if kind == "model" else [""])]


def _used() -> list[str]:
    """Return the models in use; none where this server has no database (yet)."""
    try:
        return used_models(timezone.now())
    except DatabaseError:
        return []


def _name(job: Job) -> str:
    return f"{job.kind} {job.subject}".strip()


def _as_json(results: Results) -> dict[str, Any]:
    checks = [{"kind": job.kind, "subject": job.subject, **outcome.as_dict()} for job, outcome in results]
    return {"ok": not any(outcome.state == "fail" for _job, outcome in results), "checks": checks}
