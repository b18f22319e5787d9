"""The OTLP formats that are understood: a further client is a further module in this list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from triage.ingest import (
    anthropic_sdk,
    attempts_json,
    claude_code,
    genai,
    logfire,
    openinference,
    platform,
    sentry,
    traceloop,
    vercel_ai,
)
from triage.ingest.origin import Origin
from triage.ingest.otlp import Record, Scope
from triage.ingest.report import Delivery, Report, Role


class Format(Protocol):
    """What a module of a client's telemetry offers."""

    ROLES: Mapping[str, Role]
    """The kinds of report that it makes, the part of a key before its colon, each with what it sees of a call."""

    def claims(self, scope: Scope, /) -> bool:
        """Return whether the records of ``scope`` are this client's."""

    def client(self, scope: Scope, /) -> str:
        """Return the client and its version, as ``claude-code/2.1.197``."""

    def read(self, record: Record, origin: Origin, delivery: Delivery, /) -> Report | None:
        """Return what ``record`` tells of an API call, or ``None`` where it is known to tell of none."""


FORMATS: tuple[Format, ...] = (
    *(claude_code, anthropic_sdk, platform),
    *(traceloop, openinference, logfire, vercel_ai),
    genai,
)
"""The first that claims a scope reads it; the general conventions come last."""
ROLES: Mapping[str, Role] = {
    **{kind: role for each in FORMATS for kind, role in each.ROLES.items()},
    **attempts_json.ROLES,
    **sentry.ROLES,
}
"""All kinds of report: how one finds the call that it belongs to is told at ``Role``."""
TRACERS: Mapping[str, str] = {
    **{kind: "opentelemetry" for each in FORMATS for kind in each.ROLES},
    **dict.fromkeys(sentry.ROLES, "sentry"),
}
"""Whose trace and span ids stand in each kind of report; in our own JSON they may be anybody's."""


def format_of(scope: Scope) -> Format | None:
    """Return the format that claims ``scope``, or ``None`` where no known client wrote it."""
    return next((each for each in FORMATS if each.claims(scope)), None)
