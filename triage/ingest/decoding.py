"""Turns an inbox entry into reports, and notes who was heard and what was dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from triage.ingest import attempts_json, otlp, sentry, tallies
from triage.ingest.formats import format_of
from triage.ingest.inbox import Entry
from triage.ingest.judging import judge
from triage.ingest.origin import Origin
from triage.ingest.otlp import Scope
from triage.ingest.report import Delivery, Report, text
from triage.ingest.tallies import Tally

SourceName = tuple[str, str, str]
"""Client, service, signal."""


@dataclass(slots=True)
class Decoded:
    """What one entry holds."""

    entry: Entry
    reports: list[tuple[Report, SourceName]] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)
    heard: set[SourceName] = field(default_factory=set)
    drops: Counter[str] = field(default_factory=Counter)
    """Records that tell of no call that is understood, by reason."""


def decode(entry: Entry) -> Decoded:
    """Return what ``entry`` holds, each failure with its cause.

    Raises:
        Exception: the entry can't be understood at all; what was accepted had the right shape, so this is rare.
    """
    decoded = Decoded(entry)
    form, _, encoding = entry.form.partition(":")
    if form == "attempts":
        _decode_attempts(decoded, lines=encoding == "lines")
    elif form == "sentry":
        _decode_sentry(decoded)
    else:
        position = 0
        for scope in _scopes(entry, form, encoding):
            _decode_scope(decoded, scope, position)
            position += len(scope.records)
    for report, _ in decoded.reports:
        if report.last.failed:
            judge(report.last, client=report.client, streamed=report.streamed is True)
    return decoded


def _decode_attempts(decoded: Decoded, *, lines: bool) -> None:
    entry = decoded.entry
    for position, told in enumerate(attempts_json.split(entry.body, lines=lines)):
        delivery = Delivery(entry.received, entry.id, position)
        tally = tallies.read(told, delivery)
        if tally is not None:
            decoded.tallies.append(tally)
            decoded.heard.add(tally.source)
            continue
        report = attempts_json.read(told, delivery)
        name = (report.client, report.service, "attempts")
        decoded.heard.add(name)
        decoded.reports.append((report, name))


def _decode_sentry(decoded: Decoded) -> None:
    entry = decoded.entry
    document = attempts_json.load(entry.body, "the body")
    client, service = sentry.client(document), sentry.service(document)
    for report in sentry.read(document, Delivery(entry.received, entry.id, 0)):
        name = (client, report.service, sentry.SIGNAL)
        decoded.heard.add(name)
        decoded.reports.append((report, name))
    if service or not document["drops"]:  # what an SDK tells of itself alone names no service
        decoded.heard.add((client, service, sentry.SIGNAL))
    decoded.drops.update(document["drops"])


def _scopes(entry: Entry, form: str, encoding: str) -> Iterator[Scope]:
    signal = next(each for each in otlp.SIGNALS if each == form)
    if encoding == "json":
        return otlp.read_json(attempts_json.load(entry.body, "the body"), signal)
    return otlp.read_protobuf(otlp.parse_protobuf(entry.body, signal)[0], signal)


def _decode_scope(decoded: Decoded, scope: Scope, position: int) -> None:
    entry = decoded.entry
    client = format_of(scope)
    if client is None:
        origin = Origin.of(scope, f"{scope.name}/{scope.version}".strip("/") or "unknown")
        decoded.heard.add((origin.client, origin.service, scope.signal))
        if scope.records:
            kind = "span" if scope.signal == "traces" else "log record"
            reason = f"{kind} of no known client: {text(scope.name, 40) or 'unnamed scope'}"
            decoded.drops[reason] += len(scope.records)
        return
    origin = Origin.of(scope, client.client(scope))
    name = (origin.client, origin.service, scope.signal)
    decoded.heard.add(name)
    for number, record in enumerate(scope.records, position):
        report = client.read(record, origin, Delivery(entry.received, entry.id, number))
        if report is not None:
            decoded.reports.append((report, name))
