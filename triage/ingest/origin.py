"""Whom a group of OTLP records comes from: the dimensions that its resource tells."""

from __future__ import annotations

from dataclasses import dataclass

from triage.ingest.otlp import Attributes, Scope
from triage.ingest.report import first, text


@dataclass(frozen=True, slots=True)
class Origin:
    """The program, and the service, team and environment that it runs for."""

    client: str
    service: str
    team: str
    environment: str

    @classmethod
    def of(cls, scope: Scope, client: str) -> Origin:
        """Read the resource of ``scope`` by the names of OpenTelemetry's conventions, and ``team.id`` for the team."""
        told = scope.resource
        return cls(
            client=text(client, 60),
            service=text(first(told, "service.name"), 80),
            team=text(first(told, "team.id", "team", "service.namespace"), 80),
            environment=text(first(told, "deployment.environment.name", "deployment.environment"), 40),
        )


def team_of(origin: Origin, attributes: Attributes) -> str:
    """Return the team; where the resource names none, the record may."""
    return origin.team or text(first(attributes, "team.id", "team"), 80)
