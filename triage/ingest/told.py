"""What came under one key, as the digest holds it, and as it is remembered beside a request that several tell of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from triage.ingest.formats import ROLES
from triage.ingest.report import Report, Role, Try

_FIELDS = ("model", "service", "team", "environment", "user", "client", "trace_id", "span_id", "parent_span_id")
KEPT_FIRST = (*_FIELDS, "session_id")
"""Fields of a report and of a request in which the first that tells anything is believed."""
_NEVER_REMEMBERED = ("key", "last", "raw")


@dataclass(slots=True)
class Told:
    """One report, or the reports on single tries that came under one key: one client's account of a call."""

    report: Report
    tries: dict[int, Try] = field(default_factory=dict)
    """By their numbers; number 0 is a try that doesn't know its own."""
    kind: str = field(init=False)
    role: Role = field(init=False)
    """What it sees of the call."""

    def __post_init__(self) -> None:
        self.kind = self.report.kind
        self.role = ROLES.get(self.kind, Role.EVENT)  # of what is stored, a kind may be one that no format makes now

    @classmethod
    def of(cls, report: Report) -> Told:
        """Return what ``report``, the first under its key, tells."""
        return cls(report, {report.last.number: report.last})

    @property
    def key(self) -> str:
        """Return the key that all of it came under."""
        return self.report.key

    @property
    def last(self) -> Try:
        """Return the last try that it knows of."""
        return self.tries[max(self.tries)]

    @property
    def started_at(self) -> dt.datetime:
        """Return when the first try that it knows of began."""
        return self.report.started_at

    @property
    def ended_at(self) -> dt.datetime:
        """Return when the last try that it knows of ended."""
        return max(each.at for each in self.tries.values())

    @property
    def is_one_span_a_try(self) -> bool:
        """Return whether it is a single try with a key of its own, that finds its call by its parent."""
        return self.role is Role.TRY and bool(self.report.span_id)

    @property
    def grows(self) -> bool:
        """Return whether further reports may come under its key: on other tries, or on one that is known."""
        return self.role is Role.TRY and not self.report.span_id

    def add(self, report: Report) -> None:
        """Take in a further report under the same key: another try, or more about a known one."""
        ours = self.report
        known = self.tries.get(report.last.number)
        if known is None:
            self.tries[report.last.number] = report.last
        else:
            complete_try(known, report.last)
        for name in KEPT_FIRST:
            if not getattr(ours, name):
                setattr(ours, name, getattr(report, name))
        ours.started_at = min(ours.started_at, report.started_at)
        ours.long_context = ours.long_context or report.long_context
        for name in ("streamed", "input_tokens", "output_tokens"):
            if getattr(ours, name) is None:
                setattr(ours, name, getattr(report, name))


def complete_try(ours: Try, theirs: Try) -> None:
    """Take what ``theirs`` tells and ``ours`` doesn't; a failure that only one of them saw is a failure."""
    ours.failed = ours.failed or theirs.failed
    for name in ("error_type", "error_code", "exception", "message", "cause_chain", "api_request_id", "raw", "model"):
        if not getattr(ours, name):
            setattr(ours, name, getattr(theirs, name))
    for name in ("http_status", "retry_after", "duration_ms"):
        if getattr(ours, name) is None:
            setattr(ours, name, getattr(theirs, name))
    ours.headers = {**theirs.headers, **ours.headers}
    if theirs.cause not in ("", "unknown") and (theirs.confidence or 0) > (ours.confidence or 0):
        ours.category, ours.cause, ours.confidence = theirs.category, theirs.cause, theirs.confidence


def remember(told: Told) -> dict[str, Any]:
    """Return ``told`` as JSON, without the records themselves; all of it is masked already."""
    return {**_plain(told.report), "tries": [_plain(each) for _, each in sorted(told.tries.items())]}


def recollect(key: str, remembered: Mapping[str, Any]) -> Told:
    """Return what ``remember`` was given."""
    values = dict(remembered)
    tries = [_try(each) for each in values.pop("tries")]
    values["started_at"] = dt.datetime.fromisoformat(values["started_at"])
    return Told(Report(key=key, last=tries[-1], **values), {each.number: each for each in tries})


def _plain(told: Report | Try) -> dict[str, Any]:
    """Return the fields that tell anything."""
    plain = {}
    for each in fields(told):
        value = getattr(told, each.name)
        if each.name in _NEVER_REMEMBERED or (each.default is not MISSING and value == each.default):
            continue
        plain[each.name] = value.isoformat() if isinstance(value, dt.datetime) else value
    return plain


def _try(remembered: Mapping[str, Any]) -> Try:
    chain = tuple(remembered.get("cause_chain", ()))
    return Try(**{**remembered, "at": dt.datetime.fromisoformat(remembered["at"]), "cause_chain": chain})
