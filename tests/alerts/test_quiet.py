"""Quiet hours end when they say, over midnight and when the clocks change."""

from __future__ import annotations

import datetime as dt

import pytest

from triage.alerts.quiet import quiet_until
from triage.models import AlertRule


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def rule(begins: str, ends: str, zone: str = "Europe/Berlin", *, urgent: bool = False) -> AlertRule:
    hours = dt.time.fromisoformat(begins), dt.time.fromisoformat(ends)
    return AlertRule(quiet_from=hours[0], quiet_until=hours[1], zone=zone, urgent=urgent)


@pytest.mark.parametrize(
    ("begins", "ends", "now", "until"),
    [
        ("22:00", "07:00", "2026-11-21T20:59:59+00:00", None),
        ("22:00", "07:00", "2026-11-21T21:00:00+00:00", "2026-11-22T06:00:00+00:00"),
        ("22:00", "07:00", "2026-11-22T05:59:59+00:00", "2026-11-22T06:00:00+00:00"),
        ("22:00", "07:00", "2026-11-22T06:00:00+00:00", None),
        ("12:00", "13:00", "2026-11-22T11:30:00+00:00", "2026-11-22T12:00:00+00:00"),
        ("12:00", "13:00", "2026-11-22T12:00:00+00:00", None),
        # The night in which the clocks go forward is an hour shorter, the one in which they go back an hour longer.
        ("22:00", "07:00", "2026-03-28T22:00:00+00:00", "2026-03-29T05:00:00+00:00"),
        ("22:00", "07:00", "2026-10-24T21:00:00+00:00", "2026-10-25T06:00:00+00:00"),
    ],
)
def test_they_begin_and_end_in_their_own_zone(begins: str, ends: str, now: str, until: str | None) -> None:
    assert quiet_until(rule(begins, ends), at(now)) == (at(until) if until else None)


def test_an_urgent_rule_and_one_without_hours_know_none() -> None:
    night = at("2026-11-22T01:00:00+00:00")
    assert quiet_until(rule("22:00", "07:00", urgent=True), night) is None
    assert quiet_until(AlertRule(), night) is None
    assert quiet_until(rule("07:00", "07:00"), night) is None
