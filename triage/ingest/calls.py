"""Calls: what all reports of one call say together, and what that adds to the counts.

A report either tells of a further try of a call, or tells the call's end once more in another form (an event and a
span). Both complete what is known; the order in which reports come makes no difference to the counts.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from triage.ingest.judging import judge
from triage.ingest.report import Report, Try
from triage.models import Attempt, Request

NOT_REPORTED = "not_reported"
"""Cause of a failed try that no report describes."""

COUNTERS = ("attempts", "failures", "requests", "failed_requests", "rescued_requests")
Bucket = tuple[dt.datetime, str, str, str, str, str]
"""Minute, model, service, team, category, cause."""
Counts = Counter[tuple[Bucket, str]]

_KEPT_FIRST = ("model", "service", "team", "environment", "user", "client", "trace_id", "span_id", "session_id")
_TRY_FIELDS = ("error_type", "error_code", "exception", "message", "cause_chain", "api_request_id", "raw")


@dataclass(slots=True)
class Call:
    """One request as known so far: its row, its tries by number, and what is stored of both."""

    request: Request
    tries: dict[int, Try]
    stored: dict[int, Attempt] = field(default_factory=dict)
    issues_before: dict[int, int | None] = field(default_factory=dict)
    """The issue that each stored attempt, by its id, stood in."""
    counted: Counts = field(default_factory=Counter)
    """What is in the counts already."""
    kinds: set[str] = field(default_factory=set)
    told_again: list[str] = field(default_factory=list)
    """Keys, beside the request's own, that reports of it came under and that aren't stored yet."""
    changed: bool = False

    @property
    def last(self) -> Try:
        """Return the last try that is known of."""
        return self.tries[max(self.tries)]

    @property
    def ended_at(self) -> dt.datetime:
        """Return when the last try ended."""
        return ended_at(self.request)


def ended_at(request: Request) -> dt.datetime:
    """Return when a request ended: its duration is stored, its end isn't."""
    return request.started_at + dt.timedelta(milliseconds=request.duration_ms or 0)


def begin(project_id: int, report: Report) -> Call:
    """Return the call that ``report`` is the first to tell of."""
    request = Request(
        project_id=project_id,
        key=report.key,
        started_at=report.started_at,
        long_context=report.long_context,
        streamed=report.streamed,
        input_tokens=report.input_tokens,
        output_tokens=report.output_tokens,
        **{name: getattr(report, name) for name in _KEPT_FIRST},
    )
    call = Call(request, {report.last.number: report.last}, kinds={report.kind})
    _settle(call, report.last.at)
    return call


def recall(request: Request, attempts: list[Attempt], other_keys: list[str]) -> Call:
    """Return the call that is stored in these rows."""
    tries = {attempt.number: _try_of(attempt) for attempt in attempts}
    if request.attempts_made not in tries:  # one that succeeded at once has no row
        tries[request.attempts_made] = Try(
            request.attempts_made, ended_at(request), failed=False, api_request_id=request.api_request_id
        )
    call = Call(request, tries, stored={attempt.number: attempt for attempt in attempts})
    call.issues_before = {attempt.pk: attempt.issue_id for attempt in attempts}
    call.kinds = {key.partition(":")[0] for key in (request.key, *other_keys)}
    call.counted = counts_of(call)
    return call


def add_try(call: Call, report: Report) -> None:
    """Complete ``call`` by a report on one of its tries."""
    known = call.tries.get(report.last.number)
    if known is None:
        call.tries[report.last.number] = report.last
    else:
        _complete_try(call, known, report.last)
    _complete(call, report)


def add_telling(call: Call, report: Report) -> None:
    """Complete ``call`` by a report that tells its end in another form; the two ends are one try."""
    ours = call.tries.pop(call.last.number)
    stored = call.stored.pop(ours.number, None)
    _complete_try(call, ours, report.last)
    ours.number = max(ours.number, report.last.number)
    call.tries[ours.number] = ours
    if stored is not None:
        call.stored[ours.number] = stored
    call.kinds.add(report.kind)
    call.told_again.append(report.key)
    _complete(call, report)


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


def _complete(call: Call, report: Report) -> None:
    request = call.request
    end = max(call.ended_at, *(each.at for each in call.tries.values()))
    for name in _KEPT_FIRST:
        if not getattr(request, name):
            setattr(request, name, getattr(report, name))
    request.long_context = request.long_context or report.long_context
    request.started_at = min(request.started_at, report.started_at)
    if request.streamed is None:
        request.streamed = report.streamed
    for name in ("input_tokens", "output_tokens"):
        if getattr(request, name) is None:
            setattr(request, name, getattr(report, name))
    call.changed = True
    _settle(call, end)


def _complete_try(call: Call, ours: Try, theirs: Try) -> None:
    """Take what ``theirs`` tells and ``ours`` doesn't; a failure that only one of them saw is a failure."""
    asked = (ours.failed, ours.http_status, *(getattr(ours, name) for name in _TRY_FIELDS))
    ours.failed = ours.failed or theirs.failed
    ours.at = max(ours.at, theirs.at)
    for name in _TRY_FIELDS:
        if not getattr(ours, name):
            setattr(ours, name, getattr(theirs, name))
    for name in ("http_status", "retry_after", "duration_ms"):
        if getattr(ours, name) is None:
            setattr(ours, name, getattr(theirs, name))
    ours.headers = {**theirs.headers, **ours.headers}
    if ours.failed and asked != (ours.failed, ours.http_status, *(getattr(ours, name) for name in _TRY_FIELDS)):
        judge(ours, client=call.request.client, streamed=call.request.streamed is True)
        if theirs.cause not in ("", "unknown") and (theirs.confidence or 0) > (ours.confidence or 0):
            ours.category, ours.cause, ours.confidence = theirs.category, theirs.cause, theirs.confidence


def _settle(call: Call, end: dt.datetime) -> None:
    """Work out the request's own fields from its tries."""
    request, last = call.request, call.last
    milliseconds = round((end - request.started_at) / dt.timedelta(milliseconds=1))
    request.duration_ms = min(milliseconds, 2**31 - 1) or None
    request.started_at = end - dt.timedelta(milliseconds=request.duration_ms or 0)
    request.attempts_made = last.number
    request.failures = last.number - sum(not each.failed for each in call.tries.values())
    newest_first = sorted(call.tries.values(), key=lambda each: -each.number)
    request.api_request_id = next((each.api_request_id for each in newest_first if each.api_request_id), "")
    if last.failed:
        request.outcome = Request.Outcome.FAILED
    else:
        request.outcome = Request.Outcome.RESCUED if request.failures else Request.Outcome.SUCCEEDED
    failure = next((each for each in newest_first if each.failed), None)
    if failure is not None:
        request.category, request.cause = failure.category, failure.cause
        request.http_status, request.error_type = failure.http_status, failure.error_type
    elif request.failures:
        request.category, request.cause = "other", NOT_REPORTED
        request.http_status, request.error_type = None, ""
    else:
        request.category = request.cause = request.error_type = ""


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
        duration_ms=attempt.duration_ms,
        api_request_id=attempt.api_request_id,
        category=attempt.category,
        cause=attempt.cause,
        confidence=attempt.confidence,
    )
