"""Finding requests: by the id that the API gave one, and page by page among all that fit some filters."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func, OuterRef, Q, QuerySet, Subquery
from django.utils.dateparse import parse_datetime

from triage.models import Attempt, FacetSet, Project, Request
from triage.rates import YEARS

MOST_COUNTED = 10_000
"""Requests of an outcome are counted up to here; of more it is told that there are at least so many."""

_OWN_ID = re.compile(r"[1-9][0-9]{0,17}")
_MOST_NAMESAKES = 20
_SETS_AT_ONE_INSTANT = 200
"""Facet sets whose nearest requests may share one instant, beyond the page's own length, and all be looked at."""
_WALKED = 2_000
"""Requests that are walked through by time before the facet sets are asked: what fits many is found at once."""
_WALKED_OF_USER = 20_000
"""The same of one user's requests: few people have more, and the sets say nothing of people."""
_COUNTED_ONE_BY_ONE = 20_000
"""A window of so many requests is counted by reading it; a fuller one set by set."""


@dataclass(frozen=True)
class Place:
    """A request's place in the order by time, by which a page starts after it."""

    at: dt.datetime
    pk: int

    @classmethod
    def of(cls, request: Request) -> Place:
        """Return where a request stands."""
        return cls(request.started_at, request.pk)

    @classmethod
    def read(cls, text: str) -> Place | None:
        """Read a place from an address; nothing where it isn't one."""
        moment, _separator, pk = text.rpartition("~")
        try:
            at = parse_datetime(moment)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None or at.year not in YEARS or not _OWN_ID.fullmatch(pk):
            return None
        return cls(at, int(pk))

    def __str__(self) -> str:
        return f"{self.at.astimezone(dt.UTC).replace(tzinfo=None).isoformat()}Z~{self.pk}"


@dataclass(frozen=True)
class Sought:
    """What is looked for. ``facets`` is a condition on :class:`FacetSet`; ``None`` leaves a field open."""

    projects: Collection[Project]
    facets: Q = field(default_factory=Q)
    user: str | None = None
    start: dt.datetime | None = None
    end: dt.datetime | None = None

    @property
    def sets(self) -> QuerySet[FacetSet]:
        """The facet sets that fit."""
        return FacetSet.objects.filter(self.facets, project__in=self.projects)

    @property
    def of_all_facets(self) -> QuerySet[Request]:
        """What fits the window and the user, whatever its facets."""
        return Request.objects.filter(self.of_requests, project__in=self.projects)

    @property
    def of_requests(self) -> Q:
        """Window and user, as a condition on requests."""
        if self.user is None:
            return self.when
        return self.when & Q(user=self.user) & ~Q(user="")  # said twice, for the index has no empty ones

    @property
    def when(self) -> Q:
        """The window as a condition on requests."""
        ends = {"started_at__gte": self.start, "started_at__lt": self.end}
        return Q(**{name: moment for name, moment in ends.items() if moment is not None})


@dataclass(frozen=True)
class Page:
    """Some requests, newest first, and whether there are further ones on either side."""

    requests: list[Request]
    has_newer: bool
    has_older: bool


@dataclass(frozen=True)
class Number:
    """A count; where ``capped``, there are at least so many."""

    value: int
    capped: bool = False

    def __add__(self, other: Number) -> Number:
        return Number(self.value + other.value, self.capped or other.capped)


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


def page_of(sought: Sought, count: int, *, before: Place | None = None, after: Place | None = None) -> Page:
    """Return up to ``count`` requests: the newest, the next older than ``before``, or the next newer than ``after``.

    A request that comes in meanwhile moves no other from one page to the next.
    """
    newer = after is not None
    found = _next(sought, after or before, count + 1, newer=newer)
    more, shown = len(found) > count, found[:count]
    if newer:
        return Page(shown[::-1], has_newer=more, has_older=True)
    return Page(shown, has_newer=before is not None, has_older=more)


def counts_of(sought: Sought) -> dict[str, Number]:
    """Return how many requests there are of each outcome: exactly, or "at least" where there are very many."""
    if not sought.projects:
        return dict.fromkeys(Request.Outcome.values, Number(0))
    held = sought.of_all_facets.order_by("-started_at", "-pk").values("pk", "facets")[: _COUNTED_ONE_BY_ONE + 1]
    if sought.user is None and (not sought.when or held.count() > _COUNTED_ONE_BY_ONE):
        return {outcome: _count_set_by_set(sought, outcome) for outcome in Request.Outcome.values}
    # Two steps, each along one index: a join would leave it to the planner, which knows nothing of the values.
    of_sets = Counter(facets for _, facets in held.values_list("pk", "facets"))
    numbers: Counter[str] = Counter()
    for pk, outcome in sought.sets.values_list("pk", "outcome"):
        numbers[outcome] += of_sets[pk]
    capped = of_sets.total() > _COUNTED_ONE_BY_ONE
    return {outcome: Number(numbers[outcome], capped) for outcome in Request.Outcome.values}


def _count_set_by_set(sought: Sought, outcome: str) -> Number:
    sets = sought.sets.filter(outcome=outcome).values("pk")
    found = Request.objects.filter(sought.when, _OneByOne(F("facets"), Subquery(sets)))
    number = found.order_by()[: MOST_COUNTED + 1].count()
    return Number(min(number, MOST_COUNTED), number > MOST_COUNTED)


def _next(sought: Sought, place: Place | None, count: int, *, newer: bool) -> list[Request]:
    """Return the ``count`` requests nearest to ``place``, nearest first."""
    way = _Way("" if newer else "-", sought.of_requests & _beyond(place, newer=newer), count)
    stretch = (_WALKED if sought.user is None else _WALKED_OF_USER) // max(len(sought.projects), 1)
    ids = _walk(sought, way, stretch)
    if len(ids) < count and _reaches_beyond(sought, way, stretch):
        ids = _first_of(_nearest_sets(sought, way), way)
    return list(Request.objects.filter(pk__in=ids).order_by(*way.order).select_related("project"))


class _OneByOne(Func):
    """``x IN (subquery)``, answered by a step down the index of ``x`` for each row of the subquery.

    PostgreSQL would join instead, and read half a million entries to find the first ten thousand.
    """

    arg_joiner = " IN "
    template = "%(expressions)s"
    output_field = BooleanField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return the same as an array, of which PostgreSQL expects few elements."""
        return self.as_sql(compiler, connection, arg_joiner=" = ANY(ARRAY", template="%(expressions)s)", **context)


@dataclass(frozen=True)
class _Way:
    """Which way to go: ``sign`` of the order, what lies beyond the place, and how many requests are wanted."""

    sign: str
    beyond: Q
    count: int

    @property
    def order(self) -> tuple[str, str]:
        return f"{self.sign}started_at", f"{self.sign}pk"


def _beyond(place: Place | None, *, newer: bool) -> Q:
    if place is None:
        return Q()
    side = "gte" if newer else "lte"
    strictly = Q(pk__gt=place.pk) if newer else Q(pk__lt=place.pk)
    return Q(**{f"started_at__{side}": place.at}) & (~Q(started_at=place.at) | strictly)


def _reaches_beyond(sought: Sought, way: _Way, stretch: int) -> bool:
    return Request.objects.filter(way.beyond, project__in=sought.projects)[: stretch + 1].count() > stretch


def _walk(sought: Sought, way: _Way, stretch: int) -> list[int]:
    """Return the ids of those that fit among the ``stretch`` nearest requests of each project, no more than are wanted.

    Fewer may mean that there are more further on.
    """
    found = Request.objects.filter(way.beyond).order_by(*way.order).values("pk", "started_at", "facets")
    near = [found.filter(project=project)[:stretch] for project in sought.projects]
    return _union(near, way, sought.sets if sought.facets else None)


def _nearest_sets(sought: Sought, way: _Way) -> list[int]:
    """Return the sets that the nearest requests are of: those whose own nearest request is among the nearest.

    Each set costs one step down an index, however many requests it has.
    """
    nearest = Request.objects.filter(way.beyond, facets=OuterRef("pk")).order_by(*way.order).values("started_at")[:1]
    head = F("head").desc(nulls_last=True) if way.sign else F("head").asc(nulls_last=True)
    heads = sought.sets.annotate(head=Subquery(nearest)).order_by(head).values_list("pk", "head")
    told = [(pk, at) for pk, at in heads[: way.count + _SETS_AT_ONE_INSTANT] if at is not None]
    last = told[way.count - 1][1] if len(told) > way.count else None
    return [pk for n, (pk, at) in enumerate(told) if last is None or n < way.count or at == last]


def _first_of(sets: Collection[int], way: _Way) -> list[int]:
    """Return the ids of the nearest requests of ``sets``, reading no more of each than are wanted in all."""
    nearest = Request.objects.filter(way.beyond).order_by(*way.order)
    return _union([nearest.filter(facets=pk).values("pk", "started_at", "facets")[: way.count] for pk in sets], way)


def _union(parts: Collection[QuerySet[Request, Any]], way: _Way, sets: QuerySet[FacetSet] | None = None) -> list[int]:
    """Return the ids of the nearest requests of all ``parts``, each of them ordered and limited; of ``sets`` alone.

    In SQL, since the ORM can't limit the parts of a union on SQLite.
    """
    if not parts:
        return []
    compiled = [part.query.sql_with_params() for part in parts]
    sql = " UNION ALL ".join(f"SELECT * FROM ({text}) AS part{n}" for n, (text, _) in enumerate(compiled))  # noqa: S608
    values = [value for _, told in compiled for value in told]
    if sets is not None:
        text, told = sets.values("pk").query.sql_with_params()
        sql = f"SELECT * FROM ({sql}) AS near WHERE facets IN ({text})"  # noqa: S608
        values += told
    with connection.cursor() as cursor:
        direction = "DESC" if way.sign else "ASC"
        cursor.execute(f"{sql} ORDER BY 2 {direction}, 1 {direction} LIMIT {way.count}", values)
        return [pk for pk, *_ in cursor.fetchall()]
