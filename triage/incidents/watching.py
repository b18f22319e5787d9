"""Opens, carries on and closes incidents: a look at a project's verdict every ten seconds.

It takes two looks in a row to open one, and five minutes without it to close it. A look is made once, however many
watchers there are: the project's ``Watch`` row is locked, and tells when the last look was.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import logging

import redis
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from triage.incidents.matching import incident_of
from triage.incidents.timeline import Kind, tell_checks, write
from triage.incidents.wording import first_sign_words
from triage.ingest.digest import TICKS
from triage.ingest.inbox import connect
from triage.models import Incident, Project, Source, Watch
from triage.verdict import Evidence, Verdict, gather, judge_all

_logger = logging.getLogger(__name__)

_APART = dt.timedelta(seconds=5)
"""Two looks closer than this are one: the clock strikes every ten seconds, and two clocks may strike."""
_IN_A_ROW = dt.timedelta(minutes=2)
"""Looks further apart than this don't follow each other: the watcher was away."""
_QUIET = dt.timedelta(minutes=5)
"""How long a trouble has to be away before its incident is over."""
_PATIENCE, _PATIENCE_IN_SILENCE = dt.timedelta(hours=1), dt.timedelta(days=1)
"""How long an incident stays open where nothing at all is reported; the second, where that is what is wrong."""
_STEADY = dt.timedelta(minutes=1)
"""How long a side is kept before it changes again, so that evidence near a border doesn't fill the time line."""
_HEARD = dt.timedelta(hours=1)
"""A project that nothing was heard of for so long needs no look."""
_LATELY = dt.timedelta(minutes=5)
_SELDOM = dt.timedelta(minutes=1)
"""How often a project is looked at that nothing was heard of lately."""


def watch_all(at: dt.datetime) -> dict[str, int]:
    """Look at every project that needs it; return how many looks were made, opened, closed something, and failed."""
    counts = {"looks": 0, "opened": 0, "closed": 0, "failed": 0}
    for project in _due(at):
        try:
            made = watch(project, at)
        except Exception:  # one project's trouble mustn't blind us to the others'
            _logger.exception("no look at %s", project.slug)
            counts["failed"] += 1
            continue
        if made is not None:
            counts["looks"] += 1
            counts["opened"] += made[0]
            counts["closed"] += made[1]
            if any(made):
                _announce(project)
    return counts


def _announce(project: Project) -> None:
    """Tell open pages that there is news: silence opens an incident as well, and no report would tell them."""
    with contextlib.suppress(redis.RedisError), connect(settings.REDIS_URL) as valkey:
        valkey.publish(TICKS, json.dumps({"project": project.pk}))


def _due(at: dt.datetime) -> list[Project]:
    open_ones = Incident.objects.filter(closed_at=None).values("project")
    lately = Source.objects.filter(last_seen_at__gt=at - _LATELY).values("project")
    seldom = Source.objects.filter(last_seen_at__gt=at - _HEARD).values("project")
    long_ago = Q(watch=None) | Q(watch__looked_at=None) | Q(watch__looked_at__lte=at - _SELDOM)
    suspected = ~Q(watch=None) & ~Q(watch__suspected={})
    wanted = Q(pk__in=lately) | (Q(pk__in=seldom) | Q(pk__in=open_ones)) & (long_ago | suspected)
    return list(Project.objects.filter(wanted).select_related("watch").order_by("pk"))


def watch(project: Project, at: dt.datetime) -> tuple[int, int] | None:
    """Look at ``project`` as it stands at ``at``; return how many incidents that opened and closed.

    None means that no look was made, since somebody else has just made it, or a later one.
    """
    known = Watch.objects.filter(project=project).first()
    if known is not None and _is_done(known, at):
        return None
    evidence = gather(project, at)  # before the lock: reading takes longer than writing
    with transaction.atomic():
        Watch.objects.get_or_create(project=project)
        row = Watch.objects.select_for_update().get(project=project)
        if _is_done(row, at):
            return None
        return _apply(row, evidence)


def _is_done(row: Watch, at: dt.datetime) -> bool:
    return row.looked_at is not None and at < row.looked_at + _APART


def _apply(row: Watch, evidence: Evidence) -> tuple[int, int]:
    """Carry on, open and close incidents by what was found, and remember what is only suspected."""
    at = evidence.at
    going = list(Incident.objects.filter(project=row.project_id, closed_at=None).order_by("opened_at", "pk"))
    troubles = [each for each in judge_all(evidence) if each.side != "fine"]
    before = row.suspected if row.looked_at is not None and at - row.looked_at <= _IN_A_ROW else {}
    suspected: dict[str, str] = {}
    found: set[int] = set()
    opened = 0
    for trouble in troubles:
        known = incident_of(trouble, going)
        if known is None and trouble.family in before:
            known = _open(row.project_id, trouble, before[trouble.family])
            going.append(known)
            opened += 1
        if known is None:
            suspected[trouble.family] = at.isoformat()
        else:
            _carry_on(known, trouble, leads=known.pk not in found)
            found.add(known.pk)
    closed = sum(_rest(each, evidence) for each in going if each.pk not in found)
    for incident in going:
        tell_checks(incident, evidence.checks)
        incident.save()
    row.looked_at, row.suspected = at, suspected
    row.save()
    return opened, closed


def _open(project: int, verdict: Verdict, suspected: str) -> Incident:
    at = verdict.at
    first_sign = verdict.since or parse_datetime(suspected) or at
    incident = Incident.objects.create(
        project_id=project,
        subject=verdict.subject,
        side=verdict.side,
        kind=verdict.kind,
        cause=verdict.cause,
        sentence=verdict.sentence,
        models_hit=list(verdict.models),
        services_hit=list(verdict.services),
        first_sign_at=first_sign,
        opened_at=at,
        last_seen_at=at,
        changed_at=at,
        causes=[verdict.cause] if verdict.cause else [],
    )
    counted = next((each.words for each in verdict.reasons if each.slug in ("counted", "paced", "expected")), "")
    write(incident, Kind.FIRST_SIGN, first_sign, first_sign_words(verdict.kind))
    write(incident, Kind.OPENED, at, f"{verdict.sentence} {counted}".strip())
    return incident


def _carry_on(incident: Incident, verdict: Verdict, *, leads: bool) -> None:
    """Bring ``incident`` up to date with a trouble of it; of several in one look only the one that ``leads`` tells."""
    if verdict.family not in incident.families:
        incident.families.append(verdict.family)
    if not leads:
        return
    incident.fine_since = None
    incident.last_seen_at = verdict.last_at or verdict.at
    if _turns(incident, verdict):
        write(incident, Kind.CHANGED, verdict.at, verdict.sentence)
        incident.changed_at = verdict.at
    if verdict.cause and verdict.cause not in incident.causes:
        incident.causes.append(verdict.cause)
    turned = incident.changed_at == verdict.at
    if turned or (incident.side == verdict.side and _is_worse(incident, verdict)):
        incident.side, incident.subject, incident.kind = verdict.side, verdict.subject, verdict.kind
        incident.cause, incident.sentence = verdict.cause, verdict.sentence
        incident.reasons = [each.words for each in verdict.reasons]
        incident.models_hit, incident.services_hit = list(verdict.models), list(verdict.services)
    if verdict.hit > incident.hit:
        incident.hit, incident.requests = verdict.hit, verdict.requests


def _is_worse(incident: Incident, verdict: Verdict) -> bool:
    """Tell whether more is hit than ever: what is said while it fades would tell of the recovery, not of it."""
    return verdict.hit > incident.hit or verdict.kind != "failing"


def _turns(incident: Incident, verdict: Verdict) -> bool:
    """Tell whether ``verdict`` is a turn of events: another side, or a leading cause that hasn't led before."""
    if verdict.cause and verdict.cause not in incident.causes:
        return True
    if incident.side == verdict.side:
        return False
    return incident.side == "unclear" or verdict.at - incident.changed_at >= _STEADY


def _rest(incident: Incident, evidence: Evidence) -> bool:
    """Note that a look didn't find ``incident``, and close it once that has been so for long; return whether it did.

    It takes a report to show that it is over. Where none comes any more, it is closed as well in the end, and says so.
    """
    at = evidence.at
    if evidence.last_at is None or evidence.last_at <= incident.last_seen_at:
        patience = _PATIENCE_IN_SILENCE if incident.kind == Incident.Kind.SILENT else _PATIENCE
        if at - incident.last_seen_at < patience:
            return False
        return _close(incident, at, _("Nothing was reported since, so whether it is over can't be told."))
    if incident.fine_since is None:
        incident.fine_since = at
    return at - incident.fine_since >= _QUIET and _close(incident, at, "")


def _close(incident: Incident, at: dt.datetime, text: str) -> bool:
    incident.closed_at = at
    write(incident, Kind.CLOSED, at, text)
    return True
