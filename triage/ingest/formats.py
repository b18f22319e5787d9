"""The OTLP formats that are understood: a further client is a further module in this list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from triage.ingest import anthropic_sdk, claude_code
from triage.ingest.origin import Origin
from triage.ingest.otlp import Record, Scope
from triage.ingest.report import Delivery, Report


class Format(Protocol):
    """What a module of a client's telemetry offers."""

    PARTNERS: Mapping[str, tuple[str, ...]]
    """The kinds of report that it makes, each with the kinds that may tell of the same call."""

    def claims(self, scope: Scope, /) -> bool:
        """Return whether the records of ``scope`` are this client's."""

    def client(self, scope: Scope, /) -> str:
        """Return the client and its version, as ``claude-code/2.1.197``."""

    def read(self, record: Record, origin: Origin, delivery: Delivery, /) -> Report | None:
        """Return what ``record`` tells of an API call, or ``None`` where it is known to tell of none."""


FORMATS: tuple[Format, ...] = (claude_code, anthropic_sdk)
PARTNERS: Mapping[str, tuple[str, ...]] = {kind: others for each in FORMATS for kind, others in each.PARTNERS.items()}


def format_of(scope: Scope) -> Format | None:
    """Return the format that claims ``scope``, or ``None`` where no known client wrote it."""
    return next((each for each in FORMATS if each.claims(scope)), None)
