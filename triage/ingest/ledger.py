"""Finds the call that a report belongs to: by its key, or as another form of telling a call that is known."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeVar

from triage.ingest.calls import Call, add_telling, add_try, begin, recall
from triage.ingest.formats import ROLES
from triage.ingest.report import Report, Role
from triage.models import Attempt, Request, Telling

_FAR = dt.timedelta(minutes=5)
"""How far apart two tellings of one call may end where its request id is the same; ids have been seen twice."""
_NEAR = dt.timedelta(seconds=5)
"""How far apart they may end where only their session or trace is the same."""
_LONGEST_CALL = dt.timedelta(minutes=30)
"""How long before its end a call may have begun: the SDKs' own timeout is ten minutes a try."""
_SLICE = 500  # parameters of one query; SQLite's default build takes 999

_Value = TypeVar("_Value")


class Ledger:
    """The calls of one project that a batch of reports is about: those stored, and those that the batch begins.

    To be used inside a transaction that holds the project's lock, so that no other digest begins the same call.
    """

    def __init__(self, project_id: int, reports: Sequence[Report]) -> None:
        self.project_id = project_id
        self.begun: list[Call] = []
        self._by_key: dict[str, Call] = {}
        self._by_hint: dict[tuple[str, str], list[Call]] = defaultdict(list)
        self._stored: list[Call] = []
        self._load(reports)

    @property
    def changed(self) -> list[Call]:
        """Return the stored calls that the batch completed."""
        return [call for call in self._stored if call.changed]

    def enter(self, report: Report) -> Call | None:
        """Enter ``report``; return its call, or ``None`` where the very same report was entered before."""
        known = self._by_key.get(report.key)
        if known is not None:
            if ROLES[report.kind] is not Role.TRY:
                return None
            add_try(known, report)
            return known
        partner = self._partner(report) if _is_joined(report) else None
        if partner is not None:
            add_telling(partner, report)
            self._by_key[report.key] = partner
            self._index(partner)
            return partner
        call = begin(self.project_id, report)
        self.begun.append(call)
        self._by_key[report.key] = call
        if _is_joined(report):
            self._index(call)
        return call

    def _partner(self, report: Report) -> Call | None:
        """Return the call that ``report`` tells of in another form: the one that ended nearest to it."""
        near = (
            (_distance(report, call), call) for hint in _hints_of_report(report) for call in self._by_hint.get(hint, ())
        )
        fitting = [(distance, call) for distance, call in near if distance is not None]
        return min(fitting, key=lambda each: each[0])[1] if fitting else None

    def _index(self, call: Call) -> None:
        for hint in _hints_of_call(call):
            if call not in self._by_hint[hint]:
                self._by_hint[hint].append(call)

    def _load(self, reports: Sequence[Report]) -> None:
        """Read every stored call that a report may belong to, with its attempts and its other keys."""
        stored = {request.pk: request for request in self._candidates(reports)}
        attempts: dict[int, list[Attempt]] = defaultdict(list)
        told: dict[int, list[str]] = defaultdict(list)
        for part in _slices(list(stored)):
            for attempt in Attempt.objects.filter(request_id__in=part):
                attempts[attempt.request_id].append(attempt)
            for telling in Telling.objects.filter(request_id__in=part):
                told[telling.request_id].append(telling.key)
        for request in stored.values():
            call = recall(request, attempts[request.pk], told[request.pk])
            self._stored.append(call)
            for key in (request.key, *told[request.pk]):
                self._by_key[key] = call
            self._index(call)

    def _candidates(self, reports: Sequence[Report]) -> Iterator[Request]:
        requests = Request.objects.filter(project_id=self.project_id)
        for part in _slices(list({report.key for report in reports})):
            yield from requests.filter(key__in=part)
        joined = [report for report in reports if _is_joined(report)]
        if not joined:
            return
        for part in _slices(list({report.key for report in joined})):
            yield from requests.filter(tellings__key__in=part, tellings__project_id=self.project_id)
        ends = [report.last.at for report in joined]
        starts = [report.started_at for report in joined]
        around = requests.filter(started_at__gte=min(starts) - _LONGEST_CALL, started_at__lte=max(ends) + _FAR)
        for name in _HINTS:
            values = {value for report in joined for kind, value in _hints_of_report(report) if kind == name}
            for part in _slices(list(values)):
                yield from around.filter(**{f"{name}__in": part})


def _is_joined(report: Report) -> bool:
    return ROLES[report.kind] is not Role.TRY


_HINTS = ("api_request_id", "trace_id", "session_id")


def _hints_of_report(report: Report) -> Iterator[tuple[str, str]]:
    return _hints(report.last.api_request_id, report.trace_id, report.session_id)


def _hints_of_call(call: Call) -> Iterator[tuple[str, str]]:
    return _hints(call.request.api_request_id, call.request.trace_id, call.request.session_id)


def _hints(*values: str) -> Iterator[tuple[str, str]]:
    """Yield what two tellings of one call may share: the same call, or only the same place."""
    return ((name, value) for name, value in zip(_HINTS, values, strict=True) if value)


def _distance(report: Report, call: Call) -> dt.timedelta | None:
    """Return how far apart ``report`` and ``call`` ended, or ``None`` where the two can't be one call."""
    request = call.request
    if report.kind in call.kinds or report.last.failed != call.last.failed:
        return None
    shared = 0
    for told, known in (
        (report.session_id, request.session_id),
        (report.trace_id, request.trace_id),
        (report.last.api_request_id, request.api_request_id),
    ):
        if told and known:
            if told != known:
                return None
            shared += 1
    distance = abs(report.last.at - call.ended_at)
    same_id = bool(report.last.api_request_id) and report.last.api_request_id == request.api_request_id
    return distance if shared > same_id and distance <= (_FAR if same_id else _NEAR) else None


def _slices(values: list[_Value]) -> Iterator[list[_Value]]:
    return (values[start : start + _SLICE] for start in range(0, len(values), _SLICE))
