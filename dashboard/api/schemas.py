"""The shapes of the API's answers. Times are ISO 8601 with an offset; rates are shares from 0 to 1."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ninja import Field, Schema


class Problem(Schema):
    """Why there is no answer."""

    detail: str


class TooLarge(Problem):
    """Which limit was met."""

    setting: str
    limit: int


class Paste(Schema):
    """What to diagnose."""

    text: str = Field(description="An error as a person would paste it: a traceback, log lines, JSON whole or in part.")


class Mend(Schema):
    """A mechanical change that settles a finding; ``patch`` (JSON Patch) applies to the request as it was given."""

    does: str
    costs: str | None = Field(description="What is lost by it; null where nothing is.")
    patch: list[dict[str, Any]]


class Finding(Schema):
    """One thing that the API, or the SDK before it, would refuse."""

    pointer: str = Field(description="JSON pointer to the element at fault.")
    path: str = Field(description="The same place as the API's messages write it.")
    cause: str
    severity: str = Field(description="error: refused for certain; warning: under conditions that the message names")
    message: str
    element: str | None = Field(description="The element by name.")
    mended: Mend | None


class OpenPoint(Schema):
    """Something that decides about the request and can't be seen in it."""

    topic: str
    text: str


class Unreadable(Schema):
    """Why nothing could be checked; lines and columns count from 1."""

    message: str
    line: int | None
    column: int | None
    cause: str | None


class DoneMend(Schema):
    """A mend that went into the mended request."""

    does: str
    costs: str | None


class MendedRequest(Schema):
    """The request after all mechanical mends, and the findings that none of them settles."""

    request: Any
    mends: list[DoneMend]
    left: list[Finding]
    diff: str


class Check(Schema):
    """What a check found."""

    endpoint: str
    requests: int
    clean: bool
    findings: list[Finding]
    unlisted: int = Field(description="Findings beyond those that are listed; there is no mended request then.")
    unlisted_by_cause: dict[str, int] = Field(description="The same, by cause.")
    unchecked: int = Field(description="Requests at the end of a batch that weren't looked at, since they are so many.")
    cannot_know: list[OpenPoint]
    unreadable: Unreadable | None
    facts_checked: dt.date | None
    mended: MendedRequest | None = None


class Reason(Schema):
    """A piece of evidence; ``spans`` are offsets into the text, start and end."""

    kind: str
    text: str
    spans: list[tuple[int, int]]
    weight: float


class Alternative(Schema):
    """A cause that is possible as well."""

    cause: str
    confidence: float


class Candidate(Alternative):
    """A cause that the evidence allows, with its reasons."""

    reasons: list[Reason]


class Ask(Schema):
    """How a person of one client gets the words that are missing."""

    client: str
    line: str


class Fault(Schema):
    """Where on the road between the program and the model a failure arose."""

    line: str = Field(
        description="own_code, own_account, own_network, gateway, cloud_provider, anthropic_edge, anthropic_api, "
        "client_program or unknown"
    )
    sentence: str
    spans: list[tuple[int, int]]
    asks: list[Ask]


class FoundError(Schema):
    """One of the errors that a text holds; ``times`` counts equal ones."""

    status: int | None
    type: str | None
    message: str | None
    cause: str | None
    span: tuple[int, int]
    times: int
    decides: bool
    why: str
    note: str


class Pointer(Schema):
    """A part of the request, as the error names it."""

    path: str
    span: tuple[int, int]


class Reset(Schema):
    """When a limit ends: the text's words, an ISO date or time where they give one, a wait in seconds."""

    text: str
    span: tuple[int, int]
    at: str | None
    seconds: float | None


class Credential(Schema):
    """What a request proved its right with; ``name`` is a variable's or a profile's, never a secret."""

    kind: str
    name: str | None
    span: tuple[int, int]


class Diagnosis(Schema):
    """What the text says, and which cause follows from it; ``unknown`` where none does."""

    http_status: int | None
    error_type: str | None
    category: str = Field(description="client, server, network, billing or other")
    cause: str
    retryable: bool | None
    request_id: str | None
    confidence: float
    alternatives: list[Alternative]
    implied_status: int | None
    error_code: str | None
    request_ids: list[str]
    message: str | None
    exception: str | None
    model: str | None
    retry_after: float | None = Field(description="seconds")
    headers: dict[str, str]
    client: str | None
    wrappers: list[str]
    candidates: list[Candidate]
    reasons: list[Reason]
    code: str | None
    questions: list[str]
    known_answers: dict[str, str]
    notes: list[str]
    fault: Fault | None = Field(description="where on the road the failure arose, and by which words one sees it")
    errors: list[FoundError] = Field(description="every error of the text, in its order")
    pointers: list[Pointer] = Field(description="parts of the request that the text names")
    resets_at: Reset | None = Field(description="when a limit ends, where the text says so")
    credential: Credential | None = Field(description="what the request was sent with, where the text tells")
    template: str | None = Field(description="the message with ids, numbers and paths folded")
    truncated: bool


class Totals(Schema):
    """Counts over attempts and over requests; a rate is null where nothing was counted."""

    attempts: int
    failures: int
    requests: int
    failed_requests: int
    rescued_requests: int
    attempt_rate: float | None
    request_rate: float | None


class Window(Schema):
    """A span of time in equal buckets; the end is exclusive."""

    name: str
    start: dt.datetime
    end: dt.datetime
    bucket_seconds: int


class Bucket(Totals):
    """The counts of one bucket, with its failed attempts by category."""

    start: dt.datetime
    failures_by_category: dict[str, int]


class Part(Schema):
    """One value of a dimension with its counts."""

    value: str
    totals: Totals


class Heard(Schema):
    """When a program was last heard: this tells "no errors" from "no reports"."""

    client: str
    service: str
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime


class Rates(Schema):
    """How many failed in a window, and in the same window before it."""

    window: Window
    totals: Totals
    before: Totals
    series: list[Bucket]
    by_category: list[Part]
    by_cause: list[Part]
    heard: list[Heard]


class Issue(Schema):
    """Failures of one kind with the state of the work on them."""

    id: int
    project: str
    cause: str
    category: str
    http_status: int | None
    error_type: str
    state: str
    ignored_until: dt.datetime | None
    assignee: str | None
    failures: int
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    last_message: str


class Issues(Schema):
    """A page of issues, last seen first; ``total`` counts all that fit the filters."""

    total: int
    issues: list[Issue]


class Attempt(Schema):
    """One HTTP try."""

    number: int
    at: dt.datetime
    failed: bool
    duration_ms: int | None
    request_id: str
    http_status: int | None
    error_type: str
    error_code: str
    exception: str
    message: str
    category: str
    cause: str
    confidence: float | None
    retry_after: float | None
    headers: dict[str, Any]
    issue: int | None


class Request(Schema):
    """One call by a program with its attempts in order."""

    project: str
    request_id: str
    started_at: dt.datetime
    duration_ms: int | None
    outcome: str
    attempts_made: int
    failures: int
    category: str
    cause: str
    http_status: int | None
    error_type: str
    model: str
    service: str
    team: str
    environment: str
    user: str
    client: str
    streamed: bool | None
    input_tokens: int | None
    output_tokens: int | None
    attempts: list[Attempt]


class FoundRequest(Request):
    """The newest call that carries a request id, and any others that do; usually there are none."""

    others: list[Request]


class Retry(Schema):
    """Whether the very same request, sent again later, has a fair chance; waits are seconds."""

    retryable: bool
    first_wait: float | None
    factor: float | None
    max_wait: float | None
    attempts: int | None
    honour_retry_after: bool
    note: str


class CauseLine(Schema):
    """A cause in one line."""

    slug: str
    title: str
    category: str
    who_acts: str
    retryable: bool
    http_status: list[int]
    family: str
    url: str


class Causes(Schema):
    """All causes."""

    causes: list[CauseLine]
