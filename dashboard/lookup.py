"""Finding requests: by the id that the API gave one, and page by page."""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice

from django.db.models import Q, QuerySet

from triage.models import Attempt, Project, Request
from triage.rates import Filters

_OWN_ID = re.compile(r"[1-9][0-9]{0,17}")
_MOST_NAMESAKES = 20


@dataclass(frozen=True)
class Place:
    """Where a page of requests starts: after this one, newest first."""

    started_at: str
    pk: int

    @classmethod
    def read(cls, text: str) -> Place | None:
        """Read a place from an address; nothing where it isn't one."""
        moment, _separator, pk = text.rpartition("~")
        return cls(moment, int(pk)) if moment and _OWN_ID.fullmatch(pk) else None

    def __str__(self) -> str:
        return f"{self.started_at}~{self.pk}"


def find_requests(projects: Collection[Project], identifier: str) -> list[Request]:
    """Return the requests of ``projects`` that an identifier names, newest first; none where nobody reported it.

    It is the API's id of any of the attempts (``req_...``), or our own number of the request. Reports of several
    clients may carry the same id, so there can be more than one.
    """
    ours = Request.objects.filter(project__in=projects).select_related("project")
    if _OWN_ID.fullmatch(identifier):
        return list(ours.filter(pk=int(identifier)))
    tried = Attempt.objects.filter(project__in=projects, api_request_id=identifier).values_list("request_id", flat=True)
    named = set(tried[:_MOST_NAMESAKES])
    found = ours.filter(pk__in=named) if named else ours.filter(api_request_id=identifier)
    return list(found.order_by("-started_at", "-pk")[:_MOST_NAMESAKES])


def newest_requests(projects: Iterable[Project], conditions: Q, place: Place | None, count: int) -> list[Request]:
    """Return up to ``count`` requests that meet ``conditions``, newest first, starting after ``place``.

    Each project is read along its own index and the results are merged: one query over all of them would have to sort
    every request that there is.
    """
    ordered = (_newest_of(project, conditions, place, count) for project in projects)
    merged = heapq.merge(*ordered, key=lambda request: (request.started_at, request.pk), reverse=True)
    return list(islice(merged, count))


def _newest_of(project: Project, conditions: Q, place: Place | None, count: int) -> list[Request]:
    requests: QuerySet[Request] = project.requests.filter(conditions)
    if place is not None:
        moment = place.started_at
        requests = requests.filter(started_at__lte=moment).exclude(started_at=moment, pk__gte=place.pk)
    found = list(requests.order_by("-started_at", "-pk")[:count])
    for request in found:
        request.project = project
    return found


def conditions_of(filters: Filters) -> Q:
    """Return the filters of the rates as a condition on requests, the projects left out."""
    told = {name: getattr(filters, name) for name in ("model", "service", "team", "cause", "category")}
    return Q(**{name: value for name, value in told.items() if value is not None})
