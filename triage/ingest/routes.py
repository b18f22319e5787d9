"""The addresses at which reports are received, and those just beside them that clients are often pointed at."""

from __future__ import annotations

import re
from dataclasses import dataclass

from triage.ingest.limits import Refused
from triage.ingest.otlp import SIGNALS

ATTEMPTS = "/api/v1/attempts"
OTLP = "/otlp/"

_SENTRY = re.compile(r"/api/[0-9]{1,20}/(envelope|store)/?")
_EXPORT = re.compile(rf"{OTLP}v1/({'|'.join(SIGNALS)})/?")
_BESIDE_EXPORT = re.compile(
    rf"(?:(?:/otlp){{1,2}}(?:/v1){{0,2}}|(?:/v1){{1,2}})(?:/(?:{'|'.join(SIGNALS)}|trace|log|metric))?/?"
)
_GRPC = "/opentelemetry.proto.collector."
_BESIDE_ATTEMPTS = re.compile(r"(?:/api(?:/v1)?|/v1)/attempts?(?:/|/batch/?)?")
_BESIDE_SENTRY = re.compile(r"/api(?:/[\w-]{1,64})?/(?:envelope|store)/?")


@dataclass(frozen=True, slots=True)
class Route:
    """What an address takes."""

    wire: str
    """``attempts``, ``otlp`` or ``sentry``: how it is asked and answered."""
    form: str
    """``attempts``, a signal of OTLP's, or an endpoint of Sentry's."""


def is_ours(path: str) -> bool:
    """Return whether the receiver answers ``path``; everything else is Django's."""
    return path.startswith(OTLP) or _find(path) is not None or _beside(path) is not None


def wire_of(path: str) -> str:
    """Return in whose manner ``path`` is to be answered, be it right or not."""
    route = _find(path)
    return route.wire if route else _beside(path) or "otlp"


def route_to(path: str) -> Route:
    """Return what ``path`` takes.

    Raises:
        Refused: nothing is received there; it says which address was meant.
    """
    route = _find(path)
    if route is not None:
        return route
    wire = wire_of(path)
    if wire == "attempts":
        known = f"reports are received at {ATTEMPTS}"
    elif wire == "sentry":
        known = "Sentry's are received at /api/NUMBER/envelope/: a DSN ends with a slash and a number"
    else:
        known = "OTLP over HTTP, not gRPC, is received at " + ", ".join(f"{OTLP}v1/{signal}" for signal in SIGNALS)
    raise Refused(404, f"nothing is received here; {known}")


def _find(path: str) -> Route | None:
    if path == ATTEMPTS:
        return Route("attempts", "attempts")
    if export := _EXPORT.fullmatch(path):
        return Route("otlp", export[1])
    if sentry := _SENTRY.fullmatch(path):
        return Route("sentry", sentry[1])
    return None


def _beside(path: str) -> str | None:
    """Return whose address was meant by one that is nearly right."""
    if path.startswith(_GRPC) or _BESIDE_EXPORT.fullmatch(path):
        return "otlp"
    if _BESIDE_ATTEMPTS.fullmatch(path):
        return "attempts"
    return "sentry" if _BESIDE_SENTRY.fullmatch(path) else None
