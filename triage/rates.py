"""Rates, series and comparisons, read from the counts alone: a page costs its window's buckets, not its errors."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from django.conf import settings
from django.db.models import Case, F, Max, Min, QuerySet, Sum, When
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from triage.models import Count, HourCount, MinuteCount, Source

Dimension = Literal["category", "cause", "model", "service", "team", "project"]
"""What failures can be told apart by. ``project`` gives the project's id as text."""

NAMED_WINDOWS: dict[str, dt.timedelta] = {
    "15m": dt.timedelta(minutes=15),
    "1h": dt.timedelta(hours=1),
    "6h": dt.timedelta(hours=6),
    "24h": dt.timedelta(hours=24),
    "7d": dt.timedelta(days=7),
}
DEFAULT_WINDOW = "1h"
MOST_BUCKETS = 120
WIDEST = dt.timedelta(days=366)
_BUCKETS = tuple(dt.timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 5760))
_HOUR = dt.timedelta(hours=1)
_BY_MINUTES = dt.timedelta(hours=12)
"""The widest window that is read from minutes. Wider ones are read from hours: measured with 100,000 attempts of a
day in as many combinations of dimensions, the day's overview took five times as long from minutes."""
YEARS = range(2000, 2101)
"""The years that a time in an address may name: clear of the calendar's ends, where reckoning with times overflows."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class WindowError(ValueError):
    """The asked window can't be read; the message says why, for the person who typed it."""


@dataclass(frozen=True)
class Window:
    """A span of time cut into equal buckets; both ends are aware, in UTC and on a bucket's edge."""

    start: dt.datetime
    end: dt.datetime
    """Exclusive. The last bucket of a named window holds the present moment, so it is still filling."""
    bucket: dt.timedelta
    name: str = ""
    """``1h`` and the like; empty for a window given by its ends."""

    @property
    def starts(self) -> list[dt.datetime]:
        """Return the start of each bucket, oldest first; at most ``MOST_BUCKETS``."""
        return [self.start + self.bucket * n for n in range((self.end - self.start) // self.bucket)]

    def before(self) -> Window:
        """Return the window of the same width that ends where this one starts."""
        return Window(self.start - (self.end - self.start), self.start, self.bucket)


@dataclass(frozen=True)
class Filters:
    """What to count. ``projects`` are ids (the caller has checked that they may be seen); ``None`` leaves a field open.

    ``cause`` and ``category`` narrow the failures only: the attempts and requests that they are compared with stay all
    those of the other filters, since a success has no cause.
    """

    projects: Collection[int]
    model: str | None = None
    service: str | None = None
    team: str | None = None
    cause: str | None = None
    category: str | None = None

    @property
    def narrows_failures(self) -> bool:
        """Return whether failures are narrowed by what they were."""
        return self.cause is not None or self.category is not None


@dataclass
class Totals:
    """Sums over attempts and over requests; the rates are ``None`` where nothing was counted."""

    attempts: int = 0
    failures: int = 0
    requests: int = 0
    failed_requests: int = 0
    rescued_requests: int = 0

    @property
    def attempt_rate(self) -> float | None:
        """Return failed / all attempts, 0 to 1."""
        return self.failures / self.attempts if self.attempts else None

    @property
    def request_rate(self) -> float | None:
        """Return failed / all requests, 0 to 1; a rescued request is none that failed."""
        return self.failed_requests / self.requests if self.requests else None

    def add(self, other: Totals) -> None:
        """Add another sum to this one."""
        for each in fields(Totals):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass
class Series:
    """Counts by bucket: the totals, and the failed attempts stacked by one dimension (most failures first)."""

    window: Window
    starts: list[dt.datetime]
    totals: list[Totals]
    failures: dict[str, list[int]] = field(default_factory=dict)


@dataclass
class Slice:
    """One value of a dimension with what was counted for it."""

    value: str
    category: str
    """The category of most of its failures; empty where nothing failed."""
    totals: Totals


@dataclass
class Comparison:
    """A window's totals beside those of the window of the same width before it."""

    now: Totals
    before: Totals

    @property
    def attempt_rate_change(self) -> float | None:
        """Return the difference of the failed share of attempts (-1 to 1); ``None`` where a side has no attempts."""
        return _difference(self.now.attempt_rate, self.before.attempt_rate)

    @property
    def request_rate_change(self) -> float | None:
        """Return the difference of the failed share of requests (-1 to 1); ``None`` where a side has no requests."""
        return _difference(self.now.request_rate, self.before.request_rate)


@dataclass(frozen=True)
class Heard:
    """One program of one service: when it was first and last heard, over all its signals, and what it told in all."""

    project_id: int
    client: str
    service: str
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    attempts: int
    failures: int
    direct: bool = False
    """Whether it posts tries itself, beside or instead of telemetry."""

    def silent_for(self, now: dt.datetime | None = None) -> dt.timedelta:
        """Return how long ago it was last heard."""
        return (now or timezone.now()) - self.last_seen_at


def parse_window(
    name: str | None = None, *, start: str | None = None, end: str | None = None, now: dt.datetime | None = None
) -> Window:
    """Return the window that an address asks for: a name of ``NAMED_WINDOWS``, or ISO 8601 times ``start`` and ``end``.

    Nothing given means ``DEFAULT_WINDOW``; a missing ``end`` means now; a time without an offset is UTC.

    Raises:
        WindowError: an unknown name, an unreadable time or one outside ``YEARS``, an end before its start, or more
            than ``WIDEST``.
    """
    now = now or timezone.now()
    if start or end:
        if not start:
            raise WindowError(_("A window with an end needs a start."))
        return window_between(_read_time(start), _read_time(end) if end else now, now)
    name = name or DEFAULT_WINDOW
    width = NAMED_WINDOWS.get(name)
    if width is None:
        known = ", ".join(NAMED_WINDOWS)
        raise WindowError(_("“%(name)s” is no window; choose one of %(known)s.") % {"name": name[:20], "known": known})
    bucket = _bucket_for(width)
    last = _floor(now, bucket) + bucket
    return Window(last - width, last, bucket, name)


def window_between(start: dt.datetime, end: dt.datetime, now: dt.datetime | None = None) -> Window:
    """Return the window that covers ``start`` to ``end`` in at most ``MOST_BUCKETS`` buckets.

    One that begins before the minutes that are kept at ``now`` is read from hours.

    Raises:
        WindowError: the end isn't after the start, or the two are more than ``WIDEST`` apart.
    """
    if end <= start:
        raise WindowError(_("The window's end is not after its start."))
    if end - start > WIDEST:
        raise WindowError(_("A window spans at most %(days)s days.") % {"days": WIDEST.days})
    bucket = _bucket_for(end - start, by_hours=start < (now or timezone.now()) - _minutes_kept())
    first, last = _floor(start, bucket), _floor(end, bucket)
    return Window(first, last if last == end else last + bucket, bucket)


def totals(window: Window, filters: Filters) -> Totals:
    """Return what was counted in ``window``."""
    return _sums(_rows(window, filters), filters, key=lambda row: "").get("", Totals())


def series(window: Window, filters: Filters, by: Dimension = "category") -> Series:
    """Return the counts of each bucket of ``window``, failed attempts stacked by ``by``."""
    starts = window.starts
    result = Series(window, starts, [Totals() for _ in starts])
    stacks: dict[str, list[int]] = defaultdict(lambda: [0] * len(starts))
    for row in _rows(window, filters, "start", _column(by)):
        at = (row["start"] - window.start) // window.bucket
        told = _narrowed(row, filters)
        result.totals[at].add(told)
        if told.failures:
            stacks[str(row[_column(by)])][at] += told.failures
    result.failures = dict(sorted(stacks.items(), key=lambda item: -sum(item[1])))
    return result


def breakdown(window: Window, filters: Filters, by: Dimension, *, limit: int | None = None) -> list[Slice]:
    """Return the totals of each value of ``by``, most failed attempts first, at most ``limit`` of them.

    By cause or category only failures are told apart, so a slice's attempts and requests are those that failed so.
    """
    return breakdowns(window, filters, (by,))[by][:limit]


def breakdowns(window: Window, filters: Filters, dimensions: Collection[Dimension]) -> dict[Dimension, list[Slice]]:
    """Return the breakdown by each of ``dimensions``, all read in one pass over the counts."""
    rows = list(_rows(window, filters, *(_column(by) for by in dimensions)))
    return {by: _slices(rows, filters, by) for by in dimensions}


def _slices(rows: Iterable[dict[str, Any]], filters: Filters, by: Dimension) -> list[Slice]:
    by_value = _sums(rows, filters, key=lambda row: str(row[_column(by)]))
    failures_of: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        failures_of[str(row[_column(by)])][row["category"]] += row["failures"]
    only_failures = by in ("cause", "category")
    slices = [
        Slice(value, max(failures_of[value], key=lambda c: (failures_of[value][c], c)), sums)
        for value, sums in by_value.items()
        if sums.failures or sums.rescued_requests or not only_failures
    ]
    slices.sort(key=lambda each: (-each.totals.failures, -each.totals.attempts, each.value))
    return slices


def compare(window: Window, filters: Filters) -> Comparison:
    """Return the totals of ``window`` and of the window before it."""
    return Comparison(totals(window, filters), totals(window.before(), filters))


def last_heard(projects: Collection[int]) -> list[Heard]:
    """Return every source of ``projects``, last heard first: this tells "no errors" from "no telemetry"."""
    rows = (
        Source.objects.filter(project_id__in=projects)
        .order_by()
        .values("project_id", "client", "service")
        .annotate(
            first_seen_at=Min("first_seen_at"),
            last_seen_at=Max("last_seen_at"),
            attempts=Sum(F("attempts")),
            failures=Sum(F("failures")),
            direct=Max(Case(When(signal="attempts", then=1), default=0)),
        )
        .order_by("-last_seen_at", "client", "service")
    )
    return [_heard(row) for row in rows]


def _heard(row: Mapping[str, Any]) -> Heard:
    return Heard(**{**row, "direct": bool(row["direct"])})


def _rows(window: Window, filters: Filters, *columns: str) -> QuerySet[Any, dict[str, Any]]:
    """Return the summed counts of ``window``, a row for each combination of ``columns`` and category."""
    table: type[Count] = HourCount if window.bucket >= _HOUR else MinuteCount
    wanted = {name: getattr(filters, name) for name in ("model", "service", "team")}
    group = {"category", *columns, *(("cause",) if filters.narrows_failures else ())}
    rows: QuerySet[Any, dict[str, Any]] = (
        table._default_manager.filter(
            project_id__in=filters.projects,
            start__gte=window.start,
            start__lt=window.end,
            **{name: value for name, value in wanted.items() if value is not None},
        )
        .order_by()
        .values(*sorted(group))
        .annotate(**{each.name: Sum(F(each.name)) for each in fields(Totals)})
    )
    return rows


def _sums(rows: Iterable[dict[str, Any]], filters: Filters, key: Any) -> dict[str, Totals]:
    sums: dict[str, Totals] = defaultdict(Totals)
    for row in rows:
        sums[key(row)].add(_narrowed(row, filters))
    return sums


def _narrowed(row: dict[str, Any], filters: Filters) -> Totals:
    """Return a row's sums; where failures are narrowed, another kind of failure counts only as something attempted."""
    told = Totals(**{each.name: row[each.name] for each in fields(Totals)})
    other_cause = filters.cause is not None and row["cause"] != filters.cause
    other_category = filters.category is not None and row["category"] != filters.category
    if other_cause or other_category:
        told.failures = told.failed_requests = told.rescued_requests = 0
    return told


def _column(by: Dimension) -> str:
    return "project_id" if by == "project" else by


def _bucket_for(width: dt.timedelta, *, by_hours: bool = False) -> dt.timedelta:
    """Return the finest bucket that cuts ``width``, and one bucket more for unaligned ends, into few enough pieces."""
    finest = _HOUR if by_hours or width > _BY_MINUTES else _BUCKETS[0]
    return next(bucket for bucket in _BUCKETS if bucket >= finest and width / bucket <= MOST_BUCKETS - 1)


def _minutes_kept() -> dt.timedelta:
    """Return how far back the minutes reach; a minute's margin is left to the deleting."""
    return dt.timedelta(days=settings.TRIAGE_KEEP_MINUTES_DAYS) - _BUCKETS[0]


def _floor(moment: dt.datetime, bucket: dt.timedelta) -> dt.datetime:
    moment = moment.astimezone(dt.UTC)
    return moment - (moment - _EPOCH) % bucket


def _read_time(text: str) -> dt.datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise WindowError(_("“%(text)s” is no ISO 8601 time.") % {"text": text[:40]})
    if moment.year not in YEARS:
        years = {"first": YEARS[0], "last": YEARS[-1]}
        raise WindowError(_("“%(text)s” is not in the years %(first)s to %(last)s.") % {"text": text[:40], **years})
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before
