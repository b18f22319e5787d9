"""`manage.py replay_policy`: what a project's retries cost, and what other policies would have cost."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from triage.management.database import project_named
from triage.models import Project
from triage.rates import NAMED_WINDOWS, Filters, Window, WindowError, parse_window
from triage.replay.comparing import KNOWLEDGE, PATIENT, PRESENT, SDK, Result
from triage.replay.stored import Replay, replay

_WHAT = {
    PRESENT: gettext_lazy("what the programs did, measured"),
    KNOWLEDGE: gettext_lazy("the knowledge's policy for each cause"),
    SDK: gettext_lazy("the SDKs' default: two retries, by status"),
    PATIENT: gettext_lazy("the same with eight retries"),
}
_ROW = "{:<10} {:>9} {:>17} {:>9} {:>8} {:>11}  {}"


class Command(BaseCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.description = _("Say what the present retry policy of a project cost, and what others would have cost.")
        parser.add_argument("--project", required=True, metavar="SLUG")
        parser.add_argument("--window", default="7d", help=_("one of %(names)s") % {"names": ", ".join(NAMED_WINDOWS)})
        parser.add_argument("--since", metavar="TIME", help=_("in place of --window: ISO 8601, UTC without an offset"))
        parser.add_argument("--until", metavar="TIME", help=_("the same; now where it is left out"))
        parser.add_argument("--json", action="store_true", help=_("print one JSON object"))

    def handle(self, *args: Any, **options: Any) -> None:
        project = project_named(options["project"])
        try:
            window = parse_window(options["window"], start=options["since"], end=options["until"])
        except WindowError as error:
            raise CommandError(str(error), returncode=2) from None
        told = replay(window, Filters(projects=[project.pk]))
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(project, window, told)))
        else:
            self._print(window, told)

    def _print(self, window: Window, told: Replay) -> None:
        comparison = told.comparison
        between = {"start": f"{window.start:%Y-%m-%d %H:%M}", "end": f"{window.end:%Y-%m-%d %H:%M}"}
        self.stdout.write(
            _("%(n)d calls failed at their first try") % {"n": comparison.calls}
            + " " + _("between %(start)s and %(end)s UTC.") % between
        )  # fmt: skip
        if told.undescribed:
            self.stdout.write(_("%(n)d more are left out: no report describes them.") % {"n": told.undescribed})
        if not comparison.calls:
            return
        heads = (_("policy"), _("lost"), _("range"), _("retries"), _("in vain"), _("waited (s)"), "")
        self.stdout.write(self.style.MIGRATE_HEADING(_ROW.format(*heads).rstrip()))
        for result in comparison.results:
            self.stdout.write(_line(result))
        check = comparison.check
        self.stdout.write(
            _("Expected values. Of %(retries)d retries that were made, the model expects %(expected).1f to succeed; ")
            % {"retries": check.retries, "expected": check.expected}
            + _("%(succeeded)d did, and the chances are scaled by that.") % {"succeeded": check.succeeded}
        )
        if comparison.waits_known < comparison.retries:
            numbers = {"known": comparison.waits_known, "all": comparison.retries}
            self.stdout.write(_("The wait is known before %(known)d of %(all)d retries.") % numbers)


def _line(result: Result) -> str:
    cost = result.cost
    digits = 0 if result.name == PRESENT else 1
    span = "" if result.name == PRESENT else f"{result.fewest_lost:,.1f} – {result.most_lost:,.1f}"
    numbers = (f"{value:,.{digits}f}" for value in (cost.retries, cost.in_vain, cost.waited))
    return _ROW.format(result.name, f"{cost.lost:,.{digits}f}", span, *numbers, _WHAT[result.name])


def _as_json(project: Project, window: Window, told: Replay) -> dict[str, Any]:
    comparison = told.comparison
    return {
        "project": project.slug,
        "window": {"start": window.start.isoformat(), "end": window.end.isoformat()},
        "calls": comparison.calls,
        "undescribed_calls": told.undescribed,
        "check": {
            "retries": comparison.check.retries,
            "expected_successes": round(comparison.check.expected, 2),
            "successes": comparison.check.succeeded,
        },
        "waits_known": comparison.waits_known,
        "policies": [_result_as_json(result) for result in comparison.results],
    }


def _result_as_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "measured": result.name == PRESENT,
        "lost": round(result.cost.lost, 2),
        "lost_at_least": round(result.fewest_lost, 2),
        "lost_at_most": round(result.most_lost, 2),
        "retries": round(result.cost.retries, 2),
        "in_vain": round(result.cost.in_vain, 2),
        "waited_seconds": round(result.cost.waited, 1),
        "lost_by_cause": {cause: round(cost.lost, 2) for cause, cost in result.by_cause.items()},
    }
