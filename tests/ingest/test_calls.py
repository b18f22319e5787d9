"""Accounts of a call complete each other: in any order, however often, the same call comes out."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.conftest import NOW
from triage.ingest.calls import Call, begin, counts_of
from triage.ingest.judging import judge
from triage.ingest.report import Report, Try
from triage.ingest.told import Told, recollect, remember

SECONDS = st.integers(0, 600).map(lambda n: NOW + dt.timedelta(seconds=n))
FAILURE = st.fixed_dictionaries(
    {"http_status": st.sampled_from([None, 400, 429, 529]), "message": st.sampled_from(["", "Overloaded"])}
)


def report(number: int, at: dt.datetime, failed: bool, told: dict[str, Any], kind: str = "json") -> Report:
    last = Try(number, at, failed, api_request_id=f"req_{number}", **(told if failed else {}))
    if failed:
        judge(last, client="json", streamed=False)
    return Report(key=f"{kind}:x", last=last, client="json", started_at=at - dt.timedelta(seconds=1), service="chat")


def span_of_a_try(name: str, at: dt.datetime, http_status: int) -> Report:
    last = Try(0, at, failed=http_status != 200, http_status=http_status)
    return Report(
        key=f"sentry_try:{name}",
        last=last,
        client="sentry",
        started_at=at - dt.timedelta(seconds=1),
        trace_id="t",
        span_id=name,
        parent_span_id="p",
    )


def call_of(*reports: Report) -> Call:
    first, *others = copy.deepcopy(reports)
    call = begin(1, Told.of(first))
    for each in others:
        known = call.accounts.get(each.key)
        if known is None:
            call.add(Told.of(each))
        else:
            known.add(each)
            call.settle()
    return call


def facts(call: Call) -> Any:
    request = call.request
    fields = ("outcome", "attempts_made", "failures", "cause", "category", "http_status", "api_request_id")
    return [getattr(request, name) for name in fields], request.started_at, call.ended_at, dict(counts_of(call))


@st.composite
def tries_of_one_call(draw: st.DrawFn) -> list[Report]:
    numbers = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5, unique=True))
    succeeds = draw(st.booleans())
    return [report(n, draw(SECONDS), failed=not (succeeds and n == max(numbers)), told=draw(FAILURE)) for n in numbers]


@given(tries_of_one_call(), st.randoms())
def test_tries_may_come_in_any_order_and_repeatedly(reports: list[Report], chance: Any) -> None:
    shuffled = [*reports, chance.choice(reports)]
    chance.shuffle(shuffled)
    assert facts(call_of(*shuffled)) == facts(call_of(*reports))


@given(tries_of_one_call())
def test_what_is_counted_is_what_happened(reports: list[Report]) -> None:
    call = call_of(*reports)
    counts = counts_of(call)
    sums = {
        name: sum(n for (_, counter), n in counts.items() if counter == name)
        for name in ("attempts", "failures", "requests", "failed_requests", "rescued_requests")
    }
    assert sums["attempts"] == max(each.last.number for each in reports)
    assert sums["attempts"] - sums["failures"] == (not call.last.failed)
    assert sums["requests"] == 1
    assert sums["failed_requests"] == call.last.failed
    assert all(number > 0 for number in counts.values())


@given(st.integers(1, 4), st.integers(1, 4), SECONDS, st.integers(0, 3), st.booleans(), FAILURE, FAILURE)
def test_two_accounts_of_one_end_are_one_try_whichever_comes_first(
    ours: int,
    theirs: int,
    at: dt.datetime,
    apart: int,
    failed: bool,
    told: dict[str, Any],
    retold: dict[str, Any],
) -> None:
    pair = [
        report(ours, at, failed, told, "cc_event"),
        report(theirs, at + dt.timedelta(seconds=apart), failed, retold, "cc_span"),
    ]
    one, other = call_of(*pair), call_of(*pair[::-1])
    for call in (one, other):
        assert call.request.attempts_made == max(ours, theirs)
        assert len(call.tries) == 1
    assert facts(one) == facts(other)


def test_an_account_that_leaves_takes_everything_of_it_along() -> None:
    ours, theirs = report(1, NOW, True, {"http_status": 529}, "cc_event"), report(3, NOW, True, {}, "cc_span")
    call = call_of(ours, theirs)
    assert (call.request.attempts_made, call.request.http_status) == (3, 529)
    call.remove(call.accounts["cc_event:x"])
    assert call.request.key == "cc_span:x"
    assert facts(call) == facts(call_of(theirs))


def test_spans_of_single_tries_are_numbered_by_their_times() -> None:
    spans = [span_of_a_try(str(n), NOW + dt.timedelta(seconds=n), status) for n, status in enumerate((529, 500, 200))]
    for order in itertools.permutations(spans):
        call = call_of(*order)
        assert [(n, each.http_status, each.failed) for n, each in sorted(call.tries.items())] == [
            (1, 529, True),
            (2, 500, True),
            (3, 200, False),
        ]
        assert call.request.outcome == "rescued"


def test_the_last_of_the_tries_is_the_one_that_the_calls_own_span_ends_with() -> None:
    spans = [span_of_a_try(str(n), NOW + dt.timedelta(seconds=n), 529) for n in range(2)]
    failed = report(3, NOW + dt.timedelta(seconds=2), True, {"message": "Overloaded"}, "span")
    call = call_of(*spans, failed)
    assert (sorted(call.tries), call.last.http_status, call.last.message) == ([2, 3], 529, "Overloaded")
    assert call.request.failures == 3


def test_a_call_that_succeeded_after_failed_tries_had_one_more() -> None:
    spans = [span_of_a_try(str(n), NOW + dt.timedelta(seconds=n), 529) for n in range(2)]
    call = call_of(*spans, report(1, NOW + dt.timedelta(seconds=3), False, {}, "sentry_span"))
    assert (call.request.outcome, call.request.attempts_made, call.request.failures) == ("rescued", 3, 2)


def test_a_stream_that_breaks_off_is_a_failure_though_its_try_began_well() -> None:
    raised = report(1, NOW, True, {"message": "Overloaded"}, "sentry_raised")
    call = call_of(span_of_a_try("a", NOW, 200), raised)
    assert (call.request.outcome, call.request.attempts_made, call.request.failures) == ("failed", 1, 1)


@given(tries_of_one_call())
def test_an_account_is_recollected_as_it_was_told(reports: list[Report]) -> None:
    told = next(iter(call_of(*reports).accounts.values()))
    again = recollect(told.key, remember(told))
    assert (remember(again), again.tries, again.last) == (remember(told), told.tries, told.last)
