"""Finds the call that a report belongs to: by its key, or because another account of that call is known.

Accounts are joined by the surest link that holds (``joining``). A link found later takes the place of a weaker one:
an account that was joined by its time leaves for the call that has its request id, and one that is displaced looks for
its call anew. Joined are accounts of the batch with each other and with what is stored around the batch's time; an
account that is displaced from a stored call finds only those.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import combinations
from typing import TypeVar

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from triage.ingest.calls import Call, begin, recall
from triage.ingest.formats import ROLES
from triage.ingest.joining import Fit, Link, fit
from triage.ingest.report import Report, Role
from triage.ingest.told import Told
from triage.models import Attempt, Request, Telling

_LATE = dt.timedelta(minutes=5)
"""How long after a report's end a call may begin that it tells of: a client's clock, or a report sent late."""
_LONGEST_CALL = dt.timedelta(minutes=30)
"""How long before its end a call may have begun: the SDKs' own timeout is ten minutes a try."""
_MOST_NEAR = 1_000
"""Stored calls that are looked at because of their time alone; the latest."""
_DEEPEST = 16
"""Accounts that may displace each other one after the other."""
_MOST_UNITED = 100  # queries in one; six parameters each
_SLICE = 500  # parameters of one query; SQLite's default build takes 999

_IDS = ("api_request_id", "trace_id", "session_id")
_Value = TypeVar("_Value")


class Ledger:
    """The calls of one project that a batch of reports is about: those stored, and those that the batch begins.

    To be used inside a transaction that holds the project's lock, so that no other digest begins the same call.
    """

    def __init__(self, project_id: int, reports: Sequence[Report]) -> None:
        self.project_id = project_id
        self._begun: list[Call] = []
        self._stored: list[Call] = []
        self._by_key: dict[str, Call] = {}
        self._by_hint: dict[Hashable, dict[int, Call]] = defaultdict(dict)
        self._roles: set[str] = set()
        self._touched: list[Call] = []
        self._load(reports)

    @property
    def begun(self) -> list[Call]:
        """Return the calls that the batch began."""
        return [call for call in self._begun if call.accounts]

    @property
    def changed(self) -> list[Call]:
        """Return the stored calls that the batch completed or took apart."""
        return [call for call in self._stored if call.changed and call.accounts]

    @property
    def dissolved(self) -> list[Call]:
        """Return the stored calls that turned out to be others, whose counts those have taken over."""
        return [call for call in self._stored if not call.accounts]

    def enter(self, report: Report) -> list[Call]:
        """Enter ``report``; return the calls that it changed: none where the very same report was entered before."""
        self._touched = []
        call = self._by_key.get(report.key)
        if call is None:
            self._place(Told.of(report))
            return self._touched
        told = call.accounts[report.key]
        if told.grows:
            told.add(report)
            call.settle()
            self._touched.append(call)
            self._follow(told, call)
        return self._touched

    def _place(self, told: Told, depth: int = 0) -> None:
        """Join ``told`` to the call that it fits best, in another's place where it fits better, or begin its call."""
        found = self._fitting(told)
        for how, call in found:
            rival = call.rival(told)
            if rival is None:
                self._join(told, call)
                break
            present = _fit(rival, call)
            if depth < _DEEPEST and (present is None or how > present):
                call.remove(rival)
                self._join(told, call)
                self._place(rival, depth + 1)
                break
        else:
            call = begin(self.project_id, told)
            self._begun.append(call)
            self._touched.append(call)
            self._enter(told, call)
            return
        for how, other in found:
            if how[0] >= Link.ID and other is not call:
                self._absorb(other, call)

    def _follow(self, told: Told, call: Call) -> None:
        """Let ``told``, which has grown, go to a call that it now surely belongs to."""
        present = _fit(told, call)
        for how, other in self._fitting(told, but=call):
            if how[0] >= Link.ID and (present is None or how > present) and other.rival(told) is None:
                if len(call.accounts) == 1:
                    self._absorb(call, other)
                else:
                    call.remove(told)
                    self._join(told, other)
                return
        self._enter(told, call)

    def _absorb(self, call: Call, into: Call) -> None:
        """Make two calls one that an account has shown to be one, unless they were told of in the same form."""
        if not call.accounts or any(into.rival(told) for told in call.accounts.values()):
            return
        accounts = list(call.accounts.values())
        call.accounts.clear()
        call.stored.clear()
        into.counted.update(call.counted)
        for told in accounts:
            self._join(told, into)

    def _join(self, told: Told, call: Call) -> None:
        call.add(told)
        self._touched.append(call)
        self._enter(told, call)

    def _fitting(self, told: Told, but: Call | None = None) -> list[tuple[Fit, Call]]:
        """Return the calls that ``told`` may tell of, each with how well it fits without its rival, best first."""
        seen: dict[int, Call] = {}
        for hint in _hints_sought(told, self._roles):
            seen |= self._by_hint.get(hint, {})
        found = [(how, call) for call in seen.values() if call is not but and (how := _fit(told, call)) is not None]
        return sorted(found, key=lambda each: each[0], reverse=True)

    def _enter(self, told: Told, call: Call) -> None:
        """Note where ``call`` is found by what ``told`` tells of it."""
        self._by_key[told.key] = call
        self._roles.add(call.request.roles)
        for hint in _hints_given(call):
            self._by_hint[hint][id(call)] = call

    def _load(self, reports: Sequence[Report]) -> None:
        """Read every stored call that a report may belong to, with its attempts and its accounts."""
        stored = {request.pk: request for request in self._candidates(reports)}
        attempts: dict[int, list[Attempt]] = defaultdict(list)
        tellings: dict[int, list[Telling]] = defaultdict(list)
        for part in _slices(list(stored)):
            for attempt in Attempt.objects.filter(request_id__in=part):
                attempts[attempt.request_id].append(attempt)
            for telling in Telling.objects.filter(request_id__in=part):
                tellings[telling.request_id].append(telling)
        for request in stored.values():
            call = recall(request, attempts[request.pk], tellings[request.pk])
            self._stored.append(call)
            for told in call.accounts.values():
                self._enter(told, call)

    def _candidates(self, reports: Sequence[Report]) -> Iterator[Request]:
        requests = Request.objects.filter(project_id=self.project_id)
        for part in _slices(list({report.key for report in reports})):
            yield from requests.filter(key__in=part)
            yield from requests.filter(tellings__key__in=part, tellings__project_id=self.project_id)
        if not reports:
            return
        since = min(report.started_at for report in reports) - _LONGEST_CALL
        until = max(report.last.at for report in reports) + _LATE
        around = requests.filter(started_at__gte=since, started_at__lte=until)
        # Without statistics SQLite takes a range of time for narrower than a list of ids; one over a value that no
        # index holds is looked at last. And no planner finds in a list that the empty value isn't in it.
        then = requests.annotate(began=Coalesce("started_at", "started_at"))
        then = then.filter(began__gte=since, began__lte=until)
        ids = {each for report in reports for each in _ids(Told.of(report))}
        for name in _IDS:
            for part in _slices([value for each, value in ids if each == name]):
                yield from then.filter(**{f"{name}__in": part}).exclude(**{name: ""})
        yield from _near_in_time(around, reports)


def _near_in_time(around: QuerySet[Request], reports: Sequence[Report]) -> Iterator[Request]:
    """Yield the calls of the reports' services that lack an account such as one of the reports is."""
    services: dict[str, set[Role]] = defaultdict(set)
    for report in reports:
        if report.has_place:
            services[report.service].add(ROLES[report.kind])
    # One query a combination: of several values in a list SQLite makes a walk through all of the time.
    near = [
        around.filter(service=service, roles=lacking).exclude(service="")
        for service, roles in services.items()
        for lacking in _sets_without_one_of(roles)
    ]
    for part in _slices(near, _MOST_UNITED):
        yield from part[0].union(*part[1:], all=True).order_by("-started_at")[:_MOST_NEAR]


_LETTERS = sorted(role[0] for role in Role)
_ROLE_SETS = ["".join(letters) for n in range(1, len(_LETTERS) + 1) for letters in combinations(_LETTERS, n)]


def _sets_without_one_of(roles: set[Role]) -> list[str]:
    """Return every value of ``Request.roles`` that lacks at least one of ``roles``."""
    return [each for each in _ROLE_SETS if any(role[0] not in each for role in roles)]


def _fit(told: Told, call: Call) -> Fit | None:
    """Return how well ``told`` fits what all others tell of ``call``, but for an account that it would displace."""
    rival = call.rival(told)
    return fit(told, [other for other in call.accounts.values() if other is not told and other is not rival])


def _hints_sought(told: Told, known_roles: set[str]) -> Iterator[Hashable]:
    """Yield the places where a call is found that ``told`` may tell of."""
    yield from _ids(told)
    lacking = [roles for roles in known_roles if told.role[0] not in roles]
    if lacking:
        seconds = {second + step for second in _seconds_of(told) for step in (-1, 0, 1)}
        yield from ((roles, told.report.service, second) for roles in lacking for second in seconds)


def _hints_given(call: Call) -> Iterator[Hashable]:
    """Yield the places where ``call`` is found."""
    for told in call.accounts.values():
        yield from _ids(told)
        yield from ((call.request.roles, told.report.service, second) for second in _seconds_of(told))


def _ids(told: Told) -> Iterator[tuple[str, str]]:
    values = (told.last.api_request_id, told.report.trace_id, told.report.session_id)
    return ((name, value) for name, value in zip(_IDS, values, strict=True) if value)


def _seconds_of(told: Told) -> set[int]:
    """Return the seconds in which ``told`` begins and ends, where it can be joined by them."""
    if not told.report.has_place:
        return set()
    return {int(told.started_at.timestamp()), int(told.ended_at.timestamp())}


def _slices(values: list[_Value], size: int = _SLICE) -> Iterator[list[_Value]]:
    return (values[start : start + size] for start in range(0, len(values), size))
