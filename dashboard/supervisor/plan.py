"""What the supervisor is told: which processes to run, where to write, what to print when all of them answer."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running; ``environment`` is added to the supervisor's own.

    ``may_finish`` is for one that has an end of its own: leaving with exit code 0, it isn't started again.
    """

    name: str
    argv: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    may_finish: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """All that one run of the supervisor needs.

    ``valkey_socket`` is set where the embedded Valkey is among the programs: the others wait for its answer.
    ``volatile_keys`` are deleted from it first. ``greeting`` is shown when everything answers, and not logged.
    """

    home: str
    url: str
    greeting: list[str]
    programs: list[Program]
    valkey_socket: str = ""
    volatile_keys: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        """Return the plan as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read a plan that ``to_json`` wrote."""
        fields: dict[str, Any] = json.loads(text)
        fields["programs"] = [Program(**program) for program in fields["programs"]]
        return cls(**fields)
