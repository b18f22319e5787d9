"""How a rule fires and ends: no ringing about a threshold, one firing for what comes and goes, rest after firing."""

from __future__ import annotations

import datetime as dt

from triage.alerts.conditions import Reading
from triage.alerts.course import STEADY, Course

AT = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)
HOLDS, BETWEEN, CLEAR = Reading(True, False, ""), Reading(False, False, ""), Reading(False, True, "")
STEP = dt.timedelta(seconds=10)
NO_REST = dt.timedelta(0)


def turns(readings: list[Reading], rest: dt.timedelta = NO_REST) -> list[tuple[int, str]]:
    """Return at which reading what turned, ten seconds apart."""
    course, told = Course(), []
    for number, reading in enumerate(readings):
        course, turn = course.after(reading, AT + number * STEP, rest)
        if turn:
            told.append((number, turn))
    return told


def test_it_fires_once_and_ends_once_it_has_been_clear_for_a_while() -> None:
    steady = STEADY // STEP
    assert turns([CLEAR, HOLDS, HOLDS, *[CLEAR] * (steady + 1)]) == [(1, "fired"), (3 + steady, "resolved")]


def test_between_the_thresholds_nothing_turns() -> None:
    assert turns([BETWEEN] * 30) == []
    assert turns([HOLDS, *[BETWEEN] * 30]) == [(0, "fired")]


def test_what_comes_and_goes_is_one_firing() -> None:
    assert turns([HOLDS, CLEAR, CLEAR, BETWEEN, CLEAR, HOLDS] * 10) == [(0, "fired")]


def test_it_rests_after_firing() -> None:
    again = [HOLDS, *[CLEAR] * 20, *[HOLDS] * 400]
    assert turns(again, dt.timedelta(hours=1))[2] == (360, "fired")
    assert turns(again)[2] == (21, "fired")
