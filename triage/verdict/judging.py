"""From evidence to a verdict: what is wrong, and whose side it is on. Pure: no database and no clock."""

from __future__ import annotations

from dataclasses import dataclass

from triage.health import Finding
from triage.knowledge import load
from triage.knowledge.schema import FaultLine
from triage.verdict import words
from triage.verdict.model import CheckFact, Evidence, Reason, Side, Verdict
from triage.verdict.quiet import Silence, find_silence, is_slow
from triage.verdict.traffic import find_surge
from triage.verdict.trouble import MINUTE, Trouble, find_troubles

_SIDES: dict[FaultLine, Side] = {
    "own_code": "us",
    "own_account": "us",
    "own_network": "us",
    "client_program": "us",
    "gateway": "between",
    "cloud_provider": "them",
    "anthropic_edge": "them",
    "anthropic_api": "them",
    "unknown": "unclear",
}
_OF_OUR_NETWORK = {
    "name": {Finding.NAME_UNKNOWN},
    "interception": {Finding.SELF_SIGNED, Finding.UNTRUSTED, Finding.INTERCEPTED, Finding.OTHER_NAME},
    "proxy": {Finding.PROXY_SIGN_IN, Finding.PROXY_FAILED, Finding.BLOCKED, Finding.SIGN_IN_PAGE},
    "road": {Finding.REFUSED, Finding.NO_ROUTE},
}
"""Findings that put a failure on our side of the road, by what they say of it."""
_ROAD = ("name", "reach", "edge")
_BAD_PROVIDER = {Finding.PROVIDER_MINOR, Finding.PROVIDER_MAJOR}
_MOSTLY = 0.6
"""The share of failures from which one user or one cause speaks for all."""
_USERS = 3
"""Users that have to be heard before one of them can stand out."""


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Whose side it is on, and why."""

    side: Side
    reasons: tuple[Reason, ...]


def judge(evidence: Evidence) -> Verdict:
    """Return the verdict that ``evidence`` allows, on the leading trouble; it says so where it allows none."""
    return judge_all(evidence)[0]


def judge_all(evidence: Evidence) -> tuple[Verdict, ...]:
    """Return a verdict on each trouble, the leading one first; one that says that all is fine where there is none."""
    troubles = find_troubles(evidence)
    if troubles:
        return tuple(_failing(evidence, trouble) for trouble in troubles)
    silence = find_silence(evidence)
    if silence is not None:
        return (_silent(evidence, silence),)
    if is_slow(evidence.pace):
        return (_slow(evidence),)
    return (Verdict(evidence.at, "fine", "fine", words.fine(evidence), words.checks(evidence.checks)),)


def _failing(evidence: Evidence, trouble: Trouble) -> Verdict:
    cause = load().causes.get(trouble.causes[0][0])
    fault: FaultLine = cause.fault if cause else "unknown"
    weighed = _weigh(evidence, trouble, fault)
    verdict = Verdict(
        at=evidence.at,
        side=weighed.side,
        kind="failing",
        sentence="",
        cause=trouble.causes[0][0],
        category=trouble.family.partition(":")[0],
        fault=fault,
        since=trouble.since,
        last_at=min(evidence.at, trouble.last + MINUTE),
        models=() if trouble.models.is_whole else trouble.models.hit,
        services=() if trouble.services.is_whole else trouble.services.hit,
        hit=trouble.hit,
        requests=trouble.requests,
    )
    reasons = (words.counted(trouble), *weighed.reasons, *_of_checks(evidence))
    return words.told(verdict, trouble, reasons)


def _weigh(evidence: Evidence, trouble: Trouble, fault: FaultLine) -> _Weighed:
    if trouble.family == "network":
        return _weigh_network(evidence, trouble, fault)
    if trouble.family == "billing":
        return _Weighed("between" if fault == "gateway" else "us", (words.account(),))
    if trouble.family == "server":
        return _weigh_server(evidence, trouble, fault)
    ours = _surge(evidence, trouble) if trouble.causes[0][0].startswith("rate_limit") else ()
    alone = (*ours, *_one_user(evidence), *_one_part(trouble))
    side = _SIDES[fault]
    # The API answers wrong requests correctly, so its word alone doesn't put a client error at its door.
    return _Weighed("us" if side == "them" or ours else side, alone)


def _weigh_server(evidence: Evidence, trouble: Trouble, fault: FaultLine) -> _Weighed:
    side = _SIDES[fault]
    if side in ("us", "unclear"):
        side = "them"
    surge = _surge(evidence, trouble)
    if surge and trouble.causes[0][0] != "internal_server_error" and not _provider_is_bad(evidence):
        return _Weighed("us", surge)
    if side == "them" and _alone(trouble) and not _provider_is_bad(evidence):
        return _Weighed("unclear", _alone(trouble))
    return _Weighed(side, (*_one_part(trouble), *words.spread(trouble)))


def _weigh_network(evidence: Evidence, trouble: Trouble, fault: FaultLine) -> _Weighed:
    ours = (*_shown_by_checks(evidence), *_alone(trouble)) or _happens_here(trouble)
    if _provider_is_bad(evidence) and not _shown_by_checks(evidence):
        return _Weighed("them", ())
    if ours:
        return _Weighed("us", ours)
    if fault == "gateway":
        return _Weighed("between", ())
    fine = any(each.kind in _ROAD and each.state == "ok" for each in evidence.checks)
    return _Weighed("unclear", (words.road_is_fine() if fine else words.no_checks(),))


def _shown_by_checks(evidence: Evidence) -> tuple[Reason, ...]:
    """Return the failing check that puts a broken road on our side of it."""
    failing = [each for each in evidence.checks if each.state == "fail" and each.kind in _ROAD]
    for about, findings in _OF_OUR_NETWORK.items():
        found = next((each for each in failing if each.finding in findings), None)
        if found is not None:
            elsewhere = (words.works_elsewhere(found),) if _works_elsewhere(evidence, found) else ()
            return (words.of_check(found, about), *elsewhere)
    return ()


def _alone(trouble: Trouble) -> tuple[Reason, ...]:
    """Return that one service alone is hit, where others were heard."""
    alone = len(trouble.services.hit) == 1 and len(trouble.services.heard) > 1
    return (words.only_one_service(trouble),) if alone else ()


def _happens_here(trouble: Trouble) -> tuple[Reason, ...]:
    """Return that the failures are of a sort that only our own side of the road produces."""
    told = dict(trouble.causes)
    here = sum(count for slug, count in told.items() if _fault_of(slug) == "own_network" and not _has_two_ends(slug))
    return (words.own_network(trouble.causes[0][0]),) if here >= _MOSTLY * sum(told.values()) else ()


def _has_two_ends(slug: str) -> bool:
    """Tell whether the other end may as well have caused it: a connection that breaks has two ends."""
    return slug.startswith(("connection_reset", "connection_closed", "stream_", "connect_timeout"))


def _fault_of(slug: str) -> FaultLine:
    cause = load().causes.get(slug)
    return cause.fault if cause else "unknown"


def _works_elsewhere(evidence: Evidence, found: CheckFact) -> bool:
    return any(each.kind == found.kind and each.site != found.site and each.state == "ok" for each in evidence.checks)


def _provider_is_bad(evidence: Evidence) -> bool:
    return any(each.kind == "provider" and each.finding in _BAD_PROVIDER for each in evidence.checks)


def _surge(evidence: Evidence, trouble: Trouble) -> tuple[Reason, ...]:
    """Return what our own traffic did: many more requests than usual, or many more tries of each."""
    surge = find_surge(evidence, trouble.since)
    more = (words.more_requests(surge.times),) if surge.times else ()
    return (*more, words.more_tries(surge.tries, evidence.usual.tries)) if surge.tries else more


def _one_user(evidence: Evidence) -> tuple[Reason, ...]:
    failed = sum(count for _, count in evidence.users)
    if evidence.users_heard < _USERS or not failed:
        return ()
    user, count = evidence.users[0]
    return (words.one_user(user, count, failed),) if count >= _MOSTLY * failed else ()


def _one_part(trouble: Trouble) -> tuple[Reason, ...]:
    """Return which model or service stands out, where others were heard and aren't hit."""
    reasons = []
    if not trouble.models.is_whole and len(trouble.models.hit) == 1:
        reasons.append(words.only_model(trouble.models))
    if not trouble.services.is_whole and len(trouble.services.hit) == 1:
        reasons.append(words.only_service(trouble.services))
    return tuple(reasons)


def _of_checks(evidence: Evidence) -> tuple[Reason, ...]:
    return words.checks(evidence.checks, evidence.page_lag)


def _silent(evidence: Evidence, silence: Silence) -> Verdict:
    verdict = Verdict(evidence.at, "unclear", "silent", words.silent(silence), since=silence.since)
    return words.with_reasons(verdict, (words.expected(silence), *_of_checks(evidence)))


def _slow(evidence: Evidence) -> Verdict:
    pace = evidence.pace
    alone = len(pace.slow_services) == 1 and len(pace.services) > 1
    side: Side = "unclear" if alone and not _provider_is_bad(evidence) else "them"
    services = pace.slow_services if alone else ()
    verdict = Verdict(evidence.at, side, "slow", words.slow(pace, side), services=services)
    return words.with_reasons(verdict, (words.paced(pace), *_of_checks(evidence)))
