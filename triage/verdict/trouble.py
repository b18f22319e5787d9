"""What goes wrong just now: the family of causes that hits more requests than usual, since when and where."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from triage.verdict.excess import is_excess, usual_share
from triage.verdict.model import Evidence, Tally, Usual, family_of

MINUTE = dt.timedelta(minutes=1)
_WINDOWS = (1, 2, 5, 15)
"""Minutes looked at, the one that is still filling included: the short ones see an onset, the long ones a slow drip."""
_OVER_AFTER = 3
"""Minutes without it after which it is over."""
_ENOUGH = 5
"""Requests that a model or service needs to count as one that could have been hit."""
_PART = 0.25
"""The share of the worst one's hits from which another model or service is hit as well."""
_SURELY = 3
"""Hits of one model or service beside which a single one of another proves nothing."""
_GAP = 3
"""Minutes without a hit that don't end a run of them."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Which values of a dimension are hit, of those that could have been."""

    hit: tuple[str, ...]
    heard: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all are hit, or there is only one."""
        return set(self.hit) >= set(self.heard)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A family of causes that hits too many requests."""

    family: str
    since: dt.datetime
    last: dt.datetime
    """The first and the last minute of the present run of hits."""
    hit: int
    requests: int
    causes: tuple[tuple[str, int], ...]
    """Each cause with the requests that it hit, most first."""
    models: Spread
    services: Spread
    teams: Spread


def find_troubles(evidence: Evidence) -> list[Trouble]:
    """Return all that hits more requests than usual, what hits the most beyond the usual first."""
    ranked: list[tuple[float, str]] = []
    for family in {family_of(each.category, each.cause) for each in evidence.tallies if each.hit}:
        beyond = _beyond(evidence, family, _usual(evidence.usual, family, evidence.tallies))
        if beyond > 0:
            ranked.append((beyond, family))
    return [_describe(evidence, family) for _, family in sorted(ranked, reverse=True)]


def _usual(usual: Usual, family: str, tallies: Iterable[Tally]) -> float:
    """Return the share of requests that this family usually hits at most."""
    causes = {each.cause for each in tallies if each.hit and family_of(each.category, each.cause) == family}
    hours = zip(*(usual.rates[cause] for cause in causes if cause in usual.rates), strict=True)
    return usual_share(tuple(sum(shares) for shares in hours) or (0.0,) * len(usual.requests))


def _beyond(evidence: Evidence, family: str, share: float) -> float:
    """Return how many requests beyond the usual the family hits in a window and scope where it is too many; else 0."""
    beyond = 0.0
    for minutes in _WINDOWS:
        recent = [each for each in evidence.tallies if each.minute > evidence.at - minutes * MINUTE]
        for scope in _scopes(recent):
            requests = sum(each.requests for each in scope)
            hit = _hit(scope, family)
            if is_excess(hit, requests, share) and not _is_over(scope, family, evidence.at, hit / requests):
                beyond = max(beyond, hit - share * requests)
    return beyond


def _scopes(tallies: Sequence[Tally]) -> Iterator[Sequence[Tally]]:
    """Yield everything together, then each model's and each service's part: a small one drowns in the whole."""
    yield tallies
    for key in (_model, _service):
        values = {key(each) for each in tallies}
        if len(values) > 1:
            yield from ([each for each in tallies if key(each) == value] for value in values)


def _is_over(tallies: Sequence[Tally], family: str, at: dt.datetime, share: float) -> bool:
    """Tell whether the last minutes had requests enough and hardly a hit among them."""
    last = [each for each in tallies if each.minute > at - _OVER_AFTER * MINUTE]
    requests = sum(each.requests for each in last)
    return requests >= _ENOUGH and _hit(last, family) < _PART * share * requests


def _describe(evidence: Evidence, family: str) -> Trouble:
    since, last = _run(evidence, family)
    tallies = [each for each in evidence.tallies if each.minute >= since]
    causes: Counter[str] = Counter()
    for each in tallies:
        if each.hit and family_of(each.category, each.cause) == family:
            causes[each.cause] += each.hit
    models = _spread(tallies, family, _model)
    inside = [each for each in tallies if _model(each) in models.hit]
    services = _spread(inside, family, _service)
    inside = [each for each in inside if _service(each) in services.hit]
    return Trouble(
        family=family,
        since=since,
        last=last,
        hit=_hit(inside, family),
        requests=sum(each.requests for each in inside),
        causes=tuple(causes.most_common()),
        models=models,
        services=services,
        teams=_spread(inside, family, _team),
    )


def _run(evidence: Evidence, family: str) -> tuple[dt.datetime, dt.datetime]:
    """Return the first and the last minute of the present run of hits, walking back over short gaps.

    A minute counts where its share of hits is a good part of the worst minute's, so that the usual trickle before an
    outage isn't taken for its beginning.
    """
    hits: Counter[dt.datetime] = Counter()
    requests: Counter[dt.datetime] = Counter()
    for each in evidence.tallies:
        requests[each.minute] += each.requests
        if each.hit and family_of(each.category, each.cause) == family:
            hits[each.minute] += each.hit
    worst = max(count / max(1, requests[minute]) for minute, count in hits.items())
    marked = sorted(minute for minute, count in hits.items() if count >= _PART * worst * requests[minute])
    first = marked[-1]
    for later, earlier in pairwise(reversed(marked)):
        if later - earlier > _GAP * MINUTE:
            break
        first = earlier
    return first, marked[-1]


def _spread(tallies: Sequence[Tally], family: str, key: Callable[[Tally], str]) -> Spread:
    hits: Counter[str] = Counter()
    requests: Counter[str] = Counter()
    for each in tallies:
        requests[key(each)] += each.requests
        if each.hit and family_of(each.category, each.cause) == family:
            hits[key(each)] += each.hit
    shares = {value: count / max(1, requests[value]) for value, count in hits.items()}
    worst = max(shares.values(), default=0.0)
    most = max(hits.values(), default=0)
    hit = tuple(
        sorted(
            value
            for value, share in shares.items()
            if share >= _PART * worst and (hits[value] > 1 or most < _SURELY)  # a single hit may be the usual trickle
        )
    )
    heard = tuple(sorted(value for value, count in requests.items() if value in hit or count >= _ENOUGH))
    return Spread(hit, heard)


def _hit(tallies: Iterable[Tally], family: str) -> int:
    return sum(each.hit for each in tallies if each.hit and family_of(each.category, each.cause) == family)


def _model(tally: Tally) -> str:
    return tally.model


def _service(tally: Tally) -> str:
    return tally.service


def _team(tally: Tally) -> str:
    return tally.team
