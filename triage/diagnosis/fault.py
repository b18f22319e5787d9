"""Says where on the road between a program and the model a failure arose, and by which words one sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.diagnosis.findings import Ask, Fault, Span
from triage.diagnosis.reading.evidence import Evidence
from triage.diagnosis.reading.fields import CLOUD_ID, OWN_ID, RAY_ID
from triage.diagnosis.reading.statuses import OWN_BODY
from triage.knowledge import Cause
from triage.knowledge.schema import FaultLine

_LOCAL = re.compile(r"(?:https?://)?(?:localhost|127\.0\.0\.\d{1,3}|\[::1\]|host\.docker\.internal)(?::| port )\d{2,5}")
_LOCAL_SIGNS = ("localhost", "127.0.0.", "[::1]", "host.docker.internal")
_RELAY = (
    "inference gateway", "(request id: 2", "new_api_error", "one_api_error", "claude-relay-service", "cliproxyapi",
    "litellm proxy", "received model group=", "x-litellm-", "渠道", "令牌", "分组", "账号池", "openrouter",
    "no available accounts", "no available claude accounts",
)  # fmt: skip
_REST_OF_WORD = re.compile(r"[0-9a-z_-]{1,40}", re.IGNORECASE | re.ASCII)
"""What is quoted with a sign that ends within a word; bounded, for words of hostile length."""
_OWN_FRONT = ("zscaler", "netskope", "palo alto", "forcepoint", "bluecoat", "squid", "forti", "umbrella", "proxy")
_CLOUD_NAMES = {"bedrock": "AWS", "vertex": "Google Cloud", "foundry": "Microsoft Foundry"}
_OPEN: frozenset[str] = frozenset({"unknown", "anthropic_api", "anthropic_edge", "gateway"})
"""Fault lines of causes that who answered can move: the same words come from several places."""
_ASKS = (
    Ask(
        "python",
        "except anthropic.APIConnectionError as err: print(repr(err.__cause__), repr(err.__cause__.__cause__))",
    ),
    Ask("typescript", "catch (err) { console.error(err.cause, err.cause?.code, err.cause?.cause) }"),
    Ask("claude-code", "claude --debug"),
)
_SENTENCES: dict[FaultLine, str] = {
    "own_code": "The request itself is at fault: the program that sent it has to change it.",
    "own_account": "The account behind the credential is at fault, not the request and not the network.",
    "own_network": "It failed on your own machine or network, before the API could answer.",
    "gateway": "A gateway or relay between you and the API is at fault.",
    "cloud_provider": "The cloud that serves the model is at fault.",
    "anthropic_edge": "It failed at the front of Anthropic's network, before the API itself.",
    "anthropic_api": "Anthropic's API itself is at fault: the request and your side are fine.",
    "client_program": "The client program itself is at fault, not the API.",
    "unknown": "The text doesn't say where it arose.",
}
_BARE = (
    "The text only says that connecting failed. It can't tell whether the name, the route, a proxy, a firewall or a "
    "certificate stopped it: that stands in the error behind this one."
)


def find_fault(evidence: Evidence, cause: Cause | None) -> Fault:
    """Return where the failure of ``cause`` (None: unknown) arose, by the cause and by who answered."""
    answered = next(_answered(evidence), None)
    if cause is None:
        return _without_cause(answered)
    if cause.fault == "unknown" and cause.category == "network" and answered is None:
        return Fault("unknown", _BARE, asks=_ASKS)
    local = _find_local(evidence) if cause.fault == "own_network" else None
    if local is not None:
        address = re.sub(r"\s+port\s+", ":", evidence.text[local.start : local.end])
        sentence = f"It failed on your own machine: {address} is an address of this computer, not Anthropic's."
        return Fault("own_network", sentence, (local,))
    if answered is None:
        return Fault(cause.fault, _SENTENCES[cause.fault])
    line, words, span = answered
    moved = cause.fault in _OPEN and not (cause.fault == "gateway" and line == "anthropic_edge")
    line = line if moved else cause.fault
    return Fault(line, f"{_SENTENCES[line]} {words}", (span,))


def _without_cause(answered: tuple[FaultLine, str, Span] | None) -> Fault:
    if answered is None:
        return Fault("unknown", _SENTENCES["unknown"])
    line, words, span = answered
    # the API answers wrong requests too, so that it answered doesn't put it at fault
    return Fault("unknown" if line == "anthropic_api" else line, f"{words} What was wrong is not clear.", (span,))


def _find_local(evidence: Evidence) -> Span | None:
    if not any(sign in evidence.lowered for sign in _LOCAL_SIGNS):
        return None
    match = _LOCAL.search(evidence.lowered)
    return Span(*match.span()) if match else None


def _first(evidence: Evidence, words: tuple[str, ...]) -> tuple[str, Span] | None:
    for word in words:
        at = evidence.lowered.find(word)
        if at >= 0:
            rest = _REST_OF_WORD.match(evidence.text, at + len(word))
            span = Span(at, rest.end() if rest else at + len(word))
            return evidence.text[span.start : span.end], span
    return None


def _answered(evidence: Evidence) -> Iterator[tuple[FaultLine, str, Span]]:
    """Who answered, the surest evidence first: (line, a sentence, the words)."""
    relay = _first(evidence, _RELAY)
    if relay is not None:
        yield "gateway", f"«{relay[0]}» is what a gateway or relay says.", relay[1]
    place = evidence.place
    if place is not None and place.value in _CLOUD_NAMES:
        yield "cloud_provider", f"{_CLOUD_NAMES[place.value]} answered, not Anthropic.", place.span
    ranks = {fact.rank: fact for fact in reversed(evidence.request_ids)}
    if OWN_ID in ranks:
        yield "anthropic_api", f"Anthropic's API answered: {ranks[OWN_ID].value} is its request id.", ranks[OWN_ID].span
    body = next((fact for fact in evidence.types if fact.rank >= OWN_BODY), None)
    if body is not None:
        yield "anthropic_api", "The answer has the form of Anthropic's API.", body.span
    if CLOUD_ID in ranks:
        yield "cloud_provider", f"A cloud answered: {ranks[CLOUD_ID].value} is its request id.", ranks[CLOUD_ID].span
    yield from _front(evidence)
    if RAY_ID in ranks:
        yield "anthropic_edge", f"Cloudflare answered: {ranks[RAY_ID].value} is its ray id.", ranks[RAY_ID].span


def _front(evidence: Evidence) -> Iterator[tuple[FaultLine, str, Span]]:
    if evidence.page is None:
        return
    front = _first(evidence, _OWN_FRONT)
    if front is not None:
        yield "own_network", f"A web page that names «{front[0]}» came instead of the API's answer.", front[1]
    words = "A web page came instead of the API's answer, so the API never saw the request."
    yield "anthropic_edge", words, evidence.page.span
