"""``GET /api/v1/verdict``: whether it is us or them, with the incidents that go on."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from dashboard.api import schemas
from dashboard.api.access import TEAM
from dashboard.us_or_them import verdict_at
from triage.incidents import going_on, title
from triage.models import Project

router = Router()


class ReasonOut(Schema):
    """One thing that a verdict rests on."""

    slug: str
    words: str


class IncidentOut(Schema):
    """An incident that goes on."""

    id: int
    title: str
    side: str
    kind: str
    first_sign_at: dt.datetime
    opened_at: dt.datetime


class VerdictOut(Schema):
    """Whose side it is on: ``them``, ``us``, ``between``, ``unclear``; or ``fine``."""

    project: str
    at: dt.datetime
    side: str
    kind: str
    sentence: str
    reasons: list[ReasonOut]
    cause: str
    category: str
    since: dt.datetime | None
    models: list[str]
    services: list[str]
    hit: int
    requests: int
    incidents: list[IncidentOut]


class VerdictsOut(Schema):
    """One verdict a project."""

    verdicts: list[VerdictOut]


@router.get("/verdict", auth=TEAM, response={200: VerdictsOut, 404: schemas.Problem}, summary="Us or them")
def verdicts(request: HttpRequest, project: str | None = None) -> dict[str, Any]:
    """Tell of each project whether something is wrong now, whose side it is on, and what that rests on."""
    now = timezone.now()
    asked = request.auth.narrowed(project)  # type: ignore[attr-defined]
    return {"verdicts": [_told(each, now) for each in asked]}


def _told(project: Project, now: dt.datetime) -> dict[str, Any]:
    made = verdict_at(project, now)
    told = {name: getattr(made, name) for name in VerdictOut.model_fields if name not in ("project", "incidents")}
    going = [
        {"id": each.pk, "title": title(each), "side": each.side, "kind": each.kind}
        | {"first_sign_at": each.first_sign_at, "opened_at": each.opened_at}
        for each in going_on([project.pk])
    ]
    return {"project": project.slug, "incidents": going, **told}
