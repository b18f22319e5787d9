"""Whoever tells of a call, in whatever order and in whichever batch: one call is one request, and two are two."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import redis
from django.db.models import Sum

from tests.ingest.conftest import NOW
from triage.ingest.judging import judge
from triage.ingest.ledger import Ledger
from triage.ingest.report import OTHER, Report, Try
from triage.ingest.store import write
from triage.models import Attempt, Issue, MinuteCount, Project, Request, Telling

Batch = Callable[..., None]
OVERLOADED = {"http_status": 529, "error_type": "overloaded_error"}
_BODY = "{{'type': 'error', 'error': {{'type': 'overloaded_error', 'message': 'Overloaded'}}, 'request_id': '{}'}}"
SAID = f"Error code: 529 - {_BODY}"
FAILED = {"failed": True, "api_request_id": "req_011C00000000000000000001", **OVERLOADED}
PLACE = ("trace_id", "span_id", "parent_span_id", "session_id", "service", "model", "user")


def api_id(number: int) -> str:
    """Return a request id as the API makes them."""
    return f"req_011C{number:020}"


@pytest.fixture
def digest(project: Project, valkey: redis.Redis) -> Batch:
    """Enter reports as one batch."""

    def enter(*reports: Report) -> None:
        fresh = copy.deepcopy(reports)
        ledger = Ledger(project.pk, fresh)
        for each in fresh:
            ledger.enter(each)
        write(project.pk, ledger, valkey)

    return enter


def told(
    kind: str, name: str, begins: float, ends: float, *, failed: bool = False, number: int = 1, **more: Any
) -> Report:
    """Return a report of ``kind`` on a call from ``begins`` to ``ends``, in seconds from now."""
    place = {key: more.pop(key) for key in PLACE if key in more}
    last = Try(number, NOW + dt.timedelta(seconds=ends), failed, **more)
    if failed:
        judge(last, client=kind, streamed=False)
    known = {"service": "chat", "model": "claude-opus-4-8", **place}
    return Report(f"{kind}:{name}", last, kind, NOW + dt.timedelta(seconds=begins), **known)


def sdk(name: str, begins: float, ends: float, **more: Any) -> Report:
    return told("span", name, begins, ends, **more)


def wrapper(name: str, begins: float, ends: float, **more: Any) -> Report:
    return told("traceloop_span", name, begins, ends, **more)


def event(name: str, at: float, **more: Any) -> Report:
    return told("sentry_raised", name, at, at, failed=True, **more)


def check_books() -> None:
    """The counts, the rows and the issues tell the same story."""
    sums = MinuteCount.objects.aggregate(*map(Sum, ("attempts", "failures", "requests", "failed_requests")))
    stored = Request.objects.aggregate(Sum("attempts_made"), Sum("failures"))
    assert (sums["attempts__sum"], sums["failures__sum"]) == tuple(stored.values())
    assert sums["requests__sum"] == Request.objects.count()
    assert sums["failed_requests__sum"] == Request.objects.filter(outcome="failed").count()
    assert not MinuteCount.objects.filter(attempts__lt=0).exists()
    described = Attempt.objects.filter(failed=True)
    assert (Issue.objects.aggregate(Sum("failures"))["failures__sum"] or 0) == described.count()
    for issue in Issue.objects.all():
        assert issue.failures == issue.attempts.count() > 0


PAIRS: dict[str, Sequence[Report]] = {
    "a wrapper and the SDK's span, by the id in the words": (
        wrapper("w", 0, 1, failed=True, message=SAID.format(api_id(1)), exception="OverloadedError", trace_id="w"),
        sdk("s", 0.01, 0.97, failed=True, api_request_id=api_id(1), number=3, trace_id="s", **OVERLOADED),
    ),
    "a wrapper and the SDK's span, by time": (
        wrapper("w", 0, 1, trace_id="w"),
        sdk("s", 0.01, 0.97, api_request_id=api_id(1), trace_id="s"),
    ),
    "a wrapper and a failed call without an answer, by time": (
        wrapper("w", 0, 1, failed=True, message="Connection error.", exception="APIConnectionError"),
        sdk("s", 0.01, 0.97, failed=True, exception="APIConnectionError", error_type="connection_error"),
    ),
    "a span and its child that outlives it": (
        told("logfire_span", "w", 0, 0.01, trace_id="t", span_id="w"),
        sdk("s", 0.005, 9, trace_id="t", span_id="s", parent_span_id="w", failed=True, **OVERLOADED),
    ),
    "spans beside each other in one trace": (
        wrapper("w", 0, 1, trace_id="t", span_id="w", parent_span_id="app"),
        sdk("s", 0.01, 0.97, trace_id="t", span_id="s", parent_span_id="app"),
    ),
    "an error event and the span it happened in": (
        told("sentry_span", "w", 0, 1, failed=True, trace_id="t", span_id="w"),
        event("e", 0.5, trace_id="t", span_id="w", message=SAID.format(api_id(1)), model="", service="worker"),
    ),
    "our own JSON and the SDK's span, by the id, sent four minutes late": (
        told("json", "j", 240, 240, failed=True, api_request_id=api_id(1), message="Overloaded", **OVERLOADED),
        sdk("s", 0, 1, failed=True, api_request_id=api_id(1), **OVERLOADED),
    ),
    "our own JSON and the SDK's span, by time": (
        told("json", "j", 0.9, 1.05, failed=True, message="Overloaded", **OVERLOADED),
        sdk("s", 0, 1, failed=True, **OVERLOADED),
    ),
    "a log and the span of one session": (
        told("cc_event", "e", 0.2, 1, failed=True, session_id="x", message="Overloaded", http_status=529),
        told("cc_span", "s", 0, 1.1, failed=True, session_id="x", trace_id="t", number=2, model=""),
    ),
    "a wrapper whose service its day had no room for, and the SDK's span, by the id": (
        wrapper("w", 0, 1, failed=True, message=SAID.format(api_id(1)), service=OTHER, model=OTHER),
        sdk("s", 0.01, 0.97, failed=True, api_request_id=api_id(1), **OVERLOADED),
    ),
    "a page of a proxy that the SDK took for an answer": (
        wrapper("w", 0, 1, failed=True, exception="AttributeError", message="'str' object has no attribute 'content'"),
        sdk("s", 0.01, 0.97),
    ),
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("batches", [1, 2])
@pytest.mark.parametrize("turned", [False, True], ids=["", "turned"])
def test_two_accounts_of_a_call_are_one_request(
    digest: Batch, pair: Sequence[Report], batches: int, turned: bool
) -> None:
    ordered = list(pair)[:: -1 if turned else 1]
    for batch in [ordered] if batches == 1 else [[each] for each in ordered]:
        digest(*batch)
    digest(*ordered)
    request = Request.objects.get()
    assert request.attempts_made == max(each.last.number for each in pair)
    assert (request.outcome == "failed") == any(each.last.failed for each in pair)
    assert {each.key for each in request.tellings.all()} == {each.key for each in pair}
    assert not any(each.last.api_request_id for each in pair) or request.api_request_id == api_id(1)
    check_books()


def test_each_account_brings_what_the_other_lacks(digest: Batch) -> None:
    digest(*PAIRS["a wrapper and the SDK's span, by the id in the words"])
    failure = Attempt.objects.get()
    assert (failure.number, failure.http_status, failure.error_type) == (3, 529, "overloaded_error")
    assert (failure.cause, failure.exception) == ("overloaded", "OverloadedError")
    assert "Overloaded" in failure.message


TWO_CALLS: dict[str, Sequence[Report]] = {
    "told in the same form": (sdk("a", 0, 1, api_request_id=api_id(1)), sdk("b", 0, 1, api_request_id=api_id(1))),
    "of two services": (wrapper("w", 0, 1), sdk("s", 0, 1, service="other")),
    "of services that nobody named": (wrapper("w", 0, 1, service=""), sdk("s", 0, 1, service="")),
    "of services that their day had no room for": (wrapper("w", 0, 1, service=OTHER), sdk("s", 0, 1, service=OTHER)),
    "of models that their day had no room for": (wrapper("w", 0, 1, model=OTHER), sdk("s", 0, 1, model=OTHER)),
    "of a service, and of one that its day had no room for": (wrapper("w", 0, 1), sdk("s", 0, 1, service=OTHER)),
    "of two models": (wrapper("w", 0, 1), sdk("s", 0, 1, model="claude-haiku-4-5")),
    "with two ids": (
        wrapper("w", 0, 1, failed=True, message=SAID.format(api_id(1))),
        sdk("s", 0.01, 0.97, failed=True, api_request_id=api_id(2), **OVERLOADED),
    ),
    "one after the other": (wrapper("w", 0, 1), sdk("s", 1.3, 2)),
    "one after the other, though a stand-in repeats its id": (
        wrapper("w", 0, 1, failed=True, message=SAID.format(api_id(1))),
        sdk("s", 2, 3, failed=True, api_request_id=api_id(1), **OVERLOADED),
    ),
    "one after the other in one trace": (wrapper("w", 0, 1, trace_id="t"), sdk("s", 1.1, 2, trace_id="t")),
    "that ended differently": (
        wrapper("w", 0, 1),
        sdk("s", 0.01, 0.97, failed=True, api_request_id=api_id(2), **OVERLOADED),
    ),
    "a short one amid a long one": (wrapper("w", 0, 60), sdk("s", 20, 30)),
    "of two sessions": (
        told("cc_event", "e", 0, 1, session_id="x"),
        told("cc_span", "s", 0, 1, session_id="y"),
    ),
    "an event and the next call of its trace": (
        event("e", 1, trace_id="t", span_id="a", message="Overloaded"),
        told("sentry_span", "b", 1.1, 2, trace_id="t", span_id="b"),
    ),
}


@pytest.mark.parametrize("pair", TWO_CALLS.values(), ids=TWO_CALLS)
def test_two_calls_stay_two_requests(digest: Batch, pair: Sequence[Report]) -> None:
    for batch in (pair, pair[::-1]):
        digest(*batch)
    assert Request.objects.count() == 2
    assert not Telling.objects.exists()
    check_books()


LIMITS: dict[str, tuple[float, Callable[[float], Sequence[Report]]]] = {
    "the clocks of two machines, for a log that comes after its call": (
        0.5,
        lambda gap: (event("e", 1 + gap, message=SAID.format(api_id(1))), sdk("s", 0, 1, **FAILED)),
    ),
    "the clocks of two machines, for a log that comes before its call": (
        0.5,
        lambda gap: (event("e", -gap, message=SAID.format(api_id(1))), sdk("s", 0, 1, **FAILED)),
    ),
    "what has the same id and ends otherwise, but surely at the same time": (
        0.25,
        lambda gap: (
            event("e", 1 + gap, message=SAID.format(api_id(1))),
            sdk("s", 0, 1, failed=True, api_request_id=api_id(1), http_status=500, error_type="api_error"),
        ),
    ),
    "our own JSON that is late": (
        300,
        lambda gap: (told("json", "j", 1 + gap, 1 + gap, message="Overloaded", **FAILED), sdk("s", 0, 1, **FAILED)),
    ),
    "a call that ends after the span around it": (
        0.25,
        lambda gap: (wrapper("w", 0, 1), sdk("s", 0.5, 1 + gap)),
    ),
    "a call that begins before the span around it": (
        0.25,
        lambda gap: (wrapper("w", 0, 1), sdk("s", -gap, 0.5)),
    ),
    "beginnings and ends that are near": (
        1,
        lambda gap: (wrapper("w", 0, 10), sdk("s", gap, 7)),
    ),
    "a call with the wrapper's id that begins before it": (
        0.01,
        lambda gap: (
            wrapper("w", 0, 1, failed=True, message=SAID.format(api_id(1)), service=""),
            sdk("s", -gap, 0.9, **FAILED),
        ),
    ),
    "what a program caught in the call's trace": (
        2,
        lambda gap: (
            event("e", 1 + gap, trace_id="t", span_id="app", message="Overloaded"),
            told("sentry_span", "s", 0, 1, failed=True, trace_id="t", span_id="s"),
        ),
    ),
    "two accounts of one session": (
        5,
        lambda gap: (
            told("cc_event", "e", 0, 1, session_id="x"),
            told("cc_span", "s", 0, 1 + gap, session_id="x", trace_id="t"),
        ),
    ),
}
"""How far apart two accounts of one call may be, and a pair that is so far apart."""


@pytest.mark.parametrize(("limit", "pair"), LIMITS.values(), ids=LIMITS)
@pytest.mark.parametrize("turned", [False, True], ids=["", "turned"])
def test_a_limit_joins_what_is_within_it_and_parts_what_is_beyond(
    digest: Batch, limit: float, pair: Callable[[float], Sequence[Report]], turned: bool
) -> None:
    for share, calls in ((0.9, 1), (1.1, 2)):
        for each in pair(limit * share)[:: -1 if turned else 1]:
            digest(each)
        assert Request.objects.count() == calls
        check_books()
        for table in (Request, Issue, MinuteCount):
            table._default_manager.all().delete()


@pytest.mark.parametrize("seed", range(4))
def test_fifty_calls_at_once_are_not_mixed_up(digest: Batch, seed: int) -> None:
    dice = random.Random(seed)
    reports, truth = [], {}
    for n in range(50):
        begins = dice.random() * 0.2
        ends = begins + 0.5 + dice.random() * 3
        answered = n % 3
        said = {"failed": True, "message": SAID.format(api_id(n))} if answered == 1 else {}
        knows = {"failed": True, "api_request_id": api_id(n), **OVERLOADED} if answered == 1 else {}
        if answered == 2:
            said = {"failed": True, "message": "Connection error.", "exception": "APIConnectionError"}
            knows = {"failed": True, "error_type": "connection_error", "exception": "APIConnectionError"}
        reports += [
            wrapper(str(n), begins, ends + dice.random() * 0.004, **said),
            sdk(str(n), begins + dice.random() * 0.002, ends, **knows),
        ]
        truth[f"traceloop_span:{n}"] = f"span:{n}"
    dice.shuffle(reports)
    for start in range(0, 100, 30):
        digest(*reports[start : start + 30])
    assert Request.objects.count() == 50
    assert Request.objects.filter(outcome="failed").count() == 33
    check_books()
    for request in Request.objects.filter(http_status=529):
        one, other = sorted((each.key for each in request.tellings.all()), reverse=True)
        assert truth[one] == other


def test_an_account_joined_by_time_makes_way_for_the_one_that_names_the_id(digest: Batch) -> None:
    mine = sdk("mine", 0.02, 0.9, failed=True, api_request_id=api_id(1), **OVERLOADED)
    others = sdk("others", 0.01, 0.98, failed=True, **OVERLOADED)
    around = wrapper("w", 0, 1, failed=True, message=SAID.format(api_id(1)))
    for order in itertools.permutations((mine, others, around)):
        for each in order:
            digest(each)
        assert Request.objects.count() == 2
        joined = Request.objects.get(roles="cw")
        assert {each.key for each in joined.tellings.all()} == {mine.key, around.key}
        check_books()
        Request.objects.all().delete()
        Issue.objects.all().delete()
        MinuteCount.objects.all().delete()


def test_an_id_that_is_repeated_makes_no_call_of_two_that_differ(digest: Batch) -> None:
    around = wrapper("w", 0, 1, failed=True, message=SAID.format(api_id(1)))
    other_end = {"http_status": 401, "error_type": "authentication_error"}
    digest(around, sdk("ended-otherwise", 0.1, 0.9, failed=True, api_request_id=api_id(1), **other_end))
    digest(sdk("began-before", -0.6, 0.5, failed=True, api_request_id=api_id(1), **OVERLOADED))
    assert Request.objects.count() == 3


def test_two_calls_become_one_when_a_later_try_names_the_id(digest: Batch) -> None:
    first = told("json", "j", 0, 1, failed=True, api_request_id=api_id(1), service="", **OVERLOADED)
    span = sdk("s", 0, 4, number=2, api_request_id=api_id(2))
    digest(first)
    digest(span)
    assert Request.objects.count() == 2
    digest(told("json", "j", 3, 4, number=2, api_request_id=api_id(2), service=""))
    request = Request.objects.get()
    assert (request.outcome, request.attempts_made, request.failures) == ("rescued", 2, 1)
    assert Attempt.objects.get(failed=True).http_status == 529
    assert Issue.objects.get().failures == 1
    check_books()
    digest(first, span)
    assert Request.objects.count() == 1


def test_two_calls_become_one_when_a_third_account_knows_both(digest: Batch) -> None:
    digest(
        told(
            "sentry_try",
            "a",
            0.1,
            0.2,
            number=0,
            failed=True,
            trace_id="t",
            span_id="a",
            parent_span_id="w",
            http_status=529,
        )
    )
    digest(event("e", 0.5, trace_id="t", span_id="w", message=SAID.format(api_id(1))))
    digest(told("sentry_span", "w", 0, 1, failed=True, trace_id="t", span_id="w"))
    request = Request.objects.get()
    assert (request.roles, request.http_status, request.api_request_id) == ("etw", 529, api_id(1))
    assert (request.attempts_made, request.failures) == (1, 1)
    check_books()


def test_tries_find_their_own_call_among_those_of_a_trace(digest: Batch) -> None:
    reports = []
    for call in "ab":
        begins = 0 if call == "a" else 0.1
        place = {"trace_id": "t", "parent_span_id": call}
        reports += [
            told("sentry_span", call, begins, begins + 3, trace_id="t", span_id=call, parent_span_id="root"),
            told(
                "sentry_try",
                f"{call}1",
                begins,
                begins + 1,
                number=0,
                failed=True,
                span_id=f"{call}1",
                http_status=529,
                **place,
            ),
            told("sentry_try", f"{call}2", begins + 2, begins + 3, number=0, span_id=f"{call}2", **place),
        ]
    random.Random(0).shuffle(reports)
    for each in reports:
        digest(each)
    assert list(Request.objects.values_list("outcome", "attempts_made", "failures")) == [("rescued", 2, 1)] * 2
    check_books()


def test_three_libraries_around_one_call_are_one_request(digest: Batch) -> None:
    place = {"trace_id": "t"}
    reports = [
        told("logfire_span", "l", 0, 1, span_id="l", **place),
        told("openinference_span", "o", 0.01, 0.99, span_id="o", parent_span_id="l", **place),
        sdk("s", 0.02, 0.98, span_id="s", parent_span_id="o", **place),
    ]
    for order in itertools.permutations(reports):
        for each in order:
            digest(each)
        assert Request.objects.get().tellings.count() == 3
        check_books()
        Request.objects.all().delete()
        MinuteCount.objects.all().delete()
