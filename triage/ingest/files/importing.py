"""Reads files into a project: straight into the database, by the code that digests what clients report.

A file can wait and knows its own end, so it needs neither the inbox, whose room is for reports that can't, nor a
server that runs. Each batch is one transaction with the name of what it holds, as an inbox entry is: broken off and
begun again, what is stored is known. A call's name comes from what its lines say, so a file that has grown tells only
what is new.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice

import redis
from django.utils import timezone

from triage.ingest.decoding import Decoded, decode
from triage.ingest.digest import store_directly
from triage.ingest.files.documents import one_a_line
from triage.ingest.files.form import Form, Identities, Told, moment
from triage.ingest.files.forms import FORMS, form_of
from triage.ingest.files.lines import Line, OpenFile, Unreadable
from triage.ingest.inbox import Entry
from triage.ingest.limits import BeyondLimit, Limits, Malformed
from triage.ingest.report import Try, plausible
from triage.ingest.shape import accept_attempts
from triage.knowledge import load
from triage.models import DigestedEntry, Request, Telling

SAMPLE_LINES = 200
"""Lines in which the form of a file has to show."""
_SAMPLE_CHARS = 4 * 1024 * 1024
_BATCH_TRIES = 500
_BATCH_BYTES = 4 * 1024 * 1024
_PROGRESS_LINES = 500
_EXAMPLES = 5

UNFINISHED = "the file's last line, not finished yet"


@dataclass
class Skipped:
    """Lines that were passed over for one reason."""

    count: int = 0
    examples: list[int] = field(default_factory=list)
    """Numbers of the first of them."""

    def add(self, number: int) -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(number)


@dataclass
class Outcome:
    """What came of one file."""

    form: str = ""
    lines: int = 0
    telling: int = 0
    """Lines that told of a try; the others that weren't skipped have nothing to do with the API."""
    tries: int = 0
    failures: int = 0
    new_calls: int = 0
    known_calls: int = 0
    skipped: dict[str, Skipped] = field(default_factory=dict)
    broken_off: str = ""
    """Why the file could not be read to its end."""

    def skip(self, reason: str, number: int) -> None:
        """Count a line as passed over."""
        self.skipped.setdefault(reason, Skipped()).add(number)

    @property
    def skipped_lines(self) -> int:
        """Return how many lines were passed over."""
        return sum(each.count for each in self.skipped.values())


class Importer:
    """Reads files into one project.

    ``defaults`` are dimensions for lines that don't tell their own; times without an offset are in ``zone``.
    """

    def __init__(
        self, project_id: int, valkey: redis.Redis, *, defaults: Mapping[str, str], zone: dt.tzinfo = dt.UTC
    ) -> None:
        self._project_id = project_id
        self._valkey = valkey
        self._defaults = {name: value for name, value in defaults.items() if value}
        self._zone = zone
        self._limits = Limits.from_settings()
        self._batch: list[bytes] = []
        self._size = 0
        self._names = Identities()
        self._last_keys: set[str] = set()
        self._outcome = Outcome()

    def read(self, opened: OpenFile, outcome: Outcome, form: Form | None, progress: Callable[[], object]) -> None:
        """Read one file; its form is looked for where none is given. ``outcome`` is kept up to date meanwhile.

        Raises:
            Unreadable: the file is none that can be read, or breaks off; what came before is stored.
            django.db.OperationalError: the database is away or busy; what was stored stays.
        """
        self._outcome, self._names = outcome, Identities()
        self._batch, self._size, self._last_keys = [], 0, set()
        lines = one_a_line(opened.lines)
        sample = list(_sample(lines))
        form = form or form_of(sample)
        if form is None:
            raise Unreadable(_no_form(sample))
        outcome.form = form.NAME
        try:
            self._read_lines(chain(sample, lines), form, progress)
        except Unreadable as error:
            outcome.broken_off = str(error)
        self._store()

    def _read_lines(self, lines: Iterator[Line], form: Form, progress: Callable[[], object]) -> None:
        reader = form.Reader()
        last = Line(1, "")
        for last in lines:
            self._outcome.lines += 1
            if self._outcome.lines % _PROGRESS_LINES == 0:
                progress()
            if last.too_long:
                self._outcome.skip("longer than 16 MiB", last.number)
                continue
            try:
                told = list(reader.read(last.text)) if last.text.strip() else []
            except Malformed as error:
                self._outcome.skip(str(error) if last.complete else UNFINISHED, last.number)
                continue
            self._take(told, last)
        self._take(list(reader.end()), last)

    def _take(self, told: list[Told], line: Line) -> None:
        self._outcome.telling += bool(told)
        for each in told:
            try:
                body = self._accepted(each, line)
            except (Malformed, BeyondLimit) as error:
                self._outcome.skip(str(error).removeprefix("reports[0]").lstrip(".: "), line.number)
                continue
            except RecursionError:
                self._outcome.skip("nested too deep", line.number)
                continue
            self._batch.append(body)
            self._size += len(body)
            if len(self._batch) >= _BATCH_TRIES or self._size >= _BATCH_BYTES:
                self._store()

    def _accepted(self, told: Told, line: Line) -> bytes:
        """Return the report as the receiver would have accepted it: checked, and its secrets masked."""
        at = moment(told.get("at"), self._zone)
        if at is None:
            raise Malformed("no time that can be read, so there is no minute to count it in")
        if plausible(at, timezone.now()) != at:
            raise Malformed("a time that can't be right, years ago or still to come")
        named = told if told.get("call") or told.get("id") else {"id": self._names.name(line.text), **told}
        whole = {**self._defaults, **named, "at": at.isoformat()}
        return accept_attempts(json.dumps(whole).encode(), self._limits, lines=False)[1]

    def _store(self) -> None:
        if not self._batch:
            return
        bodies, self._batch, self._size = self._batch, [], 0
        entry = self._entry(bodies)
        if DigestedEntry.objects.filter(entry_id=entry.id).exists():
            decoded = decode(entry)
            self._count(decoded, known=_keys(decoded))
            return
        decoded = decode(entry)
        ends = [report.last.at for report, _ in decoded.reports] + [tally.minute for tally in decoded.tallies]
        decoded.entry = replace(entry, received=max(ends))  # a source was heard when its file says so, not today
        for report, _ in decoded.reports:
            _restore_diagnosis(report.last)
        known = self._known(_keys(decoded))
        store_directly(self._valkey, decoded)
        self._count(decoded, known=known)

    def _entry(self, bodies: list[bytes]) -> Entry:
        body = b"[" + b",".join(bodies) + b"]"
        digest = hashlib.sha256(b"%d:%s" % (self._project_id, body)).hexdigest()
        return Entry(f"file-{digest[:35]}", "attempts:json", self._project_id, 0, timezone.now(), body)

    def _known(self, keys: set[str]) -> set[str]:
        asked = list(keys)
        found: set[str] = set()
        for table in (Request, Telling):
            rows = table._default_manager.filter(project_id=self._project_id, key__in=asked)
            found.update(rows.values_list("key", flat=True))
        return found

    def _count(self, decoded: Decoded, known: set[str]) -> None:
        outcome, keys = self._outcome, _keys(decoded)
        tries = {(report.key, report.last.number): report.last.failed for report, _ in decoded.reports}
        outcome.tries += len(tries) + sum(tally.succeeded for tally in decoded.tallies)
        outcome.failures += sum(tries.values())
        begun = keys - self._last_keys  # the tries of a call may lie in two batches
        outcome.new_calls += len(begun - known)
        outcome.known_calls += len(begun & known)
        self._last_keys = keys


def _no_form(sample: list[Line]) -> str:
    if not sample:
        return "it is empty"
    return f"its first {len(sample)} lines are of no known form; known are {', '.join(FORMS)}"


def _keys(decoded: Decoded) -> set[str]:
    return {report.key for report, _ in decoded.reports}


def _sample(lines: Iterator[Line]) -> Iterator[Line]:
    """Yield the first lines, few enough to be held in memory."""
    size = 0
    for line in islice(lines, SAMPLE_LINES):
        yield line
        size += len(line.text)
        if size > _SAMPLE_CHARS:
            return


def _restore_diagnosis(failure: Try) -> None:
    """Take the diagnosis that our own export told, where what was exported tells less than what was reported once."""
    told = (failure.raw or {}).get("diagnosis")
    if not failure.failed or not isinstance(told, dict):
        return
    cause, confidence = load().causes.get(str(told.get("cause"))), told.get("confidence")
    if cause is None or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        return
    if confidence > (failure.confidence or 0) or failure.cause == "unknown":
        failure.cause, failure.category, failure.confidence = cause.slug, cause.category, float(confidence)
