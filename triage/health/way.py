"""The way to an address as the SDK's own HTTP library takes it, ended before a request is sent.

The library's tracing tells whom it dials: through a proxy of the environment, that is the proxy.
"""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx2

from triage.health.certificates import Chain, read_chain


@dataclass
class Way:
    """How far the way was gone: whom the client dialled, and what each part took (milliseconds)."""

    host: str
    port: int
    dialled_host: str = ""
    dialled_port: int = 0
    connect_ms: float | None = None
    tls_ms: float | None = None
    chain: Chain | None = None

    @property
    def proxied(self) -> bool:
        """Whether the client dialled a proxy instead of the host itself."""
        return bool(self.dialled_host) and (self.dialled_host, self.dialled_port) != (self.host, self.port)

    @property
    def through(self) -> str:
        """The proxy as ``host:port``; empty where there is none."""
        return f"{self.dialled_host}:{self.dialled_port}" if self.proxied else ""

    def evidence(self) -> dict[str, Any]:
        """Return what is known of the way as values that JSON can carry."""
        told: dict[str, Any] = {"host": self.host, "port": self.port, "proxy": self.through or None}
        told |= {name: value for name in ("connect_ms", "tls_ms") if (value := getattr(self, name)) is not None}
        return told | (self.chain.evidence() if self.chain is not None else {})


class _Arrived(Exception):
    pass


def first_hop(url: str, timeout: float) -> Way:
    """Return whom the SDK would dial for ``url``, without dialling."""
    way = _way_to(url)

    def seen(event: str, info: Mapping[str, Any]) -> None:
        if event.endswith("connect_tcp.started"):
            way.dialled_host, way.dialled_port = info["host"], info["port"]
            raise _Arrived

    _go(url, timeout, any_certificate(), seen)
    return way


def walk(url: str, timeout: float, context: ssl.SSLContext) -> Way:
    """Go the way to ``url`` up to its TLS handshake (to the connection for ``http:``), with ``context``'s trust.

    Raises:
        WayBroken: the way ended earlier; it holds how far it went, and its cause is what the HTTP library raised.
    """
    way = _way_to(url)
    encrypted = urlsplit(url).scheme == "https"
    began = 0.0

    def seen(event: str, info: Mapping[str, Any]) -> None:
        nonlocal began
        part, _, step = event.rpartition(".")
        part = part.rpartition(".")[2]
        if step == "started" and part in ("connect_tcp", "start_tls"):
            began = time.perf_counter()
        if part == "connect_tcp" and step == "started":
            way.dialled_host, way.dialled_port = info["host"], info["port"]
        elif part == "connect_tcp" and step == "complete":
            way.connect_ms = _milliseconds_since(began)
            if not encrypted:
                _leave(info["return_value"])
        elif part == "start_tls" and step == "complete" and way.proxied != event.startswith("connection."):
            way.tls_ms = _milliseconds_since(began)
            way.chain = read_chain(info["return_value"].get_extra_info("ssl_object"))
            _leave(info["return_value"])

    try:
        _go(url, timeout, context, seen)
    except (httpx2.HTTPError, OSError) as error:
        raise WayBroken(way) from error
    return way


class WayBroken(Exception):
    """The way ended early. ``way`` is how far it went, ``__cause__`` why."""

    def __init__(self, way: Way) -> None:
        super().__init__(f"the way to {way.host} broke")
        self.way = way


def any_certificate() -> ssl.SSLContext:
    """Return a context that takes every certificate: for looking at one; nothing may be sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _leave(stream: Any) -> NoReturn:
    """Close a connection that stands, and end the way: from here on the client would send its request."""
    stream.close()
    raise _Arrived


def _way_to(url: str) -> Way:
    parts = urlsplit(url)
    return Way(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


def _go(url: str, timeout: float, context: ssl.SSLContext, seen: Callable[[str, Mapping[str, Any]], None]) -> None:
    with contextlib.suppress(_Arrived), httpx2.Client(verify=context, timeout=timeout) as client:
        client.request("HEAD", url, extensions={"trace": seen})


def _milliseconds_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 1)
