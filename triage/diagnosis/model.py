"""What a diagnosis is made of: the values that the engine hands to pages, scripts and the digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from triage.diagnosis.findings import Credential, Fault, FoundError, Pointer, Reset, Span
from triage.knowledge import UNKNOWN
from triage.knowledge.schema import Category

ReasonKind = Literal["error_code", "type", "status", "message", "exception", "header", "context"]


@dataclass(frozen=True)
class Reason:
    """One piece of evidence for a cause, with the words that it was read from.

    ``text`` is an English sentence for a person; ``weight`` compares reasons of one diagnosis and has no unit.
    """

    kind: ReasonKind
    text: str
    spans: tuple[Span, ...]
    weight: float


@dataclass(frozen=True)
class Candidate:
    """A cause that the evidence allows, with how sure the evidence makes us (0 to 1)."""

    cause: str
    confidence: float
    reasons: tuple[Reason, ...]


_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Diagnosis:
    """What a paste or a report says, and which cause follows from it.

    ``cause`` is a slug of the knowledge or ``unknown``; ``category`` may be known even then. ``retryable`` answers
    whether the very same request, sent later and unchanged, has a fair chance; None where nobody can tell.
    ``http_status`` is only what was read; ``implied_status`` is what the type or exception class stands for.
    ``retry_after`` is in seconds. ``errors`` lists what a text of several errors holds, in its order. ``template`` is
    the message with its ids, numbers and paths folded: equal failures have equal templates.
    """

    cause: str = UNKNOWN
    category: Category = "other"
    confidence: float = 0.0
    retryable: bool | None = None
    http_status: int | None = None
    implied_status: int | None = None
    error_type: str | None = None
    error_code: str | None = None
    request_id: str | None = None
    request_ids: tuple[str, ...] = ()
    message: str | None = None
    exception: str | None = None
    model: str | None = None
    retry_after: float | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    client: str | None = None
    wrappers: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    reasons: tuple[Reason, ...] = ()
    code: str | None = None
    questions: tuple[str, ...] = ()
    known_answers: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    fault: Fault | None = None
    errors: tuple[FoundError, ...] = ()
    pointers: tuple[Pointer, ...] = ()
    resets_at: Reset | None = None
    credential: Credential | None = None
    template: str | None = None
    truncated: bool = False

    @property
    def known(self) -> bool:
        """Whether a cause was named."""
        return self.cause != UNKNOWN

    def as_line(self, ident: object) -> dict[str, Any]:
        """Return the object of one ``--jsonl`` line for the paste called ``ident``."""
        return {
            "id": ident,
            "http_status": self.http_status,
            "error_type": self.error_type,
            "category": self.category,
            "cause": self.cause,
            "retryable": self.retryable,
            "request_id": self.request_id,
            "confidence": self.confidence,
            "alternatives": self._alternatives(),
        }

    def _alternatives(self) -> list[dict[str, Any]]:
        """What else it might be, best first; an answer that is no failure of the API may as well be an unknown one."""
        others = [(one.confidence, one.cause) for one in self.candidates if one.cause != self.cause]
        if self.known and self.category == "other":
            others.append((round((1 - self.confidence) / 2, 3), UNKNOWN))
        return [{"cause": cause, "confidence": sure} for sure, cause in sorted(others, key=lambda one: -one[0])]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as values that JSON can carry; the keys of :meth:`as_line` (without id) come first."""
        line = self.as_line(None)
        del line["id"]
        return {
            **line,
            "implied_status": self.implied_status,
            "error_code": self.error_code,
            "request_ids": list(self.request_ids),
            "message": self.message,
            "exception": self.exception,
            "model": self.model,
            "retry_after": self.retry_after,
            "headers": dict(self.headers),
            "client": self.client,
            "wrappers": list(self.wrappers),
            "candidates": [
                {"cause": one.cause, "confidence": one.confidence, "reasons": [_reason(r) for r in one.reasons]}
                for one in self.candidates
            ],
            "reasons": [_reason(reason) for reason in self.reasons],
            "code": self.code,
            "questions": list(self.questions),
            "known_answers": dict(self.known_answers),
            "notes": list(self.notes),
            "fault": self.fault.as_dict() if self.fault else None,
            "errors": [error.as_dict() for error in self.errors],
            "pointers": [pointer.as_dict() for pointer in self.pointers],
            "resets_at": self.resets_at.as_dict() if self.resets_at else None,
            "credential": self.credential.as_dict() if self.credential else None,
            "template": self.template,
            "truncated": self.truncated,
        }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "kind": reason.kind,
        "text": reason.text,
        "spans": [[span.start, span.end] for span in reason.spans],
        "weight": round(reason.weight, 2),
    }
