"""The checks that need a key, made by the real SDK without its retries: is the key taken, is the model there.

They spend no tokens: lists and entries of models are free. Only where the server's owner asked for it, the model check
sends one message of one token.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from triage.diagnosis import classify
from triage.health.failures import Answer, answer_of, of_answer, on_the_way
from triage.health.outcome import Finding, Outcome
from triage.health.target import Target, trust

if TYPE_CHECKING:
    from anthropic import Anthropic

_NEEDS_KEY = "Not tried: it needs ANTHROPIC_API_KEY in this server's environment. It spends no tokens."


def check_auth(target: Target, timeout: float) -> Outcome:
    """List the models: 401, 403 and 429 are different findings, and none of them is fine."""

    def ask(client: Anthropic) -> Outcome:
        answer = answer_of(client.models.with_raw_response.list(limit=1).http_response)
        body = answer.json
        if isinstance(body, dict) and isinstance(body.get("data"), list):
            return Outcome("ok", Finding.FINE, "The API takes the key.", evidence={"status": answer.status})
        return of_answer(answer, None)

    return _asked(target, timeout, ask)


def check_model(target: Target, timeout: float, model: str) -> Outcome:
    """Look ``model`` up: a 404 is a model that this key doesn't have, a 5xx says nothing good of it."""

    def ask(client: Anthropic) -> Outcome:
        answer = answer_of(client.models.with_raw_response.retrieve(model).http_response)
        body = answer.json
        if not isinstance(body, dict) or not isinstance(body.get("id"), str):
            return of_answer(answer, None)
        evidence: dict[str, Any] = {"status": answer.status, "model": body["id"]}
        if not target.one_token:
            return Outcome("ok", Finding.FINE, f"{model} is there for this key.", evidence=evidence)
        usage = _one_token(client, model)
        cost = f"{usage['input_tokens']} + {usage['output_tokens']} tokens"
        words = f"{model} is there and answers; the message cost {cost}."
        return Outcome("ok", Finding.FINE, words, evidence={**evidence, **usage})

    outcome = _asked(target, timeout, ask)
    if outcome.finding is Finding.NOT_FOUND:
        words = f"The API has no model called {model} for this key (404)."
        return replace(outcome, finding=Finding.MODEL_UNKNOWN, words=words)
    return outcome


def _one_token(client: Anthropic, model: str) -> dict[str, int]:
    """Send the shortest message there is; return the tokens that it cost."""
    message = client.messages.create(model=model, max_tokens=1, messages=[{"role": "user", "content": "."}])
    return {"input_tokens": message.usage.input_tokens, "output_tokens": message.usage.output_tokens}


def _asked(target: Target, timeout: float, ask: Callable[[Anthropic], Outcome]) -> Outcome:
    if not target.api_key:
        return Outcome("unknown", Finding.NEEDS_KEY, _NEEDS_KEY)
    # The SDK takes a second to load, and without a key nobody needs it.
    from anthropic import Anthropic, APIConnectionError, APIStatusError, DefaultHttpxClient  # noqa: PLC0415

    transport = DefaultHttpxClient(verify=trust())
    with Anthropic(
        api_key=target.api_key,
        base_url=target.base_url,
        max_retries=0,
        timeout=timeout,
        http_client=transport,
        open_telemetry=False,
    ) as client:
        began = time.perf_counter()
        try:
            outcome = ask(client)
        except APIStatusError as error:
            outcome = _refused(answer_of(error.response), error)
        except APIConnectionError as error:
            outcome = on_the_way(error, target.host)
    return replace(outcome, latency_ms=round((time.perf_counter() - began) * 1000, 1))


def _refused(answer: Answer, error: Exception) -> Outcome:
    return replace(of_answer(answer, None), diagnosis=classify(error))
