"""Calls of one service and model that run at once: each is one request, and none takes another's accounts.

The pairs are what real libraries told of fifty calls at once: spans without a common trace, and events before spans.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.ingest.test_joins import OVERLOADED, SAID, Batch, api_id, check_books, digest, event, sdk, told, wrapper
from triage.ingest.report import Report
from triage.models import Request

__all__ = ["digest"]

CUT = "peer closed connection without sending complete message body (incomplete chunked read)"
REFUSED = {"failed": True, "error_type": "connection_error", "exception": "APIConnectionError"}
NOT_FOUND = {"failed": True, "http_status": 404, "error_type": "not_found_error"}


def span(kind: str, name: str, trace: str, begins: float, ends: float, **more: object) -> Report:
    """Return the report of a span in ``trace`` that is named as what it is a span of."""
    return told(kind, name, begins, ends, trace_id=trace, span_id=name, **more)


TWO_CALLS: dict[str, Sequence[Report]] = {
    "an event that names its span, and another span": (
        span("genai_details", "a", "a", 1, 1),
        span("genai_span", "b", "b", 0, 1),
    ),
    "an error that was caught in one trace, and a call in another": (
        event("e", 1, trace_id="a", span_id="root", message="Connection error.", exception="APIConnectionError"),
        span("sentry_span", "b", "b", 0, 1, failed=True),
    ),
    "spans in two traces that other spans began": (
        span("openinference_span", "a", "a", 0, 1, parent_span_id="a0"),
        span("span", "b", "b", 0, 1, parent_span_id="b0"),
    ),
    "a lost connection, and an error that was answered": (
        wrapper("a", 0, 1, failed=True, message=CUT, exception="RemoteProtocolError"),
        sdk("b", 0, 1, **NOT_FOUND),
    ),
    "words that quote no answer, and an error that was answered": (
        wrapper("a", 0, 1, failed=True, message=CUT),
        sdk("b", 0, 1, **NOT_FOUND),
    ),
    "an empty answer, and a page that was taken for one": (
        wrapper("a", 0, 1, failed=True, exception="JSONDecodeError"),
        sdk("b", 0, 1, failed=True, http_status=200, exception="APIResponseValidationError"),
    ),
    "a timeout, and a refused connection": (
        wrapper("a", 0, 1, failed=True, exception="APITimeoutError"),
        sdk("b", 0, 1, **REFUSED),
    ),
    "two ends in one trace": (
        span("traceloop_span", "a", "t", 0, 1, parent_span_id="app", failed=True, message=SAID.format("none")),
        span("span", "b", "t", 0, 1, parent_span_id="app", **REFUSED),
    ),
}


@pytest.mark.parametrize("pair", TWO_CALLS.values(), ids=TWO_CALLS)
@pytest.mark.parametrize("turned", [False, True], ids=["", "turned"])
def test_two_calls_at_once_stay_two_requests(digest: Batch, pair: Sequence[Report], turned: bool) -> None:
    for each in reversed(pair) if turned else pair:
        digest(each)
    assert Request.objects.count() == 2
    check_books()


def test_an_error_event_and_a_span_of_another_tracer_are_one_call_by_time(digest: Batch) -> None:
    caught = event("e", 1, trace_id="a", span_id="root", message="Connection error.", exception="APIConnectionError")
    digest(caught, span("span", "b", "b", 0, 0.9, **REFUSED))
    assert Request.objects.get().roles == "ce"


def test_a_span_around_finds_among_calls_of_one_time_the_one_of_its_own_end(digest: Batch) -> None:
    cut = {"failed": True, "http_status": 200, "error_type": "connection_error", "exception": "RemoteProtocolError"}
    calls = [sdk("cut", 0, 1, **cut), sdk("well", 0, 1.1)]
    around = [wrapper("cut", 0, 1.2, failed=True, message=CUT, exception="RemoteProtocolError"), wrapper("well", 0, 1)]
    for each in (*calls, *reversed(around)):
        digest(each)
    joined = [
        {each.key.partition(":")[2] for each in one.tellings.all()} for one in Request.objects.order_by("outcome")
    ]
    assert joined == [{"cut"}, {"well"}]
    check_books()


@pytest.mark.parametrize("seed", range(3))
def test_events_before_their_spans_find_them_among_fifty_calls(digest: Batch, seed: int) -> None:
    dice = random.Random(seed)
    reports: list[list[Report]] = [[], []]
    for n in range(50):
        name, begins, ends = str(n), dice.random() * 0.1, 1 + dice.random() * 0.1
        said = {"failed": True, "message": "Connection error.", "exception": "APIConnectionError"} if n % 3 else {}
        reports[0].append(span("genai_details", name, f"t{n}", ends, ends, **said))
        reports[1].append(
            span("span", f"s{n}", f"t{n}", begins, ends, parent_span_id=name, **(REFUSED if n % 3 else {}))
        )
        if n % 5:  # of the others the span around is never sent
            reports[1].append(span("genai_span", name, f"t{n}", begins, ends, **said))
    for each in reports:
        dice.shuffle(each)
    sent = reports[0][:40] + reports[1][:20] + reports[0][40:] + reports[1][20:]
    for start in range(0, len(sent), 15):
        digest(*sent[start : start + 15])
    assert Request.objects.count() == 50
    assert Request.objects.filter(outcome="failed").count() == 33
    check_books()
    for request in Request.objects.all():
        traces = {each.told["trace_id"] for each in request.tellings.all()}
        assert traces == {request.trace_id}


def test_fifty_calls_in_one_trace_keep_their_ends(digest: Batch) -> None:
    dice = random.Random(7)
    reports = []
    for n in range(50):
        begins, ends = dice.random() * 0.05, 1 + dice.random() * 0.3
        said, knows = [
            ({}, {}),
            ({"failed": True, "message": CUT}, REFUSED),
            (
                {"failed": True, "message": SAID.format(api_id(n))},
                {"failed": True, "api_request_id": api_id(n), **OVERLOADED},
            ),
        ][n % 3]
        inside = {"parent_span_id": "app"}
        reports.append(span("traceloop_span", f"w{n}", "t", begins, ends + dice.random() * 0.05, **inside, **said))
        reports.append(span("span", f"s{n}", "t", begins + dice.random() * 0.05, ends, **inside, **knows))
    dice.shuffle(reports)
    for start in range(0, 100, 30):
        digest(*reports[start : start + 30])
    assert Request.objects.count() == 50
    ends = [Request.objects.filter(outcome="failed", http_status=status).count() for status in (None, 529)]
    assert ends == [17, 16]
    check_books()
