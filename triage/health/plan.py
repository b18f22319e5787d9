"""Which checks this server runs, how often, and when each is due."""

from __future__ import annotations

import datetime as dt
import re
import zlib
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q, QuerySet

from triage.models import Check, HourCount

KINDS: tuple[str, ...] = ("name", "reach", "edge", "auth", "model", "provider", "server")
"""All kinds, along the road from here to the provider."""

_PACE = {"auth": 2, "model": 4, "provider": 2}
"""How many times the base interval lies between two runs, where it isn't once."""
_RECHECK = dt.timedelta(seconds=10)
"""When a first failure is looked at again, so that a second one settles it."""
_USED_WITHIN = dt.timedelta(days=1)
_MOST_MODELS = 20
_OF_THE_API = re.compile(r"claude-[a-z0-9][a-z0-9.\-]{1,70}")
"""Names as the API itself has them; Bedrock's and Vertex AI's are other services' business."""


@dataclass(frozen=True)
class Wanted:
    """A check that this server should run."""

    kind: str
    subject: str = ""

    @property
    def every(self) -> int:
        """Seconds between two runs."""
        return int(settings.TRIAGE_CHECK_SECONDS) * _PACE.get(self.kind, 1)


def used_models(now: dt.datetime, projects: Collection[int] | None = None) -> list[str]:
    """Return the models that were called within a day, in all projects or in those of these ids."""
    counts = HourCount.objects.filter(start__gte=now - _USED_WITHIN, attempts__gt=0).exclude(model="")
    if projects is not None:
        counts = counts.filter(project__in=projects)
    names = counts.order_by("model").values_list("model", flat=True).distinct()
    return [name for name in names if _OF_THE_API.fullmatch(name)][:_MOST_MODELS]


def wanted(now: dt.datetime) -> list[Wanted]:
    """Return what to check: each kind once, and each model that a team used within a day."""
    models = [Wanted("model", name) for name in used_models(now)]
    return [*(Wanted(kind) for kind in KINDS if kind != "model"), *models]


def sync(now: dt.datetime) -> int:
    """Make the checks that are missing, drop those of models that nobody uses any more; return how many changed."""
    own = Check.objects.filter(project=None)
    there = {(check.kind, check.subject): check for check in own}
    changed = 0
    for each in wanted(now):
        check = there.pop((each.kind, each.subject), None)
        if check is None:
            row = {"site": "", "kind": each.kind, "subject": each.subject, "project": None}
            _, made = Check.objects.get_or_create(**row, defaults={"every": each.every, "due_at": now})
            changed += made
        elif check.every != each.every:
            changed += own.filter(pk=check.pk).update(every=each.every, due_at=next_run(check, each.every, now))
    gone = [check.pk for check in there.values()]
    return changed + (own.filter(pk__in=gone).delete()[0] if gone else 0)


def next_run(check: Check, every: int, now: dt.datetime) -> dt.datetime:
    """Return the first moment after ``now`` that is the check's own.

    Each check has its place in the interval, told by its name: they are spread, and the spread survives restarts.
    """
    length = max(1, every)
    place = zlib.crc32(f"{check.kind} {check.subject}".encode()) % (length * 1000) / 1000
    seconds = now.timestamp() - place
    return dt.datetime.fromtimestamp(place + (seconds // length + 1) * length, dt.UTC)


def soon(now: dt.datetime) -> dt.datetime:
    """Return when a check that failed for the first time is run again."""
    return now + _RECHECK


def claim_due(now: dt.datetime, most: int) -> list[Check]:
    """Take up to ``most`` checks that are due, longest waiting first. A check goes to one caller only.

    What a caller took and never ran, since it was killed, is due again at its next regular time.
    """
    ends = now + dt.timedelta(seconds=settings.TRIAGE_CHECK_TIMEOUT_SECONDS + 2)
    claimed = []
    for check in _idle(now).filter(due_at__lte=now).order_by("due_at")[:most]:
        due_at = next_run(check, check.every, now)
        # Compare and swap: of two who read the same moment, one changes it.
        if Check.objects.filter(pk=check.pk, due_at=check.due_at).update(due_at=due_at, runs_until=ends):
            claimed.append(check)
    return claimed


def make_due(checks: Collection[int], now: dt.datetime) -> int:
    """Have this server's ``checks`` (ids) run as soon as possible; return how many that will be.

    One that is running, or ran in the last few seconds, is left alone, so that a button can't be a hammer.
    """
    rested = Q(ran_at=None) | Q(ran_at__lt=now - dt.timedelta(seconds=5))
    return _idle(now).filter(rested, pk__in=checks, project=None).update(due_at=now)


def _idle(now: dt.datetime) -> QuerySet[Check]:
    return Check.objects.filter(Q(runs_until=None) | Q(runs_until__lte=now), due_at__isnull=False)
