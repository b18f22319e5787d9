"""What the provider says of itself: the JSON of its status page (Atlassian Statuspage, ``summary.json``)."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import httpx2
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from triage.health.failures import answer_of, of_answer, on_the_way
from triage.health.outcome import Finding, Outcome, State
from triage.health.target import Target, trust

_MOST = 20
"""Incidents and components that are kept."""
_SAID = 1000
"""Characters of an incident's newest word that are kept."""
_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)
_JUDGED: dict[str, tuple[State, Finding]] = {
    "none": ("ok", Finding.FINE),
    "maintenance": ("warn", Finding.PROVIDER_MAINTENANCE),
    "minor": ("warn", Finding.PROVIDER_MINOR),
    "major": ("fail", Finding.PROVIDER_MAJOR),
    "critical": ("fail", Finding.PROVIDER_MAJOR),
}


class _Update(BaseModel):
    body: str = ""
    status: str = ""
    created_at: AwareDatetime | None = None


class _Incident(BaseModel):
    name: str
    status: str = ""
    impact: str = ""
    shortlink: str | None = None
    created_at: AwareDatetime | None = None
    started_at: AwareDatetime | None = None
    incident_updates: list[_Update] = Field(default_factory=list)


class _Component(BaseModel):
    name: str
    status: str = ""
    updated_at: AwareDatetime | None = None


class _Page(BaseModel):
    url: str = ""
    updated_at: AwareDatetime | None = None


class _Status(BaseModel):
    indicator: str
    description: str = ""


class _Summary(BaseModel):
    """The parts of a summary that are read here; whatever else stands in it is left alone."""

    page: _Page = Field(default_factory=_Page)
    status: _Status
    incidents: list[_Incident] = Field(default_factory=list)
    components: list[_Component] = Field(default_factory=list)


def check_provider(target: Target, timeout: float) -> Outcome:
    """Read the status page; one that can't be read says nothing of the API, so that is ``unknown``, no failure."""
    context = trust()
    began = time.perf_counter()
    try:
        with httpx2.Client(verify=context, timeout=timeout, follow_redirects=True) as client:
            response = client.get(target.status_url)
    except httpx2.HTTPError as error:
        host = httpx2.URL(target.status_url).host
        return _unreadable(on_the_way(error, host, latency_ms=_since(began)))
    answer, latency = answer_of(response), _since(began)
    if answer.status != 200 or answer.is_page:
        return _unreadable(of_answer(answer, latency))
    try:
        summary = _Summary.model_validate_json(answer.text)
    except ValidationError as error:
        first = error.errors()[0]
        words = f"The status page's JSON isn't as expected: {'.'.join(map(str, first['loc']))} {first['msg']}."
        return Outcome("unknown", Finding.STATUS_UNREADABLE, words, latency, answer.evidence())
    return _told(summary, latency)


def _told(summary: _Summary, latency: float) -> Outcome:
    state, finding = _JUDGED.get(summary.status.indicator, ("warn", Finding.PROVIDER_MINOR))
    words = f"The provider says: {summary.status.description or summary.status.indicator}."
    incidents = [_incident(each) for each in summary.incidents[:_MOST]]
    if incidents:
        words += f" {incidents[0]['name']} ({incidents[0]['status']})."
    unwell = [each for each in summary.components if each.status != "operational"]
    evidence: dict[str, Any] = {
        "indicator": summary.status.indicator,
        "description": summary.status.description,
        "page": summary.page.url if summary.page.url.startswith("https://") else "",
        "page_updated_at": _moment(summary.page.updated_at),
        "incidents": incidents,
        "components": [
            {"name": each.name, "status": each.status, "since": _moment(each.updated_at)} for each in unwell[:_MOST]
        ],
    }
    return Outcome(state, finding, words, latency, evidence)


def _incident(incident: _Incident) -> dict[str, Any]:
    newest = max(incident.incident_updates, key=lambda each: each.created_at or _NEVER, default=None)
    return {
        "name": incident.name,
        "status": incident.status,
        "impact": incident.impact,
        "since": _moment(incident.started_at or incident.created_at),
        "announced_at": _moment(incident.created_at),
        "link": incident.shortlink,
        "said": newest.body[:_SAID] if newest else "",
    }


def _unreadable(outcome: Outcome) -> Outcome:
    """Return a failure to read the page as what it is: nothing known of the provider."""
    words = f"The status page can't be read. {outcome.words}"
    evidence = {**outcome.evidence, "finding": str(outcome.finding)}
    return Outcome("unknown", Finding.STATUS_UNREADABLE, words, outcome.latency_ms, evidence, outcome.diagnosis)


def _moment(at: dt.datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
