"""The tries of a call, put together from what each account of it tells of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from triage.ingest.judging import judge
from triage.ingest.report import Role, Try
from triage.ingest.told import Told, complete_try

_SEES_BEST = (Role.CALL, Role.EVENT, Role.TRY, Role.WRAPPER)


def by_sight(accounts: Sequence[Told]) -> list[Told]:
    """Return ``accounts`` with those first whose word counts more where two tell the same thing differently."""
    return sorted(accounts, key=lambda told: (_SEES_BEST.index(told.role), told.started_at, told.key))


def tries_of(accounts: Sequence[Told], *, streamed: bool) -> dict[int, Try]:
    """Return the tries that ``accounts`` (as ``by_sight`` orders them) describe, by number.

    Whoever tells of the whole call tells its last try. Of the tries that don't know their number the last one is the
    last of the call, unless it failed and the call did not: then the one that helped is missing among them.
    """
    tellings: dict[int, list[tuple[Told, Try]]] = defaultdict(list)
    unnumbered = sorted(((t.tries[0], t) for t in accounts if 0 in t.tries), key=lambda each: (each[0].at, each[1].key))
    ends = [told for told in accounts if told.role is not Role.TRY]
    numbers = [number for told in accounts for number in told.tries]
    last = max(*numbers, len(unnumbered))
    described = last
    if unnumbered and unnumbered[-1][0].failed and ends and not any(told.last.failed for told in ends):
        last = max(last, len(unnumbered) + 1)
        described = last - 1
    for told in accounts:
        for number, each in told.tries.items():
            if number:
                tellings[number if told.role is Role.TRY else last].append((told, each))
    for number, (each, told) in enumerate(unnumbered, described - len(unnumbered) + 1):
        tellings[number].append((told, each))
    return {number: _one(number, same, streamed=streamed) for number, same in sorted(tellings.items())}


def _one(number: int, tellings: list[tuple[Told, Try]], *, streamed: bool) -> Try:
    """Return one try from all that is told of it, diagnosed anew where its accounts complete each other."""
    if len(tellings) == 1 and tellings[0][1].number == number:
        return tellings[0][1]
    (told, first), *others = sorted(tellings, key=lambda each: _SEES_BEST.index(each[0].role))
    whole = replace(first, number=number)
    for _, other in others:
        complete_try(whole, other)
    if others and whole.failed:
        by_parts = whole.category, whole.cause, whole.confidence
        judge(whole, client=told.report.client, streamed=streamed)
        if by_parts[1] not in ("", "unknown") and (by_parts[2] or 0) > (whole.confidence or 0):
            whole.category, whole.cause, whole.confidence = by_parts
    return whole
