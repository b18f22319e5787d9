"""Which two accounts tell of one call, and how sure that is. The rules stand at ``Role``.

Links are compared, so a surer one takes the place of one by time alone. Of equal ones those win that tell of the same
end, then the nearest in time: which account comes first makes no difference. Two calls made one hide a failure for
good, one call told as two is seen twice and can still be joined: in doubt, two accounts stay two calls.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from enum import IntEnum

from triage.ingest.formats import TRACERS
from triage.ingest.report import OTHER, Role
from triage.ingest.told import Told


class Link(IntEnum):
    """What makes two accounts one call, the weakest first."""

    TIME = 1
    SESSION = 2
    TRACE = 3
    ID = 4
    SPAN = 5


Fit = tuple[Link, int, float]
"""How well two accounts fit, the greater the better: their link, in how much of the end they are alike, and their
distance in seconds, negative."""

_CLOCKS = 0.5
"""Seconds that two machines' clocks may differ by."""
_CAUGHT = 2.0
"""Seconds that a program may take to report what it caught."""
_LATE = 300.0
"""Seconds by which a report of our own JSON, which may carry no time but that of its receipt, can be late."""
_SAME_SESSION = 5.0
"""Seconds between the ends of two accounts of which only the session is the same."""
_TICKS = 0.01
"""Seconds by which the clock of one machine may seem to go back, read by two libraries in two ways."""
_INSIDE = 0.25
"""Seconds by which a call may stick out of the span around it: clocks of one machine, read by two libraries."""
_RAISED_BY_WRONG_SHAPE = frozenset({"AttributeError", "TypeError", "KeyError", "IndexError", "JSONDecodeError"})
"""What a program raises that reads an answer which isn't the API's."""
_SPANS = {Role.CALL, Role.WRAPPER}
_RAISED_AS: Mapping[str, str] = {
    **dict.fromkeys(("APITimeoutError", "APIConnectionTimeoutError", "TimeoutException"), "client_timeout_error"),
    **dict.fromkeys(("ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout"), "client_timeout_error"),
    **dict.fromkeys(
        ("APIConnectionError", "ConnectError", "ReadError", "WriteError", "CloseError"), "connection_error"
    ),
    **dict.fromkeys(("ProxyError", "RemoteProtocolError", "LocalProtocolError"), "connection_error"),
    "JSONDecodeError": "client_error",
}
"""Classes of what is raised where no error was answered, each with the type that the SDK's own span gives it."""
_UNANSWERED = frozenset(_RAISED_AS.values())
NEAR = 1.0
"""Seconds between the beginnings, or the ends, of two accounts that only service, model and time hold together."""


def link(one: Told, other: Told) -> Fit | None:
    """Return how well two accounts fit as one call, or ``None`` where they are two."""
    found = _link(one, other)
    if found is None:
        return None
    ends_alone = found is Link.SESSION
    apart = abs(_seconds(one.ended_at - other.ended_at)) if ends_alone else _distance(one, other)
    return found, _likeness(one, other), -apart


def _link(one: Told, other: Told) -> Link | None:
    if one.kind == other.kind:
        return Link.SPAN if _are_siblings(one, other) else None
    if _is_inside(one, other) or _is_inside(other, one):
        return Link.SPAN
    if denies(one, other):
        return None
    if _share_an_id(one, other):
        return Link.ID
    if any(each.is_one_span_a_try and each.report.parent_span_id for each in (one, other)):
        return None  # it names the span that it belongs to
    return _link_by_place(one, other)


def _link_by_place(one: Told, other: Told) -> Link | None:
    if _same_trace(one, other) and _overlap(one, other):
        return Link.TRACE
    if not agree(one, other):
        return None
    if one.report.session_id and one.report.session_id == other.report.session_id:
        return Link.SESSION if abs(_seconds(one.ended_at - other.ended_at)) <= _SAME_SESSION else None
    return Link.TIME if _fit_by_time(one, other) and not _stand_apart(one, other) else None


def fit(told: Told, others: Iterable[Told]) -> Fit | None:
    """Return how well ``told`` fits a call that ``others`` tell of, or ``None`` where it is another call."""
    others = list(others)
    links = [link(told, other) for other in others]
    best = max((each for each in links if each is not None), default=None)
    if best is None or best[0] is Link.SPAN:
        return best
    if any(denies(told, other) for other in others) or (best[0] is Link.TIME and None in links):
        return None
    return best


def denies(one: Told, other: Told) -> bool:
    """Return whether two accounts name different ids for what has one. Tries of one call have ids of their own."""
    sessions = {one.report.session_id, other.report.session_id} - {""}
    ids = {one.last.api_request_id, other.last.api_request_id} - {""}
    return len(sessions) > 1 or (len(ids) > 1 and Role.TRY not in (one.role, other.role))


def _same_trace(one: Told, other: Told) -> bool:
    return bool(one.report.trace_id) and one.report.trace_id == other.report.trace_id


def _stand_apart(one: Told, other: Told) -> bool:
    """Return whether two accounts name different traces, and would stand in one if they told of one call.

    Of two spans without a parent, one may be around the other though neither library knew of it.
    """
    traces = {one.report.trace_id, other.report.trace_id} - {""}
    if len(traces) < 2 or TRACERS.get(one.kind, "") != TRACERS.get(other.kind):
        return False
    return not all(each.role in _SPANS and not each.report.parent_span_id for each in (one, other))


def _are_siblings(one: Told, other: Told) -> bool:
    """Return whether two spans of single tries have one parent."""
    parents = one.report.parent_span_id, other.report.parent_span_id
    return _same_trace(one, other) and one.is_one_span_a_try and parents[0] == parents[1] != ""


def _is_inside(one: Told, other: Told) -> bool:
    """Return whether ``one`` happened in the span of ``other``, or is its child."""
    if not _same_trace(one, other) or other.role is Role.EVENT or not other.report.span_id:
        return False
    return other.report.span_id in (one.report.parent_span_id, one.report.span_id)


def _share_an_id(one: Told, other: Told) -> bool:
    """Return whether two accounts name one request id and are of one time.

    An id alone is no proof: stand-ins of the API, and proxies that replay its answers, repeat theirs.
    """
    if not one.last.api_request_id or one.last.api_request_id != other.last.api_request_id:
        return False
    if {one.role, other.role} == _SPANS:
        return _begins_inside(one, other) and not _contradict(one, other)
    apart = _apart(one, other)
    if apart <= _INSIDE:
        return True
    limit = _LATE if one.grows or other.grows else _CLOCKS
    return apart <= limit and agree(one, other) and not _contradict(one, other)


def _begins_inside(one: Told, other: Told) -> bool:
    """Return whether the SDK's span begins in the wrapper's, as it does wherever one library calls the other."""
    call, wrapper = (one, other) if one.role is Role.CALL else (other, one)
    return _seconds(wrapper.started_at - call.started_at) <= _TICKS and call.started_at <= wrapper.ended_at


def _overlap(one: Told, other: Told) -> bool:
    """Return whether two accounts in one trace are of one time: calls that follow each other in a trace are several.

    An event may come after its call, when the program catches what was raised.
    """
    if Role.EVENT in (one.role, other.role):
        return _apart(one, other) <= _CAUGHT and agree(one, other)
    shorter = min(_seconds(each.ended_at - each.started_at) for each in (one, other))
    spans = {one.role, other.role} == _SPANS
    return -_apart(one, other) >= shorter / 2 and (not _contradict(one, other) if spans else agree(one, other))


def _apart(one: Told, other: Told) -> float:
    """Return the seconds between two accounts; negative where they overlap, by as much as they do."""
    return _seconds(max(one.started_at, other.started_at) - min(one.ended_at, other.ended_at))


def agree(one: Told, other: Told) -> bool:
    """Return whether two accounts of how a call ended can both be right.

    An earlier try may have failed where the call succeeded, and an answer that began well may have broken off. And a
    program may fail on an answer that the SDK took for a success, as a proxy's page with the status 200: then the
    wrapper saw an exception that is none of the API's or the SDK's.
    """
    if one.last.failed == other.last.failed:
        return True
    failed, well = (one, other) if one.last.failed else (other, one)
    end = failed.last
    if well.role is Role.TRY:
        return well.last.number == 0
    if failed.role is Role.TRY:
        return end.number < well.last.number or end.number == 0
    if (failed.role, well.role) == (Role.CALL, Role.WRAPPER):
        return end.http_status == 200  # the wrapper saw the answer begin, or took for one what the SDK found was none
    return (
        (failed.role, well.role) == (Role.WRAPPER, Role.CALL)
        and not (end.error_type or end.error_code or end.api_request_id)
        and end.exception.rpartition(".")[2] in _RAISED_BY_WRONG_SHAPE
    )


def _fit_by_time(one: Told, other: Told) -> bool:
    """Return whether two accounts without a common id look like one call: one inside the other, beginning or end near.

    What they tell of service, model and the rest must be known and must not differ.
    """
    if one.role is other.role or not (one.report.has_place and other.report.has_place) or _contradict(one, other):
        return False
    later, longer = _seconds(one.started_at - other.started_at), _seconds(one.ended_at - other.ended_at)
    one_inside = later >= -_INSIDE and longer <= _INSIDE
    other_inside = later <= _INSIDE and longer >= -_INSIDE
    return (one_inside or other_inside) and min(abs(later), abs(longer)) <= NEAR


def _contradict(one: Told, other: Told) -> bool:
    """Return whether two accounts tell different things of what one call has one of."""
    ours, theirs = one.report, other.report
    if any(_differ(getattr(ours, name), getattr(theirs, name)) for name in ("service", "team", "environment", "user")):
        return True
    alike = ours.model.startswith(theirs.model) or theirs.model.startswith(ours.model)  # an alias and its full name
    if _differ(ours.model, theirs.model) and not alike:
        return True
    if Role.TRY in (one.role, other.role):
        return False
    if any(_differ(getattr(one.last, name), getattr(other.last, name)) for name in ("http_status", "error_type")):
        return True
    if not (one.last.failed and other.last.failed):
        return False
    ways = _way_of_failing(one), _way_of_failing(other)
    return _differ(*ways) or _quotes_no_answer(one, other) or _quotes_no_answer(other, one)


def _way_of_failing(told: Told) -> str:
    """Return what kind of end a failure had: an error was answered, or what else; empty where that isn't told."""
    end = told.last
    if end.error_type in _UNANSWERED:
        return end.error_type
    if (end.http_status or 0) >= 400 or end.error_type:
        return "answered"
    if told.role is Role.CALL and end.http_status == 200:
        return "taken for an answer"  # nothing was raised inside the SDK
    return _RAISED_AS.get(end.exception.rpartition(".")[2], "")


def _quotes_no_answer(wrapper: Told, call: Told) -> bool:
    """Return whether ``wrapper`` has the words of an exception without the API's answer, where ``call`` got one.

    The SDK's own exceptions quote such an answer with its status.
    """
    if (wrapper.role, call.role) != (Role.WRAPPER, Role.CALL):
        return False
    quotable = bool(call.last.error_type) and (call.last.http_status or 0) >= 400
    return quotable and bool(wrapper.last.message) and wrapper.last.http_status is None


def _likeness(one: Told, other: Told) -> int:
    """Return in how much of its end two accounts are alike: whether it failed, and where."""
    ways = {_way_of_failing(each) if each.last.failed else "" for each in (one, other)}
    return (one.last.failed == other.last.failed) + (len(ways) == 1)


def _differ(one: object, other: object) -> bool:
    return bool(one) and bool(other) and OTHER not in (one, other) and one != other


def _distance(one: Told, other: Told) -> float:
    """Return how far apart two accounts are in seconds: their beginnings and their ends, where both have two."""
    begins, ends = abs(_seconds(one.started_at - other.started_at)), abs(_seconds(one.ended_at - other.ended_at))
    if Role.TRY in (one.role, other.role):
        return min(begins, ends)
    if one.started_at == one.ended_at or other.started_at == other.ended_at:
        return ends
    return begins + ends


def _seconds(span: dt.timedelta) -> float:
    return span.total_seconds()
