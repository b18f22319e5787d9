"""What counts as more than usual: strict enough for a million looks, and blind to no outage."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.verdict.excess import is_excess, log_tail, usual_share


@given(st.integers(1, 60), st.floats(0.01, 0.6), st.data())
def test_the_bound_is_never_below_the_true_chance(requests: int, share: float, data: st.DataObject) -> None:
    hit = data.draw(st.integers(0, requests))
    exact = sum(math.comb(requests, n) * share**n * (1 - share) ** (requests - n) for n in range(hit, requests + 1))
    assert math.exp(log_tail(hit, requests, share)) >= exact * (1 - 1e-9)


@pytest.mark.parametrize(
    ("hit", "requests", "excess"),
    [(4, 4, True), (3, 3, False), (5, 9, True), (4, 40, False), (60, 100, True), (25_000, 1_000_000, False)],
)
def test_few_failures_and_small_differences_are_no_alarm(hit: int, requests: int, excess: bool) -> None:
    assert is_excess(hit, requests, 0.01) is excess


def test_a_clean_past_proves_no_rate_of_zero() -> None:
    assert usual_share((0.0,) * 30) == usual_share(()) == 0.01


def test_one_outage_among_the_past_hours_does_not_make_the_next_one_usual() -> None:
    calm = tuple(0.01 + 0.001 * (n % 3) for n in range(20))
    assert usual_share((*calm, 0.9, 0.8)) < 0.03


def test_where_much_always_fails_more_is_needed() -> None:
    restless = tuple(0.2 + 0.02 * (n % 5) for n in range(20))
    assert not is_excess(30, 100, usual_share(restless))
    assert is_excess(95, 100, usual_share(restless))
