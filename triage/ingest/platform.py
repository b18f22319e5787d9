"""The export of Anthropic's platform: one span ``anthropic.messages.create`` for each HTTP request that reached it.

After https://platform.claude.com/docs/en/api/opentelemetry/spans (beta) as of 2026-11; no sample was at hand. The
platform sees single tries and no program: its span stands under the span of the SDK that sent it, where the SDK traces
too, and its ``service.name`` is its own, so the report leaves the service to whoever knows it.
"""

from __future__ import annotations

from collections.abc import Mapping

from triage.ingest.origin import Origin
from triage.ingest.otlp import Record, Scope
from triage.ingest.report import Delivery, Report, Role
from triage.ingest.spans import INTERNAL, last_try, named, report_of

TRY = "platform_try"
ROLES: Mapping[str, Role] = {TRY: Role.TRY}

_SCOPE = "com.anthropic.claude-platform"


def claims(scope: Scope) -> bool:
    """Return whether ``scope`` is the platform's."""
    return scope.name == _SCOPE


def client(scope: Scope) -> str:
    """Return the platform, and the version of its export."""
    return named("claude-platform", scope)


def read(record: Record, origin: Origin, delivery: Delivery) -> Report | None:
    """Return the report of one try, or ``None`` for the steps of a session and whatever else is no request."""
    if record.kind == INTERNAL or not record.name.startswith("anthropic."):
        return None
    last = last_try(record, delivery)
    last.number = 0
    report = report_of(TRY, record, origin, delivery, last)
    report.service = ""
    return report
