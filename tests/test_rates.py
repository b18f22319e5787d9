"""Rates are read from counts: windows, buckets, filters, comparisons."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pytest_django import Settings

from triage import rates
from triage.models import HourCount, MinuteCount, Project, Source

NOW = dt.datetime(2026, 11, 21, 22, 7, 30, tzinfo=dt.UTC)


def put(project: Project, minutes_ago: int, **values: Any) -> None:
    """Count something in the minute that was ``minutes_ago``, and in its hour."""
    at = NOW.replace(second=0) - dt.timedelta(minutes=minutes_ago)
    MinuteCount.objects.create(project=project, start=at, **values)
    dimensions = {name: values.get(name, "") for name in ("model", "service", "team", "category", "cause")}
    hour, _ = HourCount.objects.get_or_create(project=project, start=at.replace(minute=0), **dimensions)
    for name, value in values.items():
        if isinstance(value, int):
            setattr(hour, name, getattr(hour, name) + value)
    hour.save()


def overloaded(n: int) -> dict[str, Any]:
    counts = dict.fromkeys(("attempts", "failures", "requests", "failed_requests"), n)
    return {"category": "server", "cause": "overloaded", **counts}


@pytest.mark.parametrize("name", list(rates.NAMED_WINDOWS))
def test_a_named_window_has_bounded_buckets_and_ends_in_the_present_one(name: str) -> None:
    window = rates.parse_window(name, now=NOW)
    assert 10 < len(window.starts) <= rates.MOST_BUCKETS
    assert window.starts[-1] <= NOW < window.end
    assert window.end - window.start == rates.NAMED_WINDOWS[name]
    assert window.before().end == window.start


@pytest.mark.parametrize("minutes", [1, 7, 119, 120, 121, 59 * 24, 60 * 24 * 31, 60 * 24 * 366])
def test_a_window_between_two_times_covers_both_in_bounded_buckets(minutes: int) -> None:
    start = NOW - dt.timedelta(minutes=minutes)
    window = rates.window_between(start, NOW, NOW)
    assert window.start <= start
    assert window.end >= NOW
    assert len(window.starts) <= rates.MOST_BUCKETS


def test_a_narrow_window_from_before_the_kept_minutes_is_read_from_hours(settings: Settings) -> None:
    start = NOW - dt.timedelta(days=settings.TRIAGE_KEEP_MINUTES_DAYS)
    assert rates.window_between(start, start + dt.timedelta(minutes=5), NOW).bucket == dt.timedelta(hours=1)
    later = start + dt.timedelta(hours=1)
    assert rates.window_between(later, later + dt.timedelta(minutes=5), NOW).bucket == dt.timedelta(minutes=1)


def test_a_time_without_an_offset_is_utc() -> None:
    window = rates.parse_window(start="2026-11-21T10:00", end="2026-11-21T11:00+00:00")
    assert window.start == dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
    assert window.bucket == dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "forever"},
        {"start": "yesterday"},
        {"start": "2026-02-31"},
        {"end": "2026-11-21T10:00Z"},
        {"start": "2026-11-21T10:00Z", "end": "2026-11-21T10:00Z"},
        {"start": "2020-01-01T00:00Z", "end": "2026-11-21T10:00Z"},
    ],
)
def test_an_unreadable_window_says_why(asked: dict[str, str]) -> None:
    with pytest.raises(rates.WindowError, match=r"\w+ \w+"):
        rates.parse_window(**asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"start": "9999-12-31T23:00Z", "end": "9999-12-31T23:59:59Z"},
        {"start": "0001-01-01T00:00+14:00"},
        {"start": "2026-11-21T10:00Z", "end": "2101-01-01T00:00Z"},
        {"start": "1999-12-31T23:59Z", "end": "2000-01-01T01:00Z"},
    ],
)
def test_a_window_at_the_calendars_ends_is_refused_with_the_years_that_may_be_asked_for(asked: dict[str, str]) -> None:
    with pytest.raises(rates.WindowError, match="years 2000 to 2100"):
        rates.parse_window(**asked)


def test_nothing_counted_is_no_rate_rather_than_a_rate_of_zero(project: Project) -> None:
    totals = rates.totals(rates.parse_window("1h", now=NOW), rates.Filters([project.pk]))
    assert totals == rates.Totals()
    assert totals.attempt_rate is None
    assert totals.request_rate is None


def test_both_rates_are_told_since_retries_hide_one_from_the_other(project: Project) -> None:
    put(project, 3, attempts=9, requests=8)
    put(project, 3, cause="not_reported", category="other", attempts=1, failures=1, requests=1, rescued_requests=1)
    put(project, 2, **overloaded(1))
    totals = rates.totals(rates.parse_window("1h", now=NOW), rates.Filters([project.pk]))
    assert totals.attempt_rate == 2 / 11
    assert totals.request_rate == 1 / 10
    assert totals.rescued_requests == 1


def test_a_series_stacks_failures_by_category_in_the_buckets_where_they_fell(project: Project) -> None:
    put(project, 0, **overloaded(2))
    put(project, 5, category="client", cause="rate_limited", attempts=1, failures=1, requests=1, failed_requests=1)
    put(project, 5, attempts=7, requests=7)
    series = rates.series(rates.parse_window("15m", now=NOW), rates.Filters([project.pk]))
    assert list(series.failures) == ["server", "client"]
    assert series.failures["server"] == [0] * 14 + [2]
    assert series.failures["client"][9] == 1
    assert series.totals[9].attempts == 8
    assert sum(each.attempts for each in series.totals) == 10


def test_a_week_is_read_from_hours_and_agrees_with_the_minutes(project: Project) -> None:
    put(project, 1, **overloaded(2))
    put(project, 50, **overloaded(3))
    filters = rates.Filters([project.pk])
    hour, week = (rates.totals(rates.parse_window(name, now=NOW), filters) for name in ("1h", "7d"))
    assert hour == week
    MinuteCount.objects.all().delete()
    assert rates.totals(rates.parse_window("7d", now=NOW), filters) == week


def test_a_filter_by_cause_keeps_the_successes_to_compare_with(project: Project) -> None:
    put(project, 3, attempts=6, requests=6)
    put(project, 3, **overloaded(3))
    put(project, 3, category="client", cause="rate_limited", attempts=1, failures=1, requests=1, failed_requests=1)
    for filters in (rates.Filters([project.pk], cause="overloaded"), rates.Filters([project.pk], category="server")):
        totals = rates.totals(rates.parse_window("1h", now=NOW), filters)
        assert (totals.attempts, totals.failures) == (10, 3)
        assert totals.request_rate == 3 / 10
        assert [each.value for each in rates.breakdown(rates.parse_window("1h", now=NOW), filters, "cause")] == [
            "overloaded"
        ]


def test_dimensions_filter_and_break_down(project: Project) -> None:
    put(project, 3, service="chat", team="core", model="claude-opus-4-8", **overloaded(3))
    put(project, 3, service="chat", team="core", model="claude-opus-4-8", attempts=1, requests=1)
    put(project, 3, service="batch", team="data", model="claude-sonnet-4-6", attempts=5, requests=5)
    window = rates.parse_window("1h", now=NOW)
    chat = rates.totals(window, rates.Filters([project.pk], service="chat"))
    assert (chat.attempts, chat.failures) == (4, 3)
    assert rates.totals(window, rates.Filters([project.pk], team="data", model="claude-opus-4-8")).attempts == 0
    by_service = rates.breakdown(window, rates.Filters([project.pk]), "service")
    assert [(each.value, each.category, each.totals.attempts) for each in by_service] == [
        ("chat", "server", 4),
        ("batch", "", 5),
    ]
    assert [each.value for each in rates.breakdown(window, rates.Filters([project.pk]), "model", limit=1)] == [
        "claude-opus-4-8"
    ]
    assert [each.value for each in rates.breakdown(window, rates.Filters([project.pk]), "project")] == [str(project.pk)]


def test_other_projects_and_other_times_are_not_counted(project: Project) -> None:
    other = Project.objects.create(slug="other", name="Other")
    put(other, 3, **overloaded(3))
    put(project, 61, **overloaded(3))
    put(project, -1, **overloaded(3))
    window = rates.parse_window("1h", now=NOW)
    assert rates.totals(window, rates.Filters([project.pk])) == rates.Totals()
    assert rates.totals(window, rates.Filters([])) == rates.Totals()


def test_a_window_is_compared_with_the_one_before(project: Project) -> None:
    put(project, 3, **overloaded(1))
    put(project, 3, attempts=1, requests=1)
    put(project, 20, attempts=4, requests=4)
    comparison = rates.compare(rates.parse_window("15m", now=NOW), rates.Filters([project.pk]))
    assert comparison.now.attempts == 2
    assert comparison.before.attempts == 4
    assert comparison.attempt_rate_change == 0.5
    assert comparison.request_rate_change == 0.5
    empty = rates.compare(rates.parse_window("15m", now=NOW), rates.Filters([]))
    assert empty.attempt_rate_change is None


def test_a_source_is_heard_over_all_its_signals(project: Project) -> None:
    for signal, ago, attempts in (("logs", 10, 5), ("metrics", 2, 0)):
        at = NOW - dt.timedelta(minutes=ago)
        Source.objects.create(
            project=project,
            client="claude-code/2.1.197",
            service="claude-code",
            signal=signal,
            first_seen_at=at,
            last_seen_at=at,
            attempts=attempts,
        )
    [heard] = rates.last_heard([project.pk])
    assert heard.attempts == 5
    assert heard.silent_for(NOW) == dt.timedelta(minutes=2)
    assert heard.first_seen_at == NOW - dt.timedelta(minutes=10)
    assert rates.last_heard([]) == []
