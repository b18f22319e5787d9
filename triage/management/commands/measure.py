"""`manage.py measure`: how often the engine is right on a labelled corpus, and how fast it is."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from triage.diagnosis.measuring import Measurement, measure, read_corpus

_EXCERPT = 300


class Command(BaseCommand):
    help = "Measure the diagnosis on a JSONL file of labelled pastes."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help=_("lines with id, text, and cause or accept"))
        parser.add_argument("--misses", action="store_true", help=_("print every miss with its text"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            result = measure(read_corpus(options["file"]))
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        self._table(result)
        if options["misses"]:
            self._misses(result)

    def _table(self, result: Measurement) -> None:
        for name, number in result.of.items():
            self.stdout.write(f"{name:20} {result.right[name]:5} / {number:5}  {result.share(name):7.1%}")
        self.stdout.write(f"{_('crashes'):20} {result.crashes:5}")
        self.stdout.write(
            _("speed                %(rate).0f pastes/s, p50 %(half).2f ms, p99 %(most).2f ms")
            % {"rate": result.per_second, "half": result.quantile(0.5) * 1e3, "most": result.quantile(0.99) * 1e3}
        )

    def _misses(self, result: Measurement) -> None:
        for miss in result.misses:
            sure = f" ({miss.confidence})" if miss.confidence else ""
            self.stdout.write(f"\n{miss.paste} {miss.measure}: {miss.got} <> {miss.wanted}{sure}")
            if miss.measure in ("cause first", "crash"):
                self.stdout.write("    " + miss.text[:_EXCERPT].replace("\n", "\n    "))
