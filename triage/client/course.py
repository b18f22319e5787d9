"""The course of one call under a policy: what each failure means for it, and what its next try is."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

import anthropic
import httpx2

from triage.client.asking import asked_by
from triage.client.verdicts import Schedule, Verdict, judge_answer, judge_breakdown
from triage.client.weather import Weather

_MESSAGES = ("/v1/messages", "/v1/messages/count_tokens")
_NEVER_REACHED = frozenset(("connection_refused", "connect_timeout", "dns_failure", "network_unreachable"))
_NOT_PROCESSED = (409, 429, 529)
_ALWAYS = Schedule(first_wait=0.5, factor=2.0, max_wait=8.0, attempts=3)
"""For an answer that asks to be repeated and whose cause says nothing: the SDK's own schedule."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Bounds on what the knowledge's own retry policies may do with one call.

    Each cause has its own number of tries and waits; these bounds hold over all of them.
    """

    max_attempts: int | None = None
    """Tries in all, on one model; ``None`` leaves it to the cause."""
    max_total_wait: float = 120.0
    """Seconds waited between tries, together. A ``retry-after`` that goes beyond ends the call at once."""
    deadline: float | None = None
    """Seconds from the call's start after which no try begins and none is waited for."""
    stretch: float = 2.0
    """By how much a wait grows where all recent attempts of this process failed: 2 makes it three times as long."""
    fallback_after: int = 2
    """Overloads of the first model after which the other is asked, where there is one."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was decided after a failed try."""

    attempt: int
    """The number of the try that failed."""
    model: str
    status: int | None
    """The HTTP status; ``None`` where no answer came."""
    cause: str
    """Slug of the knowledge, or ``unknown``."""
    retries: bool
    wait: float
    """Seconds until the next try."""
    fallback_model: str | None
    """The model that is asked from now on, where that changes."""
    why: str
    """The reason in words."""


@dataclass(slots=True)
class Course:
    """One call from its first try to its end."""

    policy: Policy
    fallback_model: str | None
    weather: Weather
    request: anthropic.APIRequest
    """The request of the next try."""
    began: float = field(default_factory=time.monotonic)
    waited: float = 0.0
    """Seconds waited before the next try."""
    waited_in_all: float = 0.0
    first_model: str = ""
    _failures: int = 0
    """On the present model."""
    _overloads: int = 0

    def __post_init__(self) -> None:
        self.first_model = self.model
        self.request = self._timed(self.request)

    @property
    def model(self) -> str:
        """Return the model that is asked, as far as the request names one."""
        body = self.request.json
        model = body.get("model") if isinstance(body, dict) else None
        return model if isinstance(model, str) else ""

    @property
    def fallback_from(self) -> str:
        """Return the model that was asked first, where another is asked now."""
        return self.first_model if self.model != self.first_model else ""

    def succeeded(self) -> None:
        """Note that the try was answered."""
        self.weather.note(failed=False)

    def refused(self, response: httpx2.Response, body: bytes) -> Step:
        """Decide after an answer that is an error, or a stream whose first event is one."""
        kind, code, words = _read(body)
        verdict = judge_answer(response.status_code, kind, code, words)
        told = response.headers.get("x-should-retry")
        if told == "false":
            return self._decide(Verdict(verdict.cause, None), response, "the answer says not to repeat it")
        if told == "true" and verdict.schedule is None:
            verdict = Verdict(verdict.cause, _ALWAYS)
        if self._might_act_twice(verdict.cause, response.status_code):
            return self._decide(Verdict(verdict.cause, None), response, "it may have been carried out")
        return self._decide(verdict, response, overload=kind == "overloaded_error" or response.status_code == 529)

    def broke_down(self, error: Exception) -> Step:
        """Decide after a try that got no answer."""
        chain = list(_chain(error))
        names = [type(each).__name__ for each in reversed(chain)]
        verdict = judge_breakdown(names, "\n".join(map(str, chain)))
        if not any(isinstance(each, anthropic.APIConnectionError | httpx2.HTTPError) for each in chain):
            return self._decide(Verdict("unknown", None), None, "it failed before it was sent")
        if self._might_act_twice(verdict.cause, None):
            return self._decide(Verdict(verdict.cause, None), None, "it may have been carried out")
        return self._decide(verdict, None)

    def _decide(
        self, verdict: Verdict, response: httpx2.Response | None, why: str = "", *, overload: bool = False
    ) -> Step:
        schedule = verdict.schedule
        self.weather.note(failed=schedule is not None)
        self._failures += 1
        self._overloads += overload
        number = self.request.retries_taken + 1
        status = response.status_code if response is not None else None
        model = self.model
        if schedule is None:
            return Step(number, model, status, verdict.cause, False, 0.0, None, why or "a repetition can't succeed")
        if self._may_fall_back() and self._left() > 0:
            self._go_on(0.0, fallback=True)
            return Step(number, model, status, verdict.cause, True, 0.0, self.model, f"{model} is overloaded")
        wait = self._wait(schedule, response if verdict.honours_retry_after else None)
        why = self._reason_to_end(schedule, wait)
        if why:
            return Step(number, model, status, verdict.cause, False, 0.0, None, why)
        self._go_on(wait)
        return Step(number, model, status, verdict.cause, True, wait, None, "it passes")

    def _wait(self, schedule: Schedule, response: httpx2.Response | None) -> float:
        """Return the seconds to wait: never less than the answer asks for, longer while most attempts fail."""
        stretched = schedule.wait(self._failures) * (1 + self.policy.stretch * self.weather.failing())
        own = min(stretched, schedule.max_wait) * random.uniform(0.75, 1)  # noqa: S311 - spreads programs out
        asked = asked_by(response.headers) if response is not None else None
        return asked * random.uniform(1, 1.1) if asked else own  # noqa: S311

    def _reason_to_end(self, schedule: Schedule, wait: float) -> str:
        most = min(schedule.attempts, self.policy.max_attempts or schedule.attempts)
        if self._failures >= most:
            return f"{most} tries are used up"
        if self.waited_in_all + wait > self.policy.max_total_wait:
            return f"the wait of {wait:.1f} s goes beyond {self.policy.max_total_wait:g} s in all"
        if wait >= self._left():
            return f"the wait of {wait:.1f} s goes beyond the deadline"
        return ""

    def _left(self) -> float:
        if self.policy.deadline is None:
            return float("inf")
        return self.policy.deadline - (time.monotonic() - self.began)

    def _may_fall_back(self) -> bool:
        other = self.fallback_model
        return bool(other and self.model and self.model != other and self._overloads >= self.policy.fallback_after)

    def _might_act_twice(self, cause: str, status: int | None) -> bool:
        """Return whether a repetition could create something twice: a batch, a file. Messages create nothing."""
        path = self.request.url.partition("?")[0]
        if self.request.method.lower() == "get" or path in _MESSAGES:
            return False
        return cause not in _NEVER_REACHED and status not in _NOT_PROCESSED

    def _go_on(self, wait: float, *, fallback: bool = False) -> None:
        """Make the request of the next try."""
        self.waited = wait
        self.waited_in_all += wait
        request = self.request
        if fallback:
            self._failures = self._overloads = 0
            body: Any = request.json
            request = request.copy(body={**body, "model": self.fallback_model})
        self.request = self._timed(
            anthropic.APIRequest(
                options=request.options,
                cast_to=request.cast_to,
                stream=request.stream,
                stream_cls=request.stream_cls,
                retries_taken=self.request.retries_taken + 1,
            ),
            wait,
        )

    def _timed(self, request: anthropic.APIRequest, wait: float = 0.0) -> anthropic.APIRequest:
        """Return ``request`` with no more time than the deadline leaves."""
        if self.policy.deadline is None:
            return request
        left = max(self._left() - wait, 0.001)
        timeout = request.timeout
        if isinstance(timeout, httpx2.Timeout):
            parts = {name: left if part is None else min(part, left) for name, part in timeout.as_dict().items()}
            return request.copy(timeout=httpx2.Timeout(**parts))
        least = min(timeout, left) if isinstance(timeout, int | float) else left
        return request.copy(timeout=least)


def _read(body: bytes) -> tuple[str, str, str]:
    """Return type, code and words of an error's body."""
    text = body.decode("utf-8", "replace")
    try:
        error = json.loads(text)["error"]
        details = error.get("details")
        code = details.get("error_code") if isinstance(details, dict) else None
        return str(error.get("type") or ""), str(code or ""), str(error.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", "", text


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 8:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain
