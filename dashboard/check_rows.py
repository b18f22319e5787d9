"""The health checks as the pages show them: rows with their recent past, other places, and one sentence of it all."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dashboard.check_past import Failure, Past, failures_of, past_of
from dashboard.health_words import FINDINGS, KINDS, STATES, title_of
from triage.health import KINDS as ORDER
from triage.health import Standing, standing, states, visible_checks
from triage.models import Check

_ASKED_FOR = dt.timedelta(minutes=1)
"""How long the page waits for checks that somebody asked for."""
_RESTED = dt.timedelta(seconds=5)
"""A check that ran so shortly before isn't run again, and counts as done."""
_ROAD = ("name", "reach", "edge", "auth", "model")


@dataclass(frozen=True)
class Asked:
    """What somebody asked to run: when, and which check alone (0 for all)."""

    at: dt.datetime
    check: int = 0

    @classmethod
    def read(cls, at: str, check: str, now: dt.datetime) -> Asked | None:
        """Read it from an address (milliseconds since 1970, a check's id); nothing where it isn't, or is long past."""
        if not (at.isdecimal() and len(at) < 15):
            return None
        moment = dt.datetime.fromtimestamp(int(at) / 1000, dt.UTC)
        if not now - _ASKED_FOR < moment <= now:
            return None
        return cls(moment, int(check) if check.isdecimal() and len(check) < 18 else 0)

    def waits_for(self, check: Check) -> bool:
        """Tell whether ``check`` was asked for and hasn't ended yet."""
        if check.project_id is not None or self.check not in (0, check.pk):
            return False
        return check.ran_at is None or check.ran_at < self.at - _RESTED


@dataclass(frozen=True)
class CheckRow:
    """A check as it stands, with what the page says of it."""

    check: Check
    stands: Standing
    past: Past
    failures: list[Failure]
    running: bool

    @property
    def title(self) -> str:
        """What it is called."""
        return title_of(self.check.kind, self.check.subject)

    @property
    def question(self) -> str:
        """What it asks."""
        return str(KINDS[self.check.kind][1])

    @property
    def tone(self) -> str:
        """The colour of its state."""
        return STATES[self.stands.state][0]

    @property
    def icon(self) -> str:
        """The icon of its state."""
        return STATES[self.stands.state][1]

    @property
    def word(self) -> str:
        """Its state as a word; a check that nobody runs any more is silent."""
        return _("Silent") if self.stands.silent else str(STATES[self.stands.state][2])

    @property
    def finding(self) -> str:
        """What it found, in short."""
        return str(FINDINGS.get(self.stands.finding, self.stands.finding))

    @property
    def told(self) -> dict[str, Any]:
        """What a status page said, with its times as times."""
        evidence = dict(self.stands.evidence)
        evidence["page_updated_at"] = _moment(evidence.get("page_updated_at"))
        for name in ("incidents", "components"):
            evidence[name] = [
                {**each, "since": _moment(each.get("since")), "words": each["status"].replace("_", " ")}
                for each in evidence.get(name, [])
            ]
        return evidence

    @property
    def chain(self) -> list[dict[str, str]]:
        """The certificates that it saw."""
        found = self.stands.evidence.get("chain", [])
        return found if isinstance(found, list) else []


@dataclass(frozen=True)
class StripItem:
    """A check of this server in one word and one icon."""

    pk: int
    title: str
    tone: str
    icon: str
    word: str
    finding: str


@dataclass(frozen=True)
class Site:
    """Another place with the checks that it reports."""

    name: str
    project: str
    rows: list[CheckRow]
    at: dt.datetime | None


@dataclass(frozen=True)
class Sentence:
    """What all checks on the road from this server come down to; ``tone`` is a colour's name."""

    tone: str
    words: str


def rows_of(projects: Collection[int], now: dt.datetime, asked: Asked | None = None) -> list[CheckRow]:
    """Return every check that somebody who sees ``projects`` (ids) may see, along the road."""
    checks = sorted(
        visible_checks(projects, now).select_related("project"),
        key=lambda check: (check.site, check.project_id or 0, ORDER.index(check.kind), check.subject),
    )
    past = past_of([check.pk for check in checks], now)
    return [
        CheckRow(
            check,
            standing(check, now),
            past[check.pk],
            failures_of(check),
            asked is not None and asked.waits_for(check),
        )
        for check in checks
    ]


def strip_of(projects: Collection[int]) -> list[StripItem]:
    """Return this server's checks in short, along the road; of models only those that aren't fine."""
    found = [
        each
        for each in states(projects)
        if each.project_id is None and (each.kind != "model" or each.state in ("warn", "fail"))
    ]
    found.sort(key=lambda each: (ORDER.index(each.kind), each.subject))
    return [
        StripItem(
            each.check_id,
            title_of(each.kind, each.subject),
            *STATES[each.state][:2],
            str(STATES[each.state][2]),
            str(FINDINGS.get(each.finding, "")),
        )
        for each in found
    ]


def sites_of(rows: Iterable[CheckRow]) -> list[Site]:
    """Return the other places among ``rows``, by name."""
    by_place: dict[tuple[str, int], list[CheckRow]] = defaultdict(list)
    for row in rows:
        if row.check.project_id is not None:
            by_place[row.check.site, row.check.project_id].append(row)
    return [
        Site(name, found[0].check.project.name if found[0].check.project else "", found, _newest(found))
        for (name, _project), found in sorted(by_place.items())
    ]


def sentence_of(rows: Sequence[CheckRow]) -> Sentence:
    """Return whether the API works from this server, by the checks on the road to it."""
    road = [row for row in rows if row.check.kind in _ROAD]
    if failed := [row for row in road if row.stands.state == "fail"]:
        return _failing(failed)
    if badly := [row for row in road if row.stands.state == "warn"]:
        words = _("The API works from here, but not as it should: %(what)s.") % {"what": _found(badly[0])}
        return Sentence("warn", words)
    if not any(row.stands.state == "ok" for row in road):
        return Sentence("", _("Whether the API works from here isn't known yet."))
    if any(row.stands.finding == "needs_key" for row in road):
        return Sentence("good", _("The way to the API is open from here; no key is set to try."))
    return Sentence("good", _("The API works from here."))


def _failing(failed: Sequence[CheckRow]) -> Sentence:
    settled = [row for row in failed if row.stands.failing]
    if not settled:
        return Sentence("warn", _("A check has just failed: %(what)s. It is repeated.") % {"what": _found(failed[0])})
    what = {"what": _found(settled[0])}
    if all(row.check.kind == "model" for row in failed):
        return Sentence("warn", _("The API works from here, but not every model: %(what)s.") % what)
    return Sentence("bad", _("The API doesn't work from here: %(what)s.") % what)


def _found(row: CheckRow) -> str:
    words = row.finding[:1].lower() + row.finding[1:]
    return f"{words} ({row.check.subject})" if row.check.subject else words


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _newest(rows: Iterable[CheckRow]) -> dt.datetime | None:
    return max((row.stands.at for row in rows if row.stands.at), default=None)
