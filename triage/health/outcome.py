"""What a check comes back with: a state, what was found, the words for a person, the evidence, and our diagnosis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from triage.diagnosis import Diagnosis

State = Literal["ok", "warn", "fail", "unknown"]
"""``warn`` works, but not as it should; ``unknown`` couldn't be tried, so it says nothing about the API."""


class Finding(StrEnum):
    """What a check found: one name for one thing, whichever check meets it."""

    FINE = "fine"
    SLOW = "slow"
    NEEDS_KEY = "needs_key"
    NO_ADDRESS = "no_address"

    NAME_UNKNOWN = "name_unknown"
    REFUSED = "refused"
    NO_ROUTE = "no_route"
    NO_ANSWER = "no_answer"
    BROKEN_OFF = "broken_off"

    SELF_SIGNED = "self_signed"
    EXPIRED = "expired"
    OTHER_NAME = "other_name"
    UNTRUSTED = "untrusted"
    INTERCEPTED = "intercepted"

    PROXY_SIGN_IN = "proxy_sign_in"
    PROXY_FAILED = "proxy_failed"
    BLOCKED = "blocked"
    SIGN_IN_PAGE = "sign_in_page"
    GATEWAY_FAILING = "gateway_failing"
    OTHER_ANSWER = "other_answer"

    KEY_REFUSED = "key_refused"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    MODEL_UNKNOWN = "model_unknown"
    RATE_LIMITED = "rate_limited"
    REQUEST_REFUSED = "request_refused"
    API_FAILING = "api_failing"
    OVERLOADED = "overloaded"

    PROVIDER_MINOR = "provider_minor"
    PROVIDER_MAJOR = "provider_major"
    PROVIDER_MAINTENANCE = "provider_maintenance"
    STATUS_UNREADABLE = "status_unreadable"

    PART_DOWN = "part_down"
    CHECK_BROKE = "check_broke"


@dataclass(frozen=True)
class Outcome:
    """One run of one check.

    ``words`` is an English sentence with the particulars; ``evidence`` holds values that JSON can carry. ``latency_ms``
    is None where nothing was measured. ``diagnosis`` is our engine's reading of a failure; None where nothing failed
    or where what failed is no error of an API call.
    """

    state: State
    finding: Finding
    words: str
    latency_ms: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    diagnosis: Diagnosis | None = None

    @property
    def cause(self) -> str:
        """The slug of the diagnosed cause; empty where none was named."""
        return self.diagnosis.cause if self.diagnosis is not None and self.diagnosis.known else ""

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as values that JSON can carry."""
        return {
            "state": self.state,
            "finding": str(self.finding),
            "words": self.words,
            "latency_ms": self.latency_ms,
            "cause": self.cause,
            "evidence": dict(self.evidence),
        }
