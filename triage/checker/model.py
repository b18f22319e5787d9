"""What a check gives back: findings, their mends, and what can't be known without asking the API."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from triage.checker.pointers import Path, to_pointer

Severity = Literal["error", "warning"]
"""``error``: refused for certain, by the API or by its SDK. ``warning``: refused under conditions named in the text."""


@dataclass(frozen=True)
class Edit:
    """One step of a mend, with the meaning of JSON Patch (RFC 6902): add, replace or remove at ``path``."""

    op: Literal["add", "replace", "remove"]
    path: Path
    value: Any = None

    def as_dict(self) -> dict[str, Any]:
        """Return the step as JSON Patch writes it."""
        step: dict[str, Any] = {"op": self.op, "path": to_pointer(self.path)}
        if self.op != "remove":
            step["value"] = self.value
        return step


@dataclass(frozen=True)
class Mend:
    """A mechanical change that settles a finding: what it does, and what is lost by it (``None``: nothing)."""

    does: str
    edits: tuple[Edit, ...]
    costs: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the mend for JSON, its steps as a JSON Patch against the request as it was given."""
        return {"does": self.does, "costs": self.costs, "patch": [edit.as_dict() for edit in self.edits]}


@dataclass(frozen=True)
class Finding:
    """One thing that the API, or the SDK before it, would refuse."""

    pointer: str
    """JSON pointer to the element at fault."""
    path: str
    """The same place as the API's messages write it."""
    cause: str
    """The slug of the cause in the knowledge."""
    message: str
    severity: Severity = "error"
    element: str | None = None
    """The element by name: "tools.187 is `mcp__jira__search`, from server `jira`"."""
    mended: Mend | None = None
    steps: Path = field(default=(), repr=False)
    """The pointer in parts."""

    def as_dict(self) -> dict[str, Any]:
        """Return the finding for JSON."""
        return {
            "pointer": self.pointer,
            "path": self.path,
            "cause": self.cause,
            "severity": self.severity,
            "message": self.message,
            "element": self.element,
            "mended": self.mended.as_dict() if self.mended else None,
        }


@dataclass(frozen=True)
class Unknown:
    """Something that decides about the request and can't be seen in it."""

    topic: str
    """A short name that doesn't change, such as ``credits``."""
    text: str

    def as_dict(self) -> dict[str, str]:
        """Return it for JSON."""
        return {"topic": self.topic, "text": self.text}


@dataclass(frozen=True)
class Unreadable:
    """Why nothing could be checked: the input is no request. Lines and columns count from 1."""

    message: str
    line: int | None = None
    column: int | None = None
    cause: str | None = None
    """The cause that the API would answer with for such a body, where it would."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"message": self.message, "line": self.line, "column": self.column, "cause": self.cause}
