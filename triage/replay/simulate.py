"""What the policy in force cost, measured; and what another would have, expected."""

from __future__ import annotations

from triage.knowledge import Knowledge
from triage.replay.chance import Chances
from triage.replay.model import Call, Cost, Policy
from triage.replay.policies import can_pass

_NEGLIGIBLE = 1e-6


def measured(call: Call, knowledge: Knowledge) -> tuple[Cost, int]:
    """Return what a call cost as it was made, and between how many of its tries the wait is known.

    A try whose length wasn't told counts as no time, so that its length counts as waiting.
    """
    cost = Cost(lost=float(call.lost), retries=float(len(call.tries) - 1))
    known = 0
    for before, after in zip(call.tries, call.tries[1:], strict=False):
        cost.in_vain += not can_pass(before, knowledge)
        if before.described and after.described:
            known += 1
            cost.waited += max(after.ended - (after.took or 0.0) - before.ended, 0.0)
    return cost, known


def expected(call: Call, policy: Policy, chances: Chances, knowledge: Knowledge, shift: float = 0.0) -> Cost:
    """Return what a call would have cost under ``policy``.

    Its first try stays as it was; each further one fails again by the same cause, or succeeds with the chance of its
    minute, moved by ``shift`` standard deviations. One that comes before the time that the answer asked for is refused.
    """
    first = call.tries[0]
    passes = can_pass(first, knowledge)
    at, reached, tries = first.ended, 1.0, 1
    retries = waited = 0.0
    while reached > _NEGLIGIBLE and (wait := policy.wait(first, tries)) is not None:
        at += wait
        retries += reached
        waited += reached * wait
        in_time = at - first.ended >= (first.retry_after or 0.0)
        if passes and in_time:
            reached *= 1 - chances.of(call.pool, first.cause, at, shift)
        at += first.took or 0.0
        tries += 1
    return Cost(lost=reached, retries=retries, in_vain=0.0 if passes else retries, waited=waited)
