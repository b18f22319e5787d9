"""From what went wrong to a finding: exceptions on the way, and answers that aren't the ones hoped for."""

from __future__ import annotations

import errno
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from triage.diagnosis import Diagnosis, classify, diagnose_fields
from triage.health.outcome import Finding, Outcome

SHOWN = 300
"""Characters of an answer's body that are kept as evidence."""
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
_CERTIFICATE = {
    9: Finding.EXPIRED,  # not yet valid
    10: Finding.EXPIRED,
    18: Finding.SELF_SIGNED,
    62: Finding.OTHER_NAME,
    64: Finding.OTHER_NAME,  # of an IP address
}
"""What OpenSSL's codes of a failed verification mean (``X509_V_ERR_...``)."""

_ON_THE_WAY: dict[Finding, str] = {
    Finding.NAME_UNKNOWN: "The name {host} can't be resolved.",
    Finding.REFUSED: "{place} refuses connections.",
    Finding.NO_ROUTE: "There is no route to {host}.",
    Finding.NO_ANSWER: "{place} doesn't answer in time.",
    Finding.BROKEN_OFF: "The connection to {place} breaks off.",
    Finding.SELF_SIGNED: "{host} shows a certificate that it signed itself.",
    Finding.EXPIRED: "The certificate of {host} isn't valid today.",
    Finding.OTHER_NAME: "The certificate shown is for another name than {host}.",
    Finding.UNTRUSTED: "This machine doesn't trust who issued the certificate of {host}.",
    Finding.PROXY_SIGN_IN: "The proxy wants a name and password (407).",
    Finding.PROXY_FAILED: "The proxy doesn't let the connection through.",
    Finding.CHECK_BROKE: "The check itself failed.",
}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as far as it tells who gave it."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    @property
    def is_page(self) -> bool:
        """Whether the body is meant for a browser, which the API's never is."""
        return "html" in self.headers.get("content-type", "") or self.text.lstrip()[:1] == "<"

    @property
    def error_type(self) -> str:
        """The API's ``error.type``; empty where the body isn't one of the API's errors.

        Theirs end in ``_error``; the edge in front of the API writes ``forbidden`` and ``request_too_large``.
        """
        body = self.json
        error = body.get("error") if isinstance(body, dict) else None
        kind = error.get("type") if isinstance(error, dict) else None
        return kind if isinstance(kind, str) and kind.endswith("_error") else ""

    @property
    def is_the_apis(self) -> bool:
        """Whether the API itself gave it: a failure with its error object, a success with its request id."""
        return bool(self.error_type) if self.status >= 400 else "request-id" in self.headers and not self.is_page

    def evidence(self) -> dict[str, Any]:
        """Return status, telling headers and the beginning of the body."""
        telling = ("server", "via", "cf-ray", "location", "content-type", "request-id", "retry-after", "x-deny-reason")
        headers = {name: self.headers[name] for name in telling if name in self.headers}
        return {"status": self.status, "headers": headers, "body": self.text[:SHOWN]}

    def diagnosis(self) -> Diagnosis:
        """Return what our engine says of the answer."""
        return diagnose_fields(http_status=self.status, error_type=self.error_type or None, body=self.text)


def answer_of(response: httpx2.Response, text: str | None = None) -> Answer:
    """Return a response as an answer; ``text`` is its body where it wasn't read as a whole."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, response.text if text is None else text)


def finding_of_error(error: BaseException) -> Finding:
    """Return what an exception on the way to an answer means, by the most telling exception of its chain."""
    chain = list(_chain(error))
    for tells in (_certificate_finding, _proxy_finding, _network_finding, _broken_finding):
        for each in chain:
            if (finding := tells(each)) is not None:
                return finding
    return Finding.CHECK_BROKE


def _certificate_finding(error: BaseException) -> Finding | None:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return None
    return _CERTIFICATE.get(error.verify_code, Finding.UNTRUSTED)


def _proxy_finding(error: BaseException) -> Finding | None:
    if not isinstance(error, httpx2.ProxyError):
        return None
    return Finding.PROXY_SIGN_IN if str(error).startswith("407") else Finding.PROXY_FAILED


def _network_finding(error: BaseException) -> Finding | None:
    known = {
        socket.gaierror: Finding.NAME_UNKNOWN,
        ConnectionRefusedError: Finding.REFUSED,
        httpx2.TimeoutException: Finding.NO_ANSWER,
        TimeoutError: Finding.NO_ANSWER,
    }
    for kind, finding in known.items():
        if isinstance(error, kind):
            return finding
    return Finding.NO_ROUTE if isinstance(error, OSError) and error.errno in _NO_ROUTE else None


def _broken_finding(error: BaseException) -> Finding | None:
    broken = isinstance(error, httpx2.TransportError | ssl.SSLError | ConnectionError)
    return Finding.BROKEN_OFF if broken else None


def on_the_way(
    error: BaseException,
    host: str,
    port: int | None = None,
    *,
    latency_ms: float | None = None,
    evidence: Mapping[str, Any] | None = None,
) -> Outcome:
    """Return the outcome of a check whose way to ``host`` ended with ``error``; our own failure is ``unknown``."""
    finding = finding_of_error(error)
    words = _ON_THE_WAY[finding].format(host=host, place=f"{host}:{port}" if port else host)
    plainest = list(_chain(error))[-1]
    told = {**(evidence or {}), "error": f"{type(plainest).__name__}: {plainest}"[:SHOWN]}
    if finding is Finding.CHECK_BROKE:
        return Outcome("unknown", finding, f"{words} {told['error']}", latency_ms, told)
    return Outcome("fail", finding, words, latency_ms, told, _diagnosed(error))


def _diagnosed(error: BaseException) -> Diagnosis:
    """Return our engine's reading; what a proxy answered to CONNECT is said so, else it reads as the API's status."""
    refusal = next((each for each in _chain(error) if isinstance(each, httpx2.ProxyError)), None)
    if refusal is None:
        return classify(error)
    return diagnose_fields(exception="ProxyError", message=f"CONNECT tunnel failed, response {refusal}")


def of_answer(answer: Answer, latency_ms: float | None) -> Outcome:
    """Return the outcome of an answer that is a failure, or isn't the API's at all."""
    finding, words = _judged(answer)
    return Outcome("fail", finding, words, latency_ms, answer.evidence(), answer.diagnosis())


_BY_STATUS: dict[int, tuple[Finding, str]] = {
    401: (Finding.KEY_REFUSED, "The API refuses the key (401)."),
    403: (Finding.FORBIDDEN, "The API forbids this (403)."),
    404: (Finding.NOT_FOUND, "The API answers that there is nothing at this address (404)."),
    429: (Finding.RATE_LIMITED, "The API limits the rate just now (429)."),
    529: (Finding.OVERLOADED, "The API is overloaded (529)."),
}


def _judged(answer: Answer) -> tuple[Finding, str]:
    status = answer.status
    if status == 407 or status < 400 or not answer.is_the_apis:
        return _not_the_apis(answer)
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return Finding.API_FAILING, f"The API fails ({status})."
    return Finding.REQUEST_REFUSED, f"The API refuses the request ({status}, {answer.error_type or 'no type'})."


def _not_the_apis(answer: Answer) -> tuple[Finding, str]:
    """Judge what something in between told: the edge, a gateway, a proxy, a portal."""
    status = answer.status
    if status == 407:
        return Finding.PROXY_SIGN_IN, "A proxy wants a name and password (407)."
    if status == 403 or "x-deny-reason" in answer.headers:
        return Finding.BLOCKED, f"Something between here and the API blocks the request ({status})."
    if status >= 500:
        return Finding.GATEWAY_FAILING, f"Something between here and the API fails ({status})."
    if status < 400 and (answer.is_page or status >= 300):
        return Finding.SIGN_IN_PAGE, f"A web page answers instead of the API ({status}), such as a sign-in page."
    return Finding.OTHER_ANSWER, f"Something answers {status}, but not as the API does."


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        # The context also where it is suppressed: httpcore raises "from None" what it caught from the system.
        current = current.__cause__ or current.__context__
