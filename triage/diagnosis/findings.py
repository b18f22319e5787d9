"""What a diagnosis says beyond the cause: where it arose, every error of the text, the part at fault, limits, keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from triage.knowledge.schema import FaultLine


class Span(NamedTuple):
    """A piece of the original text: offsets of its first character and of the one after its last."""

    start: int
    end: int


CredentialKind = Literal[
    "api_key", "bearer_token", "oauth_login", "key_helper", "aws_credentials", "aws_profile", "bedrock_api_key",
    "google_credentials", "azure_key",
]  # fmt: skip
"""What a request proved its right with."""


@dataclass(frozen=True)
class Ask:
    """How a person of one client gets the words that are missing: the exact line."""

    client: str
    line: str

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"client": self.client, "line": self.line}


@dataclass(frozen=True)
class Fault:
    """Where on the road the failure arose, in one English sentence with the words that show it.

    ``asks`` is given where the text can't tell: what to run to find out.
    """

    line: FaultLine
    sentence: str
    spans: tuple[Span, ...] = ()
    asks: tuple[Ask, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "line": self.line,
            "sentence": self.sentence,
            "spans": _pairs(self.spans),
            "asks": [ask.as_dict() for ask in self.asks],
        }


@dataclass(frozen=True)
class FoundError:
    """One error of a text that may hold several.

    ``cause`` is None where its words alone name none; ``times`` counts how often the same error stands in the text;
    ``why`` says why it decides or doesn't; ``note`` where its status contradicts its body.
    """

    status: int | None
    type: str | None
    message: str | None
    cause: str | None
    span: Span
    times: int = 1
    decides: bool = False
    why: str = ""
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "status": self.status,
            "type": self.type,
            "message": self.message,
            "cause": self.cause,
            "span": list(self.span),
            "times": self.times,
            "decides": self.decides,
            "why": self.why,
            "note": self.note,
        }


@dataclass(frozen=True)
class Pointer:
    """A part of the request that an error names, as it names it: ``messages.66.content.3``."""

    path: str
    span: Span

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"path": self.path, "span": list(self.span)}


@dataclass(frozen=True)
class Reset:
    """When a limit ends, as the text says it.

    ``at`` is an ISO date or time where the text gives one that needs no clock to read; ``seconds`` is a wait.
    """

    text: str
    span: Span
    at: str | None = None
    seconds: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"text": self.text, "span": list(self.span), "at": self.at, "seconds": self.seconds}


@dataclass(frozen=True)
class Credential:
    """What the request was sent with, where the text tells; ``name`` is a variable's or a profile's, never a secret."""

    kind: CredentialKind
    span: Span
    name: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"kind": self.kind, "name": self.name, "span": list(self.span)}


def _pairs(spans: tuple[Span, ...]) -> list[list[int]]:
    return [[span.start, span.end] for span in spans]
