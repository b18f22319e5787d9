"""Reports complete each other: in any order, however often, the same call comes out."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.conftest import NOW
from triage.ingest.calls import Call, add_telling, add_try, begin, counts_of
from triage.ingest.judging import judge
from triage.ingest.report import Report, Try

SECONDS = st.integers(0, 600).map(lambda n: NOW + dt.timedelta(seconds=n))
FAILURE = st.fixed_dictionaries(
    {"http_status": st.sampled_from([None, 400, 429, 529]), "message": st.sampled_from(["", "Overloaded"])}
)


def report(number: int, at: dt.datetime, failed: bool, told: dict[str, Any], kind: str = "json") -> Report:
    last = Try(number, at, failed, api_request_id=f"req_{number}", **(told if failed else {}))
    if failed:
        judge(last, client="json", streamed=False)
    return Report(key=f"{kind}:x", last=last, client="json", started_at=at - dt.timedelta(seconds=1), service="chat")


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
    def entered(ordered: list[Report]) -> Call:
        ordered = copy.deepcopy(ordered)
        call = begin(1, ordered[0])
        for each in ordered[1:]:
            add_try(call, each)
        return call

    shuffled = [*reports, chance.choice(reports)]
    chance.shuffle(shuffled)
    assert facts(entered(shuffled)) == facts(entered(reports))


@given(tries_of_one_call())
def test_what_is_counted_is_what_happened(reports: list[Report]) -> None:
    call = begin(1, reports[0])
    for each in reports[1:]:
        add_try(call, each)
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
def test_two_tellings_of_one_end_are_one_try_whichever_comes_first(
    ours: int,
    theirs: int,
    at: dt.datetime,
    apart: int,
    failed: bool,
    told: dict[str, Any],
    retold: dict[str, Any],
) -> None:
    retold = {**retold, "http_status": told["http_status"]}  # they may leave something out, not contradict each other
    pair = [
        report(ours, at, failed, told, "cc_event"),
        report(theirs, at + dt.timedelta(seconds=apart), failed, retold, "cc_span"),
    ]
    calls = []
    for first, second in (pair, pair[::-1]):
        call = begin(1, copy.deepcopy(first))
        add_telling(call, copy.deepcopy(second))
        calls.append(call)
    for call in calls:
        assert call.request.attempts_made == max(ours, theirs)
        assert len(call.tries) == 1
        call.request.api_request_id = ""  # the made-up ids differ
    assert facts(calls[0]) == facts(calls[1])
