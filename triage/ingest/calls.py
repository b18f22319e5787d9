"""Calls: what all accounts of one call say together, and what that adds to the counts.

A call is worked out anew from its accounts whenever one comes, goes or grows: the order in which they came makes no
difference.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from triage.ingest.report import Report, Role, Try
from triage.ingest.told import KEPT_FIRST, Told, recollect
from triage.ingest.tries import by_sight, tries_of
from triage.models import Attempt, Request, Telling

NOT_REPORTED = "not_reported"
"""Cause of a failed try that no report describes."""

COUNTERS = ("attempts", "failures", "requests", "failed_requests", "rescued_requests")
Bucket = tuple[dt.datetime, str, str, str, str, str]
"""Minute, model, service, team, category, cause."""
Counts = Counter[tuple[Bucket, str]]


@dataclass(slots=True, eq=False)
class Call:
    """One request as known so far: its row, the accounts of it, the tries they make, and what is stored of all."""

    request: Request
    accounts: dict[str, Told]
    """By their keys. Empty where all of them turned out to tell of another call."""
    tries: dict[int, Try] = field(default_factory=dict)
    stored: dict[int, Attempt] = field(default_factory=dict)
    """The rows of tries, by the number that each has now."""
    surplus: list[Attempt] = field(default_factory=list)
    """Rows of tries that aren't this call's after all."""
    issues_before: dict[int, int | None] = field(default_factory=dict)
    """The issue that each stored attempt, by its id, stood in."""
    remembered: dict[str, Telling] = field(default_factory=dict)
    """The accounts that are stored as such, by key: none where the call has had but one."""
    counted: Counts = field(default_factory=Counter)
    """What is in the counts already."""
    changed: bool = False
    renamed: bool = False
    """Whether the account left by whose key it is stored."""

    @property
    def last(self) -> Try:
        """Return the last try that is known of."""
        return self.tries[max(self.tries)]

    @property
    def ended_at(self) -> dt.datetime:
        """Return when the last try ended."""
        return ended_at(self.request)

    def rival(self, told: Told) -> Told | None:
        """Return the account that ``told`` can't stand beside, since a call is told once in each form."""
        for other in self.accounts.values():
            siblings = told.is_one_span_a_try and other.is_one_span_a_try
            if other.kind == told.kind and other.key != told.key and not siblings:
                return other
        return None

    def add(self, told: Told) -> None:
        """Take ``told`` in as an account of this call."""
        self.accounts[told.key] = told
        self.settle()

    def remove(self, told: Told) -> None:
        """Let ``told`` go: it tells of another call."""
        del self.accounts[told.key]
        if self.accounts:
            if self.request.key == told.key:
                self.request.key = min(self.accounts)
                self.renamed = True
            self.settle()

    def settle(self) -> None:
        """Work out tries and the request's own fields from the accounts."""
        accounts = by_sight(list(self.accounts.values()))
        _settle_fields(self.request, accounts)
        self.tries = tries_of(accounts, streamed=self.request.streamed is True)
        _settle_outcome(self.request, self.tries)
        self._settle_rows()
        self.changed = True

    def _settle_rows(self) -> None:
        """Give each stored row to the try that it is of: that which ended when it did, else the one in its place."""
        shown = {number for number, each in self.tries.items() if each.failed}
        if self.request.outcome == Request.Outcome.RESCUED:
            shown.add(max(self.tries))
        rows, self.stored = sorted([*self.stored.values(), *self.surplus], key=lambda row: -row.number), {}
        for at_its_place in (True, False):
            for number in sorted(shown - self.stored.keys(), reverse=True):
                for row in rows:
                    if row.at == self.tries[number].at and (row.number == number or not at_its_place):
                        self.stored[number] = row
                        rows.remove(row)
                        break
        free = sorted(shown - self.stored.keys(), reverse=True)
        self.stored |= dict(zip(free, rows, strict=False))
        self.surplus = rows[len(free) :]


def ended_at(request: Request) -> dt.datetime:
    """Return when a request ended: its duration is stored, its end isn't."""
    return request.started_at + dt.timedelta(milliseconds=request.duration_ms or 0)


def begin(project_id: int, told: Told) -> Call:
    """Return the call that ``told`` is the first to tell of."""
    call = Call(Request(project_id=project_id, key=told.key), {told.key: told})
    call.settle()
    return call


def recall(request: Request, attempts: Collection[Attempt], tellings: Collection[Telling]) -> Call:
    """Return the call that is stored in these rows."""
    accounts = [recollect(each.key, each.told) for each in tellings] or [_only_account(request, attempts)]
    call = Call(
        request,
        {told.key: told for told in accounts},
        tries_of(by_sight(accounts), streamed=request.streamed is True),
        stored={attempt.number: attempt for attempt in attempts},
        issues_before={attempt.pk: attempt.issue_id for attempt in attempts},
        remembered={each.key: each for each in tellings},
    )
    call.counted = counts_of(call)
    return call


def counts_of(call: Call) -> Counts:
    """Return all that a call adds to the counts by the minute."""
    request = call.request
    dimensions = (request.model, request.service, request.team)
    end = call.ended_at.replace(second=0, microsecond=0)
    counts: Counts = Counter()
    described = 0
    for each in call.tries.values():
        if each.failed:
            described += 1
            bucket = (each.at.replace(second=0, microsecond=0), *dimensions, each.category, each.cause)
            counts[bucket, "attempts"] += 1
            counts[bucket, "failures"] += 1
    successes = request.attempts_made - request.failures
    if successes:
        counts[(end, *dimensions, "", ""), "attempts"] += successes
    if request.failures > described:
        bucket = (end, *dimensions, request.category or "other", NOT_REPORTED)
        counts[bucket, "attempts"] += request.failures - described
        counts[bucket, "failures"] += request.failures - described
    bucket = (end, *dimensions, request.category, request.cause)
    counts[bucket, "requests"] += 1
    if request.outcome == Request.Outcome.FAILED:
        counts[bucket, "failed_requests"] += 1
    elif request.outcome == Request.Outcome.RESCUED:
        counts[bucket, "rescued_requests"] += 1
    return counts


def _settle_fields(request: Request, accounts: Sequence[Told]) -> None:
    best, *others = [told.report for told in accounts]
    for name in KEPT_FIRST:
        setattr(request, name, getattr(best, name) or next(filter(None, (getattr(each, name) for each in others)), ""))
    for name in ("streamed", "input_tokens", "output_tokens"):
        value = getattr(best, name)
        for each in others:
            value = getattr(each, name) if value is None else value
        setattr(request, name, value)
    request.long_context = best.long_context or any(each.long_context for each in others)
    request.roles = roles_of(accounts)
    timed = _those_that_time_it(accounts)
    end = max(told.ended_at for told in timed)
    milliseconds = round((end - min(told.started_at for told in timed)) / dt.timedelta(milliseconds=1))
    request.duration_ms = min(milliseconds, 2**31 - 1) or None
    request.started_at = end - dt.timedelta(milliseconds=request.duration_ms or 0)


def _those_that_time_it(accounts: Sequence[Told]) -> Sequence[Told]:
    """Return the accounts to take a call's times from: the SDK's own span, else any but those of single tries."""
    own = [told for told in accounts if told.role is Role.CALL]
    return own or [told for told in accounts if told.role is not Role.TRY] or accounts


def roles_of(accounts: Collection[Told]) -> str:
    """Return the first letters of the accounts' roles, each once, in order."""
    return "".join(sorted({told.role[0] for told in accounts}))


def _settle_outcome(request: Request, tries: dict[int, Try]) -> None:
    last = tries[max(tries)]
    request.attempts_made = last.number
    request.failures = last.number - sum(not each.failed for each in tries.values())
    newest_first = sorted(tries.values(), key=lambda each: -each.number)
    request.api_request_id = next((each.api_request_id for each in newest_first if each.api_request_id), "")
    if last.failed:
        request.outcome = Request.Outcome.FAILED
    else:
        request.outcome = Request.Outcome.RESCUED if request.failures else Request.Outcome.SUCCEEDED
    failure = next((each for each in newest_first if each.failed), None)
    if failure is not None:
        request.category, request.cause = failure.category, failure.cause
        request.http_status, request.error_type = failure.http_status, failure.error_type
    else:
        request.category, request.cause = ("other", NOT_REPORTED) if request.failures else ("", "")
        request.http_status, request.error_type = None, ""


def _only_account(request: Request, attempts: Collection[Attempt]) -> Told:
    """Return the account of a request that nobody else tells of: its own row and those of its tries say it all."""
    tries = {attempt.number: _try_of(attempt) for attempt in attempts}
    if request.attempts_made not in tries:  # one that succeeded at once has no row
        tries[request.attempts_made] = Try(
            request.attempts_made, ended_at(request), failed=False, api_request_id=request.api_request_id
        )
    report = Report(
        key=request.key,
        last=tries[request.attempts_made],
        started_at=request.started_at,
        long_context=request.long_context,
        streamed=request.streamed,
        input_tokens=request.input_tokens,
        output_tokens=request.output_tokens,
        **{name: getattr(request, name) for name in KEPT_FIRST},
    )
    told = Told(report, tries)
    if told.is_one_span_a_try:
        told.tries = {0: report.last}
        report.last.number = 0
    return told


def _try_of(attempt: Attempt) -> Try:
    return Try(
        number=attempt.number,
        at=attempt.at,
        failed=attempt.failed,
        http_status=attempt.http_status,
        error_type=attempt.error_type,
        error_code=attempt.error_code,
        exception=attempt.exception,
        message=attempt.message,
        retry_after=attempt.retry_after,
        headers=attempt.headers,
        model=attempt.model,
        duration_ms=attempt.duration_ms,
        api_request_id=attempt.api_request_id,
        category=attempt.category,
        cause=attempt.cause,
        confidence=attempt.confidence,
    )
