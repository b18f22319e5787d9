"""``POST /api/v1/checks``: what other places find on their road to the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.errors import HttpError
from pydantic import AfterValidator

from dashboard.api import schemas
from dashboard.api.access import KeyAccess
from triage.health import Finding, State
from triage.health.reporting import LONGEST_SITE, MOST_CHECKS, BeyondBounds, accept, storable_evidence, told_outcome
from triage.health.running import Job

_HOUR = 3600
"""Seconds after which a place that names no interval is expected again."""

_PRINTABLE = r"^[^\x00-\x1f]*[^\s\x00-\x1f][^\x00-\x1f]*$"

router = Router()


class ToldCheck(Schema):
    """One check as it ended at the other place."""

    kind: Literal["name", "reach", "edge", "auth", "model"]
    subject: str = Field("", max_length=80, pattern=rf"^$|{_PRINTABLE}", description="The model, for checks of models.")
    state: State
    finding: Finding
    words: str = Field("", max_length=2000)
    latency_ms: float | None = Field(None, ge=0, le=3_600_000)
    cause: str = Field("", max_length=64)
    evidence: Annotated[dict[str, Any], AfterValidator(storable_evidence)] = Field(default_factory=dict)


class SiteReport(Schema):
    """All checks of one place; ``every`` is how often it reports, in seconds."""

    site: str = Field(pattern=_PRINTABLE, min_length=1, max_length=LONGEST_SITE)
    every: int | None = Field(None, ge=5, le=86_400)
    checks: list[ToldCheck] = Field(min_length=1, max_length=MOST_CHECKS)


class Stored(Schema):
    """How many checks were stored."""

    stored: int


@router.post(
    "/checks", auth=KeyAccess(), response={200: Stored, 409: schemas.Problem}, summary="Report checks of another place"
)
def report_checks(request: HttpRequest, report: SiteReport) -> dict[str, int]:
    """Take what ``manage.py check_health --report`` sends. The checks stand on the health page of the key's project."""
    (project,) = request.auth.projects  # type: ignore[attr-defined]  # a key opens one project
    told = [
        (
            Job(each.kind, each.subject.strip()),
            told_outcome(
                state=each.state,
                finding=each.finding,
                words=each.words,
                latency_ms=each.latency_ms,
                cause=each.cause,
                evidence=each.evidence,
            ),
        )
        for each in report.checks
    ]
    try:
        return {"stored": accept(project, report.site, report.every or _HOUR, told)}
    except BeyondBounds as error:
        raise HttpError(409, str(error)) from error
