"""Plays a story through the real receiver and the real digest in accelerated time, and asks for the verdict on the way.

A story is a YAML file. Times in it are minutes from the onset of what happens; before it there is only usual traffic.

=============  =========================================================================================================
``title``      what happens, in a sentence
``before``     minutes of usual traffic before the onset (60)
``lasts``      minutes from the onset on until it is over (6)
``after``      minutes of usual traffic after that (12)
``onset``      at which second of its minute the onset is (17)
``services``   by name: ``team``, ``per_minute`` (requests), ``models`` (names), ``users`` (how many)
``rhythm``     ``true``: fewer requests at night and at weekends
``background`` the share of requests that always fail, spread over ``usual_answers`` (names of ``answers``)
``took_ms``    how long a call takes, in the middle
``happens``    a list of what is different ``from`` a minute ``until`` another: to whom (``services``, ``models``,
               ``users``, as lists of names; all where left out), with which ``share`` of them, and what: ``answer`` (a
               name of ``answers``, or a list of them), ``tries`` (of each hit request), ``slower`` (a factor),
               ``traffic`` (a factor; with ``users``, of their part), ``silent``
``checks``     what health checks come back with every half minute ``from`` a minute ``until`` another: ``kind``,
               ``state``, ``finding``, ``words``, ``site``
``answers``    by name, fields of a report (see ``triage/ingest/attempts_json.py``) added to ``ANSWERS``
``expect``     ``side``, and where they matter ``kind``, ``cause`` (or several), ``models``, ``services``, ``says``
               (words of the sentence or the reasons); ``within`` seconds of the onset (60); ``page_late``: minutes from
               the first sign to the status page's admission, as the incident measures them
=============  =========================================================================================================
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.utils import timezone

from tests.ingest.conftest import Client
from triage.health import Finding, Outcome, record
from triage.incidents import watch
from triage.ingest.digest import digest_waiting
from triage.models import Check, IngestKey, Project
from triage.verdict import Verdict, verdict

MINUTE = dt.timedelta(minutes=1)
HERE = Path(__file__).parent

ANSWERS: dict[str, dict[str, Any]] = {
    "overloaded": {"status": 529, "error": {"type": "overloaded_error", "message": "Overloaded"}},
    "internal": {"status": 500, "error": {"type": "api_error", "message": "Internal server error"}},
    "unavailable": {"status": 503, "error": {"type": "api_error", "message": "Service unavailable"}},
    "rate_limited": {
        "status": 429,
        "error": {
            "type": "rate_limit_error",
            "message": "This request would exceed your organization's rate limit of 4,000 requests per minute.",
        },
    },
    "key_invalid": {"status": 401, "error": {"type": "authentication_error", "message": "invalid x-api-key"}},
    "bad_request": {
        "status": 400,
        "error": {"type": "invalid_request_error", "message": "max_tokens: Field required"},
    },
    "plan_limit": {
        "status": 429,
        "error": {"type": "rate_limit_error", "message": "Claude AI usage limit reached|1770000000"},
    },
    "spend_limit": {
        "status": 400,
        "error": {
            "type": "invalid_request_error",
            "message": "You have reached your specified API usage limits. "
            "You will regain access on 2026-12-01 at 00:00 UTC.",
        },
    },
    "name_unknown": {
        "exception": "APIConnectionError",
        "error": "Connection error.",
        "cause_chain": ["httpx.ConnectError: [Errno -2] Name or service not known"],
    },
    "intercepted": {
        "exception": "APIConnectionError",
        "error": "Connection error.",
        "cause_chain": [
            "httpx.ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
            "self-signed certificate in certificate chain"
        ],
    },
    "timed_out": {"exception": "APITimeoutError", "error": "Request timed out."},
}


@dataclass
class Service:
    team: str = ""
    per_minute: float = 10
    models: list[str] = field(default_factory=lambda: ["claude-opus-4-8"])
    users: int = 0

    @property
    def people(self) -> list[str]:
        """The users' names; one without a name where none are told."""
        return [f"user-{number}" for number in range(self.users)] or [""]


@dataclass
class Story:
    """A story as read from its file."""

    name: str
    title: str
    services: dict[str, Service]
    expect: dict[str, Any]
    before: int = 60
    lasts: float = 6
    after: int = 12
    onset: int = 17
    rhythm: bool = False
    background: float = 0.01
    usual_answers: list[str] = field(default_factory=lambda: ["overloaded", "rate_limited", "bad_request"])
    took_ms: float = 3_000
    happens: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Story:
        """Read a story; a field that there is none of is an error that names it."""
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        services = {name: Service(**(fields or {})) for name, fields in told.pop("services").items()}
        return cls(name=path.stem, services=services, **told)


@dataclass(frozen=True)
class Look:
    """A verdict asked for on the way, so many seconds after the onset."""

    seconds: float
    verdict: Verdict


class Player:
    """Plays one story into one project."""

    def __init__(self, story: Story, project: Project) -> None:
        self.story = story
        self.project = project
        self.client = Client(IngestKey.issue(project)[1])
        self.chance = random.Random(story.name)
        ends = timezone.now().replace(second=0, microsecond=0) - MINUTE
        self.onset = ends - dt.timedelta(minutes=int(story.lasts) + story.after) + dt.timedelta(seconds=story.onset)
        self._waiting: list[tuple[dt.datetime, dict[str, Any]]] = []
        self._calls = 0
        self._checked: dict[tuple[int, float], dt.datetime] = {}

    def play(self, looks: list[float]) -> Iterator[Look]:
        """Play to the end, yielding the verdict at each of ``looks``, in seconds from the onset, ascending.

        At each of them the project is watched, so incidents open and close on the way.
        """
        minute = (self.onset - self.story.before * MINUTE).replace(second=0, microsecond=0)
        for seconds in looks:
            at = self.onset + dt.timedelta(seconds=seconds)
            while minute <= at:
                self._make(minute)
                minute += MINUTE
            self._tell(at)
            self._run_checks(at)
            watch(self.project, at)
            yield Look(seconds, verdict(at, self.project))

    def _make(self, minute: dt.datetime) -> None:
        """Make the requests that begin in a minute; each is reported when it has ended."""
        for name, service in self.story.services.items():
            begun = minute
            while True:
                weights = self._weights(name, service, begun)
                rate = service.per_minute * sum(weights) / len(weights) * self._rhythm(begun)
                begun += MINUTE * self.chance.expovariate(max(rate, 1e-6))
                if begun >= minute + MINUTE:
                    break
                self._call(name, service, weights, begun)

    def _call(self, name: str, service: Service, weights: list[float], begun: dt.datetime) -> None:
        told = {
            "service": name,
            "team": service.team,
            "model": self.chance.choice(service.models),
            "user": self.chance.choices(service.people, weights)[0],
        }
        self._calls += 1
        took = self.chance.lognormvariate(0, 0.5) * self.story.took_ms
        now = [each for each in self._happening(begun) if _hits(each, told)]
        if any(each.get("silent") for each in now):
            return
        answer, tries = "", 1
        if self.chance.random() < self.story.background:
            answer = self.chance.choice(self.story.usual_answers)
        for each in now:
            took *= each.get("slower", 1)
            if "answer" in each and self.chance.random() < each.get("share", 1):
                answers = each["answer"] if isinstance(each["answer"], list) else [each["answer"]]
                answer, tries = self.chance.choice(answers), each.get("tries", 1)
        at = begun
        for attempt in range(1, tries + 1):
            spent = took if not answer else min(took, 800)
            at += dt.timedelta(milliseconds=spent + (500 * 2**attempt if attempt > 1 else 0))
            report = {**told, "call": f"call-{self._calls}", "id": f"{self._calls}-{attempt}", "attempt": attempt}
            fields = (self.story.answers | ANSWERS)[answer] if answer else {"status": 200}
            self._waiting.append((at, {**report, **fields, "at": at.isoformat(), "duration_ms": round(spent)}))

    def _tell(self, until: dt.datetime) -> None:
        """Report all that has ended, as a client would: in the order of time, in batches."""
        due = sorted((each for each in self._waiting if each[0] <= until), key=lambda each: each[0])
        self._waiting = [each for each in self._waiting if each[0] > until]
        for start in range(0, len(due), 500):
            answer = self.client.post("/api/v1/attempts", [report for _, report in due[start : start + 500]])
            assert answer.status == 202, answer.body
        digest_waiting(patience=60)

    def _run_checks(self, until: dt.datetime) -> None:
        """Store what checks came back with up to now: one result every half minute."""
        for each in self.story.checks:
            site = each.get("site", "")
            owner = self.project if site else None
            check, _ = Check.objects.get_or_create(project=owner, site=site, kind=each["kind"], subject="")
            outcome = Outcome(each["state"], Finding(each["finding"]), each.get("words", ""))
            for begins, ends in self._spans(each):
                key = id(each), begins
                at = self._checked.get(key, self.onset + begins * MINUTE)
                while at <= until and at < self.onset + ends * MINUTE:
                    record(check, outcome, at)
                    at += MINUTE / 2
                self._checked[key] = at

    def _spans(self, check: dict[str, Any]) -> list[tuple[float, float]]:
        """Return from when until when, in minutes, a check comes back so; what was usual is so again afterwards."""
        begins, ends = check.get("from", -self.story.before), check.get("until", 1e6)
        if begins >= 0:
            return [(begins, min(ends, self.story.lasts))]
        return [(begins, ends)] if ends > 0 else [(begins, ends), (self.story.lasts, 1e6)]

    def _happening(self, at: dt.datetime) -> list[dict[str, Any]]:
        minutes = (at - self.onset) / MINUTE
        if minutes >= self.story.lasts:
            return []
        return [each for each in self.story.happens if each.get("from", 0) <= minutes < each.get("until", 1e9)]

    def _weights(self, name: str, service: Service, at: dt.datetime) -> list[float]:
        """Return how much each of a service's users sends beside what is usual."""
        weights = [1.0] * len(service.people)
        for event in self._happening(at):
            if name in event.get("services", [name]):
                for number, user in enumerate(service.people):
                    weights[number] *= event.get("traffic", 1) if user in event.get("users", [user]) else 1
        return weights

    def _rhythm(self, at: dt.datetime) -> float:
        if not self.story.rhythm:
            return 1.0
        day = 1.0 if 8 <= at.hour < 18 else 0.5 if 6 <= at.hour < 22 else 0.2
        return day * (0.35 if at.weekday() >= 5 else 1.0)


def _hits(event: dict[str, Any], told: dict[str, Any]) -> bool:
    return all(told[name] in event.get(f"{name}s", [told[name]]) for name in ("service", "model", "user"))
