"""Writes what is stored as the forms that are read: our own JSON, which loses nothing, or the error guide's logger's.

Everything is read and written in pieces, so that memory stays bounded, whatever is stored.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from triage.ingest import attempts_json
from triage.ingest.calls import ended_at
from triage.ingest.files.form import Told, without_empty
from triage.models import Attempt, MinuteCount, Project, Request

_SLICE = 500
_Cell = tuple[dt.datetime, str, str, str]
"""Minute, model, service, team."""


def ours(project: Project, since: dt.datetime | None, until: dt.datetime | None) -> Iterator[Told]:
    """Yield every try of the requests that began from ``since`` on and before ``until``, in our own JSON format.

    Successes that were told as numbers, and those whose requests are no longer kept, follow as numbers by the minute.
    Reading the lines into another project gives the same counts, as long as the requests that failed are still kept.
    """
    single: Counter[_Cell] = Counter()
    for request, attempts in _requests(project, since, until):
        tries = {attempt.number: _try(request, attempt) for attempt in attempts}
        if request.attempts_made not in tries:
            tries[request.attempts_made] = _end(request)
            if request.outcome == Request.Outcome.SUCCEEDED:
                end = ended_at(request).replace(second=0, microsecond=0)
                single[end, request.model, request.service, request.team] += 1
        yield from (tries[number] for number in sorted(tries))
    yield from _numbers(project, since, until, single)


def guide(project: Project, since: dt.datetime | None, until: dt.datetime | None) -> Iterator[Told]:
    """Yield every failed try in the form of the error guide's logger, which has none for what went well."""
    for request, attempts in _requests(project, since, until):
        for attempt in attempts:
            if attempt.failed:
                yield _logged(request, attempt)


WRITERS: dict[str, Callable[[Project, dt.datetime | None, dt.datetime | None], Iterator[Told]]] = {
    "ours": ours,
    "guide": guide,
}
"""By the name that ``--format`` takes."""


def _requests(
    project: Project, since: dt.datetime | None, until: dt.datetime | None
) -> Iterator[tuple[Request, list[Attempt]]]:
    requests = Request.objects.filter(project=project).order_by("started_at", "id")
    if since is not None:
        requests = requests.filter(started_at__gte=since)
    if until is not None:
        requests = requests.filter(started_at__lt=until)
    rows = requests.iterator(chunk_size=_SLICE)
    while part := list(islice(rows, _SLICE)):
        attempts: dict[int, list[Attempt]] = {}
        for attempt in Attempt.objects.filter(request__in=[request.pk for request in part]).order_by("number"):
            attempts.setdefault(attempt.request_id, []).append(attempt)
        for request in part:
            yield request, attempts.get(request.pk, [])


def _call(request: Request) -> Told:
    """Return what all tries of a request share. A name that came from our own JSON stays what it was."""
    kind, _, name = request.key.partition(":")
    return {
        "call": name if kind == attempts_json.KIND else request.key,
        "model": request.model + ("[1m]" if request.long_context and request.model else ""),
        "service": request.service,
        "team": request.team,
        "environment": request.environment,
        "user": request.user,
        "client": request.client,
        "streamed": request.streamed,
    }


def _try(request: Request, attempt: Attempt) -> Told:
    told = _call(request) | {
        "at": attempt.at.isoformat(),
        "attempt": attempt.number,
        "outcome": "failed" if attempt.failed else "succeeded",
        "request_id": attempt.api_request_id,
        "duration_ms": attempt.duration_ms,
    }
    if attempt.number == request.attempts_made:
        told["tokens"] = _tokens(request)
    if attempt.failed:
        told |= {
            "status": attempt.http_status,
            "error": without_empty(
                {"type": attempt.error_type, "code": attempt.error_code, "message": attempt.message}
            ),
            "exception": attempt.exception,
            "retry_after": attempt.retry_after,
            "headers": attempt.headers,
            "diagnosis": {"cause": attempt.cause, "confidence": attempt.confidence},
        }
    return without_empty(told)


def _end(request: Request) -> Told:
    """Return the last try of a request where no row tells of it."""
    failed = request.outcome == Request.Outcome.FAILED
    return without_empty(
        _call(request)
        | {
            "at": ended_at(request).isoformat(),
            "attempt": request.attempts_made,
            "outcome": "failed" if failed else "succeeded",
            "request_id": request.api_request_id,
            "duration_ms": request.duration_ms if request.attempts_made == 1 else None,
            "tokens": _tokens(request),
        }
    )


def _tokens(request: Request) -> Told:
    return without_empty({"input": request.input_tokens, "output": request.output_tokens})


def _numbers(
    project: Project, since: dt.datetime | None, until: dt.datetime | None, single: Counter[_Cell]
) -> Iterator[Told]:
    """Yield how many requests more than those in ``single`` succeeded at once, by minute and dimensions."""
    counts = MinuteCount.objects.filter(project=project, cause="", category="", requests__gt=0).order_by("start", "id")
    if since is not None:
        counts = counts.filter(start__gte=since)
    if until is not None:
        counts = counts.filter(start__lt=until)
    for row in counts.iterator(chunk_size=_SLICE):
        more = row.requests - single[row.start, row.model, row.service, row.team]
        if more > 0:
            told = {"at": row.start.isoformat(), "model": row.model, "service": row.service, "team": row.team}
            yield without_empty({"id": _number_id(told), **told, "client": attempts_json.CLIENT, "count": more})


def _number_id(told: Told) -> str:
    """Return an id that no other cell of the counts has, whatever its names hold, and the same one every time."""
    cell = json.dumps([told[name] for name in ("at", "model", "service", "team")])
    return f"minute:{hashlib.sha256(cell.encode()).hexdigest()}"


def _logged(request: Request, attempt: Attempt) -> Told:
    told = _try(request, attempt)
    names = (
        *("call", "attempt", "request_id", "service", "team", "environment", "user", "client", "exception"),
        *("duration_ms", "retry_after", "headers", "diagnosis"),
    )
    context: dict[str, Any] = {name: told[name] for name in names if name in told}
    return {
        "timestamp": attempt.at.isoformat(),
        "category": attempt.category,
        "status_code": attempt.http_status,
        "message": attempt.message,
        "context": without_empty({**context, "error_type": attempt.error_type, "error_code": attempt.error_code}),
        "request": without_empty({"model": told.get("model"), "stream": request.streamed}),
    }
