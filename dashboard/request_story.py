"""One request told in order: its tries, its diagnosis, its head-room, and the words for the support desk."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext

from dashboard.clients import client_of
from dashboard.head_room import HeadRoom, head_room_of
from dashboard.request_neighbours import Neighbours, neighbours_of
from dashboard.templatetags.triage_ui import milliseconds
from dashboard.verdicts import Verdict, verdict_of
from triage.diagnosis import Diagnosis, diagnose_fields
from triage.knowledge import Cause, load
from triage.models import Attempt, Request

_MOST_ATTEMPTS = 100
_RETRY_THEMSELVES = ("claude-code", "anthropic-python", "anthropic-typescript")
"""Clients that retry within one call and report it as one."""


@dataclass(frozen=True)
class Try:
    """One attempt, how long after the one before it was sent, and where both lie on the request's time line (0-100)."""

    attempt: Attempt
    waited_ms: int | None
    left: float
    width: float
    waited_left: float
    waited_width: float


@dataclass(frozen=True)
class Story:
    """Everything that a request's page tells beyond the stored fields."""

    tries: list[Try]
    not_described: int
    """Failed tries that were counted, but that no report describes."""
    failure: Attempt | None
    """The last failed attempt: what is diagnosed."""
    diagnosis: Diagnosis | None
    cause: Cause | None
    verdict: Verdict | None
    head_room: list[HeadRoom]
    other_headers: list[tuple[str, str]]
    total_ms: int | None
    for_support: str
    retried_by: str
    """Who sent the further tries, as a sentence; empty where there were none."""
    neighbours: Neighbours


def story_of(request: Request) -> Story:
    """Return the story of a request of which the reader may know."""
    attempts = list(request.attempts.select_related("issue").order_by("number", "at")[:_MOST_ATTEMPTS])
    failures = [attempt for attempt in attempts if attempt.failed]
    failure = failures[-1] if failures else None
    diagnosis = _diagnosis(request, failure) if failure else None
    cause = load().causes.get(failure.cause) if failure else None
    headers = (failure or attempts[-1]).headers if attempts else {}
    head_room, others = head_room_of(headers)
    return Story(
        tries=_tries(attempts),
        not_described=max(0, request.failures - len(failures)),
        failure=failure,
        diagnosis=diagnosis,
        cause=cause,
        verdict=verdict_of(cause.retry, retry_after=failure.retry_after) if cause and failure else None,
        head_room=head_room,
        other_headers=others,
        total_ms=request.duration_ms,
        for_support=_for_support(request, attempts),
        retried_by=_retried_by(request, attempts),
        neighbours=neighbours_of(request, failed_at=failure.at if failure else None),
    )


def _diagnosis(request: Request, failure: Attempt) -> Diagnosis:
    """Read the stored failure once more: what is stored is the cause, the reasons are told from the same engine."""
    return diagnose_fields(
        http_status=failure.http_status,
        error_type=failure.error_type or None,
        error_code=failure.error_code or None,
        message=failure.message or None,
        exception=failure.exception or None,
        client=request.client.partition("/")[0] or None,
        streamed=bool(request.streamed),
    )


def _tries(attempts: list[Attempt]) -> list[Try]:
    """Lay the attempts out on one time line, as far as reports tell when each began and ended."""
    if not attempts:
        return []
    spans = [(attempt.at - dt.timedelta(milliseconds=attempt.duration_ms or 0), attempt.at) for attempt in attempts]
    first, last = min(began for began, _ended in spans), max(ended for _began, ended in spans)
    whole = (last - first).total_seconds() or 1.0
    told: list[Try] = []
    for at, (attempt, (began, ended)) in enumerate(zip(attempts, spans, strict=True)):
        waited = None
        if at:
            waited = max(0, round((began - spans[at - 1][1]).total_seconds() * 1000))
        left = (began - first).total_seconds() / whole * 100
        width = (ended - began).total_seconds() / whole * 100
        waited_width = (waited or 0) / 10 / whole
        told.append(
            Try(
                attempt,
                waited,
                round(min(left, 99.2), 2),
                round(max(width, 0.8), 2),
                round(max(left - waited_width, 0), 2),
                round(waited_width, 2),
            )
        )
    return told


def _retried_by(request: Request, attempts: list[Attempt]) -> str:
    """Return who sent the further tries, as far as what reports tells it; empty where there were none."""
    if request.attempts_made < 2:
        return ""
    client = client_of(request.client)
    if client is not None and client.prefix in _RETRY_THEMSELVES:
        return gettext("%(client)s retried it by itself.") % {"client": client.title}
    if len(attempts) == request.attempts_made:
        return gettext("Each try was reported by itself: the program, or the SDK within it, retried.")
    return gettext("Who retried it was not told.")


def _for_support(request: Request, attempts: list[Attempt]) -> str:
    """Return the lines that a support desk asks for; nothing in them tells what the prompt said."""
    lines = [
        (gettext("Request id"), request.api_request_id or gettext("none was returned")),
        (gettext("Started"), request.started_at.astimezone(dt.UTC).isoformat(timespec="milliseconds")),
        (gettext("Model"), request.model),
        (gettext("Client"), request.client),
        (gettext("Streamed"), {True: gettext("yes"), False: gettext("no"), None: ""}[request.streamed]),
        (gettext("Outcome"), str(request.get_outcome_display())),
    ]
    told = [f"{name}: {value}" for name, value in lines if value]
    for attempt in attempts:
        if not attempt.failed:
            continue
        parts = (
            str(attempt.http_status or gettext("no HTTP answer")),
            attempt.error_type,
            attempt.exception,
            attempt.api_request_id,
            gettext("after %(time)s") % {"time": milliseconds(attempt.duration_ms)} if attempt.duration_ms else "",
            attempt.message,
        )
        moment = attempt.at.astimezone(dt.UTC).isoformat(timespec="milliseconds")
        said = ", ".join(part for part in parts if part)
        told.append(
            gettext("Attempt %(n)s at %(moment)s: %(said)s") % {"n": attempt.number, "moment": moment, "said": said}
        )
    return "\n".join(told)
