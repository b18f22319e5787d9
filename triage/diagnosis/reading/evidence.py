"""What was read from a text, each fact with the place that it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from triage.diagnosis.findings import Span
from triage.diagnosis.folding import Folded

Value = TypeVar("Value")


@dataclass(frozen=True)
class Fact(Generic[Value]):
    """A value with the span of text that says it; ``rank`` tells how plainly it says it (higher is plainer)."""

    value: Value
    span: Span
    rank: int = 0


@dataclass
class Evidence:
    """Everything that a text holds about a failed request; the lists are in the order of the text."""

    folded: Folded
    statuses: list[Fact[int]] = field(default_factory=list)
    types: list[Fact[str]] = field(default_factory=list)
    error_codes: list[Fact[str]] = field(default_factory=list)
    messages: list[Fact[str]] = field(default_factory=list)
    exceptions: list[Fact[str]] = field(default_factory=list)
    request_ids: list[Fact[str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    header_spans: Mapping[str, Span] = field(default_factory=dict)
    stop_reasons: list[Fact[str]] = field(default_factory=list)
    page: Fact[str] | None = None
    """The title (or the first words) of a web page that came instead of the API's answer."""
    streamed: Fact[str] | None = None
    """The words that show that the error came inside a stream, after the status 200."""
    empty_body: Fact[int] | None = None
    """The status of an answer that had no body."""
    retry_after: float | None = None
    model: str | None = None
    client: str | None = None
    wrappers: tuple[str, ...] = ()
    lowered: str = ""
    """The text in lower case, of the same length."""
    place: Fact[str] | None = None
    """``bedrock``, ``vertex`` or ``foundry`` where the words of that cloud stand in the text."""
    truncated: bool = False

    @property
    def text(self) -> str:
        """The text as it was pasted (up to the reading limit)."""
        return self.folded.original
