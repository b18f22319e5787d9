"""Compares policies over the calls of a window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from triage.knowledge import Knowledge
from triage.replay.chance import Chances, Check, Failures, Successes
from triage.replay.model import Call, Cost, Policy
from triage.replay.policies import KnowledgePolicy, SdkPolicy
from triage.replay.simulate import expected, measured

PRESENT, KNOWLEDGE, SDK, PATIENT = "present", "knowledge", "sdk", "patient"
"""The policy in force, the knowledge's own, the SDKs' default of two retries, the same with eight."""
PATIENT_RETRIES = 8


@dataclass
class Result:
    """What one policy costs, in all and by the cause of a call's first failure."""

    name: str
    cost: Cost = field(default_factory=Cost)
    least: Cost = field(default_factory=Cost)
    """With every chance a standard deviation higher."""
    most: Cost = field(default_factory=Cost)
    """With every chance a standard deviation lower."""
    by_cause: dict[str, Cost] = field(default_factory=lambda: defaultdict(Cost))

    @property
    def fewest_lost(self) -> float:
        """Return the lower end of the range of calls lost."""
        return self.least.lost

    @property
    def most_lost(self) -> float:
        """Return the upper end of it."""
        return self.most.lost


@dataclass
class Comparison:
    """The policies side by side."""

    calls: int
    """Calls that failed at least once: all that policies can differ in."""
    results: list[Result]
    """The present one first."""
    check: Check
    retries: int
    waits_known: int
    """Of these retries, how many have a known wait before them."""
    causes: dict[str, int]
    """First failures by cause, most frequent first."""

    def of(self, name: str) -> Result:
        """Return the result of the policy with that name."""
        return next(each for each in self.results if each.name == name)


def policies(knowledge: Knowledge) -> tuple[Policy, ...]:
    """Return the policies that the present one is compared with."""
    return KnowledgePolicy(KNOWLEDGE, knowledge), SdkPolicy(SDK), SdkPolicy(PATIENT, PATIENT_RETRIES)


def compare(calls: Sequence[Call], successes: Successes, failures: Failures, knowledge: Knowledge) -> Comparison:
    """Return what the present policy cost over ``calls``, and what the others would have."""
    chances = Chances(successes, failures, calls)
    present = Result(PRESENT)
    others = [(policy, Result(policy.name)) for policy in policies(knowledge)]
    waits_known = 0
    causes: dict[str, int] = defaultdict(int)
    for call in calls:
        first = call.tries[0].cause
        causes[first] += 1
        cost, known = measured(call, knowledge)
        waits_known += known
        present.cost.add(cost)
        present.by_cause[first].add(cost)
        for policy, result in others:
            cost = expected(call, policy, chances, knowledge)
            result.cost.add(cost)
            result.by_cause[first].add(cost)
            result.least.add(expected(call, policy, chances, knowledge, shift=1.0))
            result.most.add(expected(call, policy, chances, knowledge, shift=-1.0))
    present.least = present.most = present.cost
    return Comparison(
        calls=len(calls),
        results=[present, *(result for _, result in others)],
        check=chances.check,
        retries=round(present.cost.retries),
        waits_known=waits_known,
        causes=dict(sorted(causes.items(), key=lambda each: (-each[1], each[0]))),
    )
