"""Who answers at the API's address? Asked without credentials: the API's own refusal proves the whole road."""

from __future__ import annotations

import time

import httpx2

from triage.health.failures import answer_of, of_answer, on_the_way
from triage.health.outcome import Finding, Outcome
from triage.health.target import Target, trust

_MOST = 65_536  # bytes of an answer that are read
_SAYS_NOTHING_OF_THE_ROAD = (401, 403, 404, 405)
"""What the API may answer to somebody whom it doesn't know: the request arrived, which is all that is asked here."""


def check_edge(target: Target, timeout: float) -> Outcome:
    """Ask for the models without a key and look at who answers."""
    context = trust()
    began = time.perf_counter()
    try:
        with (
            httpx2.Client(verify=context, timeout=timeout) as client,
            client.stream("GET", target.url("/v1/models"), headers={"anthropic-version": "2023-06-01"}) as response,
        ):
            latency = round((time.perf_counter() - began) * 1000, 1)
            text = _beginning(response)
    except httpx2.HTTPError as error:
        return on_the_way(error, target.host, latency_ms=round((time.perf_counter() - began) * 1000, 1))
    answer = answer_of(response, text)
    if answer.is_the_apis and answer.status in _SAYS_NOTHING_OF_THE_ROAD:
        words = f"The API itself answers ({answer.status} to a request without a key, as it should)."
        return Outcome("ok", Finding.FINE, words, latency, answer.evidence())
    if answer.status == 200 and answer.is_the_apis and not answer.is_page:
        words = "It answers without a key (200): a gateway in between adds one of its own."
        return Outcome("ok", Finding.FINE, words, latency, answer.evidence())
    return of_answer(answer, latency)


def _beginning(response: httpx2.Response) -> str:
    body = b""
    for piece in response.iter_bytes():
        body += piece
        if len(body) >= _MOST:
            break
    return body.decode("utf-8", "replace")
