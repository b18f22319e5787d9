"""The replay's finding in words, and its numbers as they can be believed."""

from __future__ import annotations

import pytest

from dashboard.replaying import about, cause_rows, duration, finding, policy_rows
from triage.knowledge import load
from triage.replay.comparing import Comparison, compare
from triage.replay.model import Call, Tried

POOL = "1/claude-opus-4-8"
CAP = "tier_spend_cap_reached"


def call(*causes: str, status: int = 529) -> Call:
    tries = (Tried(60.0 + n, cause, category="server", http_status=status) for n, cause in enumerate(causes))
    return Call(POOL, tuple(tries), lost=bool(causes[-1]))


def compared(*calls: Call, later: int = 0) -> Comparison:
    """Compare over calls of the second minute; ``later`` tries a minute succeed from the third on."""
    successes = {(POOL, minute): later for minute in range(2, 9)}
    return compare(calls, successes, {(POOL, 1, "overloaded"): 300}, load())


def test_where_patience_would_have_saved_requests_it_says_how_many_and_at_what_price() -> None:
    told = finding(compared(*(call("overloaded") for _ in range(100)), later=500))
    assert told.tone == "warn"
    assert told.headline.startswith("Retries by cause would have saved about ")
    assert told.headline.endswith(" of 100 lost requests.")
    assert "Waiting would then have come to " in told.detail


def test_a_range_of_one_number_is_told_as_that_number() -> None:
    sure = compared(*(call("overloaded") for _ in range(4)), later=1_000_000)
    assert finding(sure).headline == "Retries by cause would have saved about 4 of 4 lost requests."


def test_where_nothing_could_be_saved_it_names_the_retries_in_vain() -> None:
    told = finding(compared(*(call(CAP, CAP, CAP, status=429) for _ in range(4))))
    assert (
        told.headline == "No policy saves clearly more requests, but 8 retries could not succeed and would be spared."
    )
    assert "8 of them in vain" in told.detail


def test_where_the_present_policy_does_well_it_says_so() -> None:
    told = finding(compared(call("overloaded", ""), later=500))
    assert (told.tone, told.headline) == ("good", "The present policy does about as well as retrying by cause would.")


def test_where_the_present_policy_does_better_it_says_so() -> None:
    patient = [call(*["overloaded"] * 9, "") for _ in range(60)]
    told = finding(compare(patient, {}, {(POOL, 1, "overloaded"): 540}, load()))
    assert told.headline == "The present policy loses fewer requests than any rule by cause would."


def test_without_failures_there_is_nothing_to_find() -> None:
    assert finding(compared()).tone == "quiet"
    assert policy_rows(compared())[0].lost == "0"


def test_rows_stand_in_one_order() -> None:
    comparison = compared(call("overloaded", ""), call(CAP, status=429))
    names = [str(row.name) for row in policy_rows(comparison)]
    assert [[str(name) for name, _ in row.lost] for row in cause_rows(comparison)] == [names, names]
    assert all(0 <= row.bar <= 100 for row in policy_rows(comparison))


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (0.04, "0"), (1.26, "1.3"), (2.0, "2"), (9.97, "10"), (12.6, "13")]
)
def test_an_expected_number_has_as_many_digits_as_it_deserves(value: float, shown: str) -> None:
    assert about(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (3.2, "3.2 s"),
        (59, "59 s"),
        (60, "1 min"),
        (1255, "20 min 55 s"),
        (5672, "1 h 34 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_a_length_of_time_is_said_in_two_units(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
