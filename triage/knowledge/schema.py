"""The shape of the knowledge: what a cause, a code and a question of the walk are made of.

The files under ``causes/``, ``codes.yaml`` and ``walk.yaml`` are validated against these models when they are
loaded; an unknown or missing field is an error that names the file, the entry and the field.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

Category = Literal["client", "server", "network", "billing", "other"]
"""The four families of failure, and ``other`` for what is no failure of the API at all."""

Actor = Literal["developer", "account_owner", "network_operator", "gateway_operator", "provider", "nobody"]
"""Who has to act before the request can succeed. ``provider`` is Anthropic or the cloud that serves the model."""

FaultLine = Literal[
    "own_code",
    "own_account",
    "own_network",
    "gateway",
    "cloud_provider",
    "anthropic_edge",
    "anthropic_api",
    "client_program",
    "unknown",
]
"""Where on the road between the program and the model the failure arose."""

Place = Literal["api", "sdk", "claude-code", "edge", "proxy", "bedrock", "vertex", "foundry"]
BodyKind = Literal["page", "empty"]
PatternKind = Literal["message", "fragment", "field", "generic"]
Language = Literal["python", "typescript", "curl", "shell", "json", "text"]
WayOutClient = Literal["any", "claude-code", "python", "typescript"]
"""The program that is stuck; ``any`` holds whatever the program is."""


class Entry(BaseModel):
    """Base of everything that is read from YAML: unknown fields are refused, values can't change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Entry):
    """Where a fact was read, and when it was last checked there."""

    name: Text
    url: str | None = None
    checked: dt.date


class Pattern(Entry):
    """Words that a program prints for this cause.

    ``text`` is compared after folding (case, quotes, backticks, white space, escapes); ``<n>`` stands for a number and
    any other ``<name>`` for a short run of arbitrary text. A ``fragment`` is too short to decide alone and
    counts less than a ``message``; a ``field`` is a piece of a response body or a header; a ``generic`` message
    is printed for many causes and decides only where nothing more exact is said. ``where`` names the program that
    means this cause by words which others print for another one too.
    """

    text: Text
    kind: PatternKind = "message"
    where: Place | None = None
    source: Text | None = None


class RetryPolicy(Entry):
    """Whether the very same request, sent again later, has a fair chance, and how to send it.

    Waits are seconds. ``attempts`` counts all tries, the first included.
    """

    retryable: bool
    first_wait: float | None = Field(default=None, ge=0)
    factor: float | None = Field(default=None, ge=1)
    max_wait: float | None = Field(default=None, ge=0)
    attempts: int | None = Field(default=None, ge=1)
    honour_retry_after: bool = True
    note: Text

    @model_validator(mode="after")
    def _schedule_is_whole(self) -> RetryPolicy:
        """A schedule is given whole (first wait, factor, cap, attempts) or not at all."""
        schedule = (self.first_wait, self.factor, self.max_wait, self.attempts)
        given = sum(part is not None for part in schedule)
        if given not in (0, len(schedule)):
            raise ValueError("first_wait, factor, max_wait and attempts are given together or not at all")
        return self


class Snippet(Entry):
    """A few lines to run or paste."""

    language: Language
    code: Text


class Fix(Entry):
    """One thing to do, in order of usefulness, with the lines that do it where there are any."""

    do: Text
    snippets: tuple[Snippet, ...] = ()


class WayOut(Entry):
    """How to get going again where one client is stuck, without losing the work that is already done.

    ``fixes`` mend the cause; a way out saves the session, the conversation or the day.
    """

    client: WayOutClient
    steps: tuple[Text, ...] = Field(min_length=1)
    snippets: tuple[Snippet, ...] = ()


class Neighbour(Entry):
    """A cause that is easily mistaken for this one, and what tells the two apart."""

    slug: Slug
    difference: Text


class SeenWith(Entry):
    """The structured evidence that goes with a cause; an empty tuple says nothing, it doesn't exclude.

    ``exception`` holds class names and errno codes that point to this cause by themselves. A ``header`` is a name,
    or ``name=value``. ``body`` tells what came in place of the API's JSON: a web ``page``, or nothing (``empty``).
    """

    status: tuple[int, ...] = ()
    type: tuple[Slug, ...] = ()
    error_code: tuple[Slug, ...] = ()
    exception: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    stop_reason: tuple[Slug, ...] = ()
    body: tuple[BodyKind, ...] = ()
    where: tuple[Place, ...] = ()


class Cause(Entry):
    """One concrete reason why a request failed: what it means, who has to act, and the way out."""

    slug: Slug
    title: Text
    category: Category
    who_acts: Actor
    fault: FaultLine
    seen_with: SeenWith
    meaning: Text
    retry: RetryPolicy
    likely_causes: tuple[Text, ...] = Field(min_length=1)
    fixes: tuple[Fix, ...] = Field(min_length=1)
    verify: Text
    way_out: tuple[WayOut, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    examples: tuple[Text, ...] = ()
    """Messages as a person would paste them; the matcher must map each of them to this cause."""
    broken_request: dict[str, Any] | None = None
    mended_request: dict[str, Any] | None = None
    neighbours: tuple[Neighbour, ...] = ()
    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _requests_come_in_pairs(self) -> Cause:
        """A broken request without its mended twin teaches nothing."""
        if (self.broken_request is None) != (self.mended_request is None):
            raise ValueError("broken_request and mended_request are given together or not at all")
        return self

    @model_validator(mode="after")
    def _each_client_has_one_way_out(self) -> Cause:
        """Two lists of steps for the same client leave a reader with the choice that the entry should have made."""
        clients = [way.client for way in self.way_out]
        if len(clients) != len(set(clients)):
            raise ValueError("way_out names a client twice")
        return self


class Code(Entry):
    """One HTTP status of the API, or one family of failures without a status (``slug`` is then its name)."""

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]
    """What stands in the address: ``529``, or ``network``."""
    status: int | None = Field(default=None, ge=100, le=599)
    title: Text
    types: tuple[Slug, ...] = ()
    """The API's ``error.type`` values that come with it."""
    sdk_classes: tuple[str, ...] = ()
    category: Category
    who_acts: Actor
    from_api: bool
    """False where the status is never Anthropic's own: a proxy, an edge or a relay answered."""
    meaning: Text
    retry: RetryPolicy
    default_cause: Slug | None = None
    """What the status and type alone allow to say, where nothing else is known."""
    causes: tuple[Slug, ...] = ()
    """The causes behind it, most frequent first."""
    fixes: tuple[Fix, ...] = Field(min_length=1)
    verify: Text
    example: Text
    """The answer as the API, an SDK or a tool prints it."""
    sources: tuple[Source, ...] = Field(min_length=1)


class Answer(Entry):
    """One answer to a question of the walk: it leads to another question or to causes."""

    slug: Slug
    text: Text
    next: Slug | None = None
    causes: tuple[Slug, ...] = ()

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Answer:
        """An answer leads to exactly one of: a question, causes."""
        if (self.next is None) == (not self.causes):
            raise ValueError("an answer has either next or causes")
        return self


class Question(Entry):
    """One step of the walk, with how to find the answer."""

    slug: Slug
    text: Text
    how: Text
    """How to find the answer: where to look, what the words look like."""
    snippets: tuple[Snippet, ...] = ()
    answers: tuple[Answer, ...] = Field(min_length=2)
