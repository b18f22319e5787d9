"""Writes what a batch of reports changed: requests, attempts, issues, counts. All inside the digest's transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import redis
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from triage.actions import issues
from triage.ingest.adding import add_up
from triage.ingest.calls import COUNTERS, Call, Counts, counts_of
from triage.ingest.keeping import Slot, kept_text, slots_to_keep
from triage.ingest.ledger import Ledger
from triage.ingest.report import MOST_ATTEMPTS, Try
from triage.ingest.told import remember
from triage.knowledge import load
from triage.models import Attempt, FacetSet, HourCount, Issue, IssueEvent, MinuteCount, Request, Telling

GROUPING = 1
"""Version of the grouping, the first part of each fingerprint: a new grouping leaves the old issues alone."""

_DIMENSIONS = ("project_id", "start", "model", "service", "team", "category", "cause")


@dataclass(slots=True)
class _Failure:
    """A failed try that is to be written, with the call that it belongs to."""

    call: Call
    told: Try
    fingerprint: str


def fingerprint(failure: Try) -> str:
    """Return what groups a failure into an issue: cause, status and type, never its words.

    Some clients don't tell the type; where the cause goes with one type only, it is that one. Without a status no API
    answered, so what stands for a type is the client's own word for it, and says nothing beyond the cause.
    """
    if failure.http_status is None:
        return f"{GROUPING}:{failure.cause}::"
    return f"{GROUPING}:{failure.cause}:{failure.http_status}:{failure.error_type or _only_type_of(failure.cause)}"


@cache
def _only_type_of(slug: str) -> str:
    cause = load().causes.get(slug)
    return cause.seen_with.type[0] if cause is not None and len(cause.seen_with.type) == 1 else ""


def write(project_id: int, ledger: Ledger, valkey: redis.Redis) -> None:
    """Write the calls that a batch began, completed and dissolved, and what all of it adds to issues and counts."""
    begun, changed, dissolved = ledger.begun, ledger.changed, ledger.dissolved
    calls = [*begun, *changed]
    _clear_the_way(changed, dissolved)
    FacetSet.objects.file([call.request for call in calls])
    for call in changed:
        call.request.save()
    Request.objects.bulk_create([call.request for call in begun])
    _write_tellings(project_id, calls)
    failures = [
        _Failure(call, told, fingerprint(told)) for call in calls for told in call.tries.values() if told.failed
    ]
    by_fingerprint = _write_issues(project_id, failures)
    _write_attempts(project_id, calls, failures, by_fingerprint, valkey)
    _forget_emptied(project_id, [*calls, *dissolved])
    _write_counts(project_id, calls)


def _clear_the_way(changed: list[Call], dissolved: list[Call]) -> None:
    """Remove the rows that are in the way of those to be written: of dissolved calls, and of what left a call."""
    Request.objects.filter(pk__in=[call.request.pk for call in dissolved]).delete()
    renamed = [call.request.pk for call in changed if call.renamed]
    aside = Concat(Value("aside:"), Cast("pk", CharField()), output_field=CharField())
    Request.objects.filter(pk__in=renamed).update(key=aside)  # one may take the key that another had
    left = [row.pk for call in changed for key, row in call.remembered.items() if key not in call.accounts]
    Telling.objects.filter(pk__in=left).delete()
    Attempt.objects.filter(pk__in=[row.pk for call in changed for row in call.surplus]).delete()
    moved = [row.pk for call in changed for number, row in call.stored.items() if row.number != number]
    Attempt.objects.filter(pk__in=moved).update(number=F("number") + MOST_ATTEMPTS)  # so that they can pass each other


def _write_tellings(project_id: int, calls: list[Call]) -> None:
    """Remember each account of a call that has several; a call that has one is remembered by its own rows."""
    new, grown = [], []
    for call in calls:
        if len(call.accounts) == 1 and not call.remembered:
            continue
        for told in call.accounts.values():
            row = call.remembered.get(told.key)
            if row is None:
                new.append(Telling(project_id=project_id, key=told.key, request=call.request, told=remember(told)))
            elif told.grows:
                row.told = remember(told)
                grown.append(row)
    Telling.objects.bulk_create(new)
    Telling.objects.bulk_update(grown, ["told"], batch_size=100)


def _write_issues(project_id: int, failures: list[_Failure]) -> dict[str, Issue]:
    """Return the issue of each fingerprint, made where it is new, woken where it was resolved or ignored."""
    grouped: dict[str, list[_Failure]] = defaultdict(list)
    for failure in failures:
        grouped[failure.fingerprint].append(failure)
    known = {each.fingerprint: each for each in Issue.objects.filter(project_id=project_id, fingerprint__in=grouped)}
    new = [_new_issue(project_id, name, group) for name, group in grouped.items() if name not in known]
    Issue.objects.bulk_create(new)
    IssueEvent.objects.bulk_create(
        IssueEvent(issue=issue, kind=IssueEvent.Kind.OPENED, at=issue.first_seen_at) for issue in new
    )
    for issue in known.values():
        _update_issue(issue, grouped[issue.fingerprint])
    return known | {issue.fingerprint: issue for issue in new}


def _new_issue(project_id: int, name: str, group: list[_Failure]) -> Issue:
    latest = max(group, key=lambda each: each.told.at).told
    return Issue(
        project_id=project_id,
        fingerprint=name,
        cause=latest.cause,
        category=latest.category,
        http_status=latest.http_status,
        error_type=latest.error_type,
        failures=len(group),
        first_seen_at=min(each.told.at for each in group),
        last_seen_at=latest.at,
        last_message=latest.message,
    )


def _update_issue(issue: Issue, group: list[_Failure]) -> None:
    fresh = [each for each in group if _is_new_to(issue, each)]
    if not fresh:
        return
    latest = max(fresh, key=lambda each: each.told.at).told
    issue.failures += len(fresh)
    issue.first_seen_at = min(issue.first_seen_at, *(each.told.at for each in fresh))
    if latest.at >= issue.last_seen_at:
        issue.last_seen_at = latest.at
        issue.last_message = latest.message or issue.last_message
    issue.save(update_fields=["failures", "first_seen_at", "last_seen_at", "last_message"])
    if issue.state == Issue.State.RESOLVED:
        issues.regress(issue, latest.at)
    elif issue.state == Issue.State.IGNORED:
        issues.wake(issue, latest.at)


def _is_new_to(issue: Issue, failure: _Failure) -> bool:
    stored = failure.call.stored.get(failure.told.number)
    return stored is None or stored.issue_id != issue.pk


def _write_attempts(
    project_id: int, calls: list[Call], failures: list[_Failure], known: dict[str, Issue], valkey: redis.Redis
) -> None:
    new: list[Attempt] = []
    wanted: Counter[Slot] = Counter(
        _slot(project_id, each) for each in failures if each.told.raw is not None and not _is_kept(each)
    )
    left = slots_to_keep(valkey, wanted) if wanted else wanted
    for failure in failures:
        attempt = _row(failure.call, failure.told, project_id)
        attempt.issue = known[failure.fingerprint]
        slot = _slot(project_id, failure)
        if failure.told.raw is not None and not attempt.body and left[slot] > 0:
            left[slot] -= 1
            attempt.body = kept_text(failure.told.raw)
        if attempt.pk is None:
            new.append(attempt)
        else:
            attempt.save()
    for call in calls:
        last = call.last
        if call.request.outcome == Request.Outcome.RESCUED and not last.failed:
            attempt = _row(call, last, project_id)
            if attempt.pk is None:
                new.append(attempt)
            else:
                attempt.save()
    Attempt.objects.bulk_create(new)


def _slot(project_id: int, failure: _Failure) -> Slot:
    return project_id, failure.fingerprint, f"{failure.told.at:%Y%m%d%H%M}"


def _is_kept(failure: _Failure) -> bool:
    stored = failure.call.stored.get(failure.told.number)
    return stored is not None and bool(stored.body)


def _row(call: Call, told: Try, project_id: int) -> Attempt:
    """Return the row of a try: its own where it is stored, else a new one."""
    attempt = call.stored.get(told.number) or Attempt(request=call.request, project_id=project_id)
    attempt.number = told.number
    attempt.at = told.at
    attempt.duration_ms = told.duration_ms
    attempt.api_request_id = told.api_request_id
    attempt.failed = told.failed
    attempt.http_status = told.http_status
    attempt.error_type = told.error_type
    attempt.error_code = told.error_code
    attempt.exception = told.exception
    attempt.message = told.message
    attempt.category = told.category
    attempt.cause = told.cause
    attempt.confidence = told.confidence
    attempt.retry_after = told.retry_after
    attempt.headers = told.headers
    attempt.model = told.model
    return attempt


def _forget_emptied(project_id: int, calls: Iterable[Call]) -> None:
    """Take back from an issue the failures that a fuller report moved to another, and the issue if none is left.

    An issue that a person has touched stays.
    """
    before = Counter(issue for call in calls for issue in call.issues_before.values() if issue is not None)
    stays = (
        each.issue_id
        for call in calls
        for each in call.stored.values()
        if each.issue_id is not None and call.issues_before.get(each.pk) == each.issue_id
    )
    moved = before - Counter(stays)
    if not moved:
        return
    for issue in Issue.objects.filter(project_id=project_id, pk__in=moved):
        issue.failures = max(0, issue.failures - moved[issue.pk])
        issue.save(update_fields=["failures"])
        touched = issue.assignee_id is not None or issue.events.exclude(kind=IssueEvent.Kind.OPENED).exists()
        if not issue.failures and not touched:
            issue.delete()


def _write_counts(project_id: int, calls: Iterable[Call]) -> None:
    """Add to the counts what each call adds now, less what it had added before."""
    added: Counts = Counter()
    for call in calls:
        added.update(counts_of(call))
        added.subtract(call.counted)
    for table, minutes in ((MinuteCount, 1), (HourCount, 60)):
        rows: dict[tuple[object, ...], list[int]] = defaultdict(lambda: [0] * len(COUNTERS))
        for ((at, *dimensions), counter), number in added.items():
            start = at.replace(minute=0) if minutes == 60 else at
            rows[(project_id, start, *dimensions)][COUNTERS.index(counter)] += number
        changed = {key: tuple(numbers) for key, numbers in rows.items() if any(numbers)}
        add_up(table, _DIMENSIONS, changed, sums=COUNTERS)


def told_since(calls: Iterable[Call]) -> tuple[int, int]:
    """Return how many attempts and failures the calls tell of beyond what was counted of them before."""
    attempts = failures = 0
    for call in calls:
        if not call.accounts:
            continue
        attempts += call.request.attempts_made - sum(n for (_, c), n in call.counted.items() if c == "attempts")
        failures += call.request.failures - sum(n for (_, c), n in call.counted.items() if c == "failures")
    return attempts, failures
