"""``with_policy``: the SDK's client, repeating what can pass, and nothing else, by the policies of the knowledge."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import sleep
from typing import Any, TypeVar

import anthropic
from anthropic import APIRequest, APIResponse, AsyncAPIResponse, AsyncCallNext, CallNext, Middleware
from anyio import sleep as sleep_async

from triage.client.attempts import BEFORE, Before
from triage.client.course import Course, Policy, Step
from triage.client.peeking import peek, peek_async
from triage.client.weather import weather_of

logger = logging.getLogger("triage.client")

OnAttempt = Callable[[Step], object]
_Client = TypeVar("_Client", anthropic.Anthropic, anthropic.AsyncAnthropic)


def with_policy(
    client: _Client,
    *,
    policy: Policy | None = None,
    fallback_model: str | None = None,
    on_attempt: OnAttempt | None = None,
) -> _Client:
    """Return ``client`` with retries by the diagnosed cause in place of the SDK's own.

    All methods are as before, of ``messages`` and ``beta.messages``, streams too: those are repeated until their first
    event came. A request that can't succeed is sent once. Waits follow the cause's schedule and ``retry-after``,
    and grow while most attempts of this process fail. The SDK's own retries are off: ``max_retries`` must stay 0, or
    both would repeat.

    Args:
        client: the SDK's client, with its middleware; a ``TriageReporter`` among it tells of each try.
        policy: bounds on tries, waits and time; see ``Policy``.
        fallback_model: the model to ask when the first is overloaded; none is asked unless it is named here.
        on_attempt: called with each ``Step`` after a failed try, before the wait. What it raises is logged.
    """
    keeper = PolicyKeeper(str(client.base_url), policy or Policy(), fallback_model, on_attempt)
    return client.with_options(max_retries=0, middleware=[keeper, *client.middleware])


class PolicyKeeper(Middleware):
    """The middleware behind ``with_policy``; the outermost, so that all others run once a try."""

    def __init__(
        self, host: str, policy: Policy, fallback_model: str | None = None, on_attempt: OnAttempt | None = None
    ) -> None:
        self._policy = policy
        self._fallback_model = fallback_model
        self._on_attempt = on_attempt
        self._weather = weather_of(host)

    def handle(self, request: APIRequest, call_next: CallNext) -> APIResponse[Any]:
        """Make a call of the synchronous client, with as many tries as it is worth."""
        course = self._course(request)
        while True:
            token = BEFORE.set(Before(course.waited, course.fallback_from))
            try:
                response = call_next(course.request)
                body = peek(response)
            except Exception as error:
                step = self._told(course.broke_down(error))
                if not step.retries:
                    raise
            else:
                if body is None:
                    course.succeeded()
                    return response
                step = self._told(course.refused(response.http_response, body))
                if not step.retries:
                    return response
                response.close()
            finally:
                BEFORE.reset(token)
            sleep(step.wait)

    async def handle_async(self, request: APIRequest, call_next: AsyncCallNext) -> AsyncAPIResponse[Any]:
        """Make a call of the asynchronous client, with as many tries as it is worth."""
        course = self._course(request)
        while True:
            token = BEFORE.set(Before(course.waited, course.fallback_from))
            try:
                response = await call_next(course.request)
                body = await peek_async(response)
            except Exception as error:
                step = self._told(course.broke_down(error))
                if not step.retries:
                    raise
            else:
                if body is None:
                    course.succeeded()
                    return response
                step = self._told(course.refused(response.http_response, body))
                if not step.retries:
                    return response
                await response.close()
            finally:
                BEFORE.reset(token)
            await sleep_async(step.wait)

    def _course(self, request: APIRequest) -> Course:
        return Course(self._policy, self._fallback_model, self._weather, request)

    def _told(self, step: Step) -> Step:
        if self._on_attempt is not None:
            try:
                self._on_attempt(step)
            except Exception:
                logger.exception("on_attempt failed; the call goes on.")
        return step
