"""The first two checks: whether the API's name is known here, and whether a connection shows who is there."""

from __future__ import annotations

import socket
import time

from triage.health.certificates import Chain
from triage.health.failures import finding_of_error, on_the_way
from triage.health.outcome import Finding, Outcome
from triage.health.target import Target, trust
from triage.health.way import Way, WayBroken, any_certificate, first_hop, walk


def check_name(target: Target, timeout: float) -> Outcome:
    """Resolve the name that the SDK would dial: the API's, or the proxy's where the environment names one."""
    way = first_hop(target.base_url, timeout)
    began = time.perf_counter()
    try:
        found = socket.getaddrinfo(way.dialled_host, way.dialled_port, type=socket.SOCK_STREAM)
    except OSError as error:
        return on_the_way(error, way.dialled_host, latency_ms=_since(began), evidence=way.evidence())
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    words = f"{way.dialled_host} is at {addresses[0]}" + (f" and {len(addresses) - 1} more" if addresses[1:] else "")
    if way.proxied:
        words += f"; it is the proxy, which resolves {way.host} itself"
    evidence = {**way.evidence(), "addresses": addresses[:10]}
    return Outcome("ok", Finding.FINE, f"{words}.", _since(began), evidence)


def check_reach(target: Target, timeout: float) -> Outcome:
    """Connect and shake hands as the SDK would, with its trust, and look at the certificates."""
    context = trust()
    began = time.perf_counter()
    try:
        way = walk(target.base_url, timeout, context)
    except WayBroken as broken:
        return _broken(target, timeout, broken, _since(began))
    latency = _since(began)
    through = f", through the proxy {way.through}" if way.proxied else ""
    if way.chain is None:
        return Outcome(
            "ok", Finding.FINE, f"{way.host} is connected without encryption{through}.", latency, way.evidence()
        )
    if not way.chain.is_public and target.is_anthropic:
        words = (
            f"The connection is intercepted: the certificate of {way.host} was issued by {way.chain.issuer}, which is "
            f"no public authority, and this machine trusts it{through}."
        )
        return Outcome("warn", Finding.INTERCEPTED, words, latency, way.evidence())
    kind = "" if way.chain.is_public else ", an authority of your own"
    words = f"{way.host} is connected, certificate by {way.chain.issuer}{kind}{through}."
    return Outcome("ok", Finding.FINE, words, latency, way.evidence())


def _broken(target: Target, timeout: float, broken: WayBroken, latency: float) -> Outcome:
    way, error = broken.way, broken.__cause__ or broken
    host, port = way.dialled_host or way.host, way.dialled_port or way.port
    certificate = {Finding.SELF_SIGNED, Finding.UNTRUSTED, Finding.OTHER_NAME, Finding.EXPIRED}
    if finding_of_error(error) not in certificate:
        return on_the_way(error, host, port, latency_ms=latency, evidence=way.evidence())
    way.chain = _presented(target, timeout)
    outcome = on_the_way(error, way.host, latency_ms=latency, evidence=way.evidence())
    if way.chain is None or not _is_interception(target, way, way.chain):
        return outcome
    words = (
        f"The connection is intercepted: the certificate shown for {way.host} was issued by {way.chain.issuer}, which "
        "is no public authority, and this machine doesn't trust it."
    )
    return Outcome("fail", Finding.INTERCEPTED, words, latency, way.evidence(), outcome.diagnosis)


def _presented(target: Target, timeout: float) -> Chain | None:
    """Look at what the server presents, without trusting it."""
    try:
        return walk(target.base_url, timeout, any_certificate()).chain
    except WayBroken:
        return None


def _is_interception(target: Target, way: Way, chain: Chain) -> bool:
    """Tell whether somebody between here and the provider shows a certificate of his own.

    The provider's certificates come from public authorities, so any other issuer is somebody in between. Elsewhere
    only a proxy that was dialled can be: a gateway may well have an authority of its own.
    """
    return not chain.is_public and (target.is_anthropic or (way.proxied and not chain.is_self_signed))


def _since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
