"""The verdict as pages show it: of this moment, and of a past one; kept for seconds, since many readers ask at once."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import get_language
from redis import RedisError

from dashboard.incident_rows import IncidentRow, row_of
from triage.incidents import between, going_on
from triage.models import Project, Source, Watch
from triage.verdict import Verdict, verdict

_FRESH = 5
_PAST = 60
"""Seconds for which a verdict is kept: of now, and of a past minute, which late reports may still change."""
_HEARD = dt.timedelta(hours=1)
_LATER = dt.timedelta(minutes=1)
"""How long after something ended it is asked whose side it was on: an onset isn't seen at once."""
_FEW = 4
"""Projects of which each is asked about, whatever the watch has found."""
_MOST = 3
"""Verdicts and incidents that one page tells of."""


@dataclass(frozen=True)
class Told:
    """One project's verdict beside the incident that goes on there, if any."""

    project: Project
    verdict: Verdict
    incident: IncidentRow | None = None

    @property
    def headline(self) -> str:
        """The first clause of the sentence: whose side, what, where, since when."""
        first, semicolon, _rest = self.verdict.sentence.partition("; ")
        return f"{first}." if semicolon else first

    @property
    def evidence(self) -> str:
        """The rest of the sentence: what the checks and the status page say."""
        rest = self.verdict.sentence.partition("; ")[2]
        return rest[:1].upper() + rest[1:]

    @property
    def reasons(self) -> list[str]:
        """The reasons that the sentence doesn't hold."""
        return [each.words for each in self.verdict.reasons if each.words not in self.verdict.sentence]


def tone_of(made: Verdict) -> str:
    """Return the tone in which a verdict is shown: good, warn where it can't be told, bad."""
    return {"fine": "good", "unclear": "warn"}.get(made.side, "bad")


def verdict_at(project: Project, at: dt.datetime) -> Verdict:
    """Return the verdict on ``project`` at ``at``, from the cache where it was asked for lately."""
    now = timezone.now()
    step = _FRESH if now - at < dt.timedelta(seconds=_PAST) else _PAST
    key = f"verdict:{project.pk}:{int(at.timestamp()) // step}:{get_language()}"
    with contextlib.suppress(RedisError):  # without Valkey it is worked out anew each time
        kept = cache.get(key)
        if isinstance(kept, Verdict):
            return kept
    made = verdict(at, project)
    with contextlib.suppress(RedisError):
        cache.set(key, made, step)
    return made


def troubles_now(projects: Sequence[Project], now: dt.datetime) -> list[Told]:
    """Return the verdicts of now that aren't fine, on those of ``projects`` that reported lately; the gravest first.

    Of many projects only those are asked about in which the watch has found something, ten seconds ago at most.
    """
    heard = set(
        Source.objects.filter(project__in=projects, last_seen_at__gt=now - _HEARD).values_list("project", flat=True)
    )
    if len(heard) > _FEW:
        heard &= set(going_on(heard).values_list("project", flat=True)) | set(
            Watch.objects.filter(project__in=heard).exclude(suspected={}).values_list("project", flat=True)
        )
    told = [Told(each, verdict_at(each, now)) for each in projects if each.pk in heard]
    wrong = sorted((each for each in told if each.verdict.side != "fine"), key=lambda each: -each.verdict.hit)
    return [Told(each.project, each.verdict, _incident_of(each, now)) for each in wrong[:_MOST]]


def _incident_of(told: Told, now: dt.datetime) -> IncidentRow | None:
    going = list(going_on([told.project.pk]).select_related("project"))
    fitting = [each for each in going if told.verdict.family in each.families]
    return row_of((fitting or going)[0], now) if going else None


@dataclass(frozen=True)
class Then:
    """What was known of a past moment: the incidents of that time, else the verdict; neither, where it is too old.

    ``apart``: what was wrong then is another thing than the failure that it is shown beside.
    """

    incidents: list[IncidentRow]
    verdict: Verdict | None
    apart: bool = False


def known_then(project: Project, at: dt.datetime, family: str) -> Then:
    """Return what was known of ``project`` when a failure of ``family`` (see ``family_of``) ended at ``at``.

    Of several incidents those are told that the failure belongs to, if any. The verdict is made from the counts by the
    minute, and only as long as they are kept.
    """
    now = timezone.now()
    found = list(between([project.pk], at - _LATER, at + _LATER).select_related("project")[:_MOST])
    fitting = [each for each in found if family in each.families]
    if found:
        return Then([row_of(each, now) for each in fitting or found], None, apart=not fitting)
    if at < now - dt.timedelta(days=settings.TRIAGE_KEEP_MINUTES_DAYS):
        return Then([], None)
    made = verdict_at(project, min(now, at + _LATER))
    return Then([], made, apart=made.kind == "failing" and made.family != family)
