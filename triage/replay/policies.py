"""The policies that are compared: the SDKs' own rule, and the knowledge's, which goes by cause."""

from __future__ import annotations

from dataclasses import dataclass

from triage.knowledge import Knowledge, RetryPolicy
from triage.replay.model import Tried

_SPREAD = 0.875
"""The mean of the SDKs' jitter, which shortens a wait by up to a quarter."""


@dataclass(frozen=True)
class SdkPolicy:
    """What both SDKs do (Python 2.12.0, TypeScript 1.12.0): by status, never by cause.

    They repeat 408, 409, 429, everything from 500 on and failures of the network, and wait as long as the answer
    asks, else 0.5 s, doubled each time up to 8 s. What breaks inside a stream, after its 200, is not repeated.
    """

    name: str
    retries: int = 2

    def wait(self, failure: Tried, tries: int) -> float | None:
        """Return the mean of the wait; None where they give up."""
        status = failure.http_status
        repeats = failure.category == "network" if status is None else status in (408, 409, 429) or status >= 500
        if not repeats or tries > self.retries:
            return None
        if tries == 1 and failure.retry_after:
            return failure.retry_after
        return float(min(0.5 * 2 ** (tries - 1), 8.0) * _SPREAD)


@dataclass(frozen=True)
class KnowledgePolicy:
    """What the knowledge says of each cause; where the cause is unknown, what it says of the status."""

    name: str
    knowledge: Knowledge

    def wait(self, failure: Tried, tries: int) -> float | None:
        """Return the wait; None where the cause can't pass, or not within a call."""
        rule = self._rule(failure)
        if rule is None or not rule.retryable or rule.first_wait is None:
            return None
        if tries >= (rule.attempts or 1):
            return None
        asked = failure.retry_after if tries == 1 and rule.honour_retry_after else None
        return asked or min(rule.first_wait * (rule.factor or 1) ** (tries - 1), rule.max_wait or rule.first_wait)

    def _rule(self, failure: Tried) -> RetryPolicy | None:
        cause = self.knowledge.causes.get(failure.cause)
        if cause is not None:
            return cause.retry
        code = self.knowledge.code_of_status.get(failure.http_status or 0)
        return code.retry if code is not None else None


def can_pass(failure: Tried, knowledge: Knowledge) -> bool:
    """Return whether the same request has a chance after ``failure``; an unknown cause is given one."""
    cause = knowledge.causes.get(failure.cause)
    return cause is None or cause.retry.retryable
