"""Runs all rules over a request or a batch and collects what they find."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from triage.checker import mending
from triage.checker.batches import batch_findings
from triage.checker.collecting import Collection
from triage.checker.model import Finding, Mend, Unknown, Unreadable
from triage.checker.pointers import Path
from triage.checker.reading import Form, Read, UnreadableError, count_values, read
from triage.checker.unknowns import unknowns
from triage.checker.view import View
from triage.knowledge.facts import Endpoint, Facts, load_facts

_ROUNDS = 6
_MOST_VALUES = 400_000
"""Values that are looked at of a batch, counted by whole requests: a page has to answer in a second or two."""
_OF_A_REQUEST = 40
"""What a request costs before its first value is looked at, in values."""


@dataclass(frozen=True)
class Mended:
    """The request after all mechanical mends: a new object, what was done, and what no mend settles."""

    document: Any
    mends: tuple[Mend, ...]
    left: tuple[Finding, ...]
    form: Form
    diff: str
    """Unified diff of the indented JSON, before and after; overlong lines are cut in it."""

    @cached_property
    def text(self) -> str:
        """The mended request as a file: indented JSON, or one item per line where JSONL was given."""
        if self.form == "jsonl":
            return "".join(mending.as_line(item) + "\n" for item in self.document["requests"])
        return mending.as_text(self.document) + "\n"

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "request": self.document,
            "mends": [{"does": mend.does, "costs": mend.costs} for mend in self.mends],
            "left": [finding.as_dict() for finding in self.left],
            "diff": self.diff,
        }


@dataclass(frozen=True)
class CheckResult:
    """What a check found. ``unreadable`` says why nothing could be checked; there are no findings then."""

    endpoint: Endpoint
    findings: tuple[Finding, ...] = ()
    cannot_know: tuple[Unknown, ...] = ()
    unreadable: Unreadable | None = None
    requests: int = 0
    """How many requests were checked: 1, or the items of a batch."""
    unlisted_by_cause: Mapping[str, int] = field(default_factory=dict)
    """Findings beyond the number that is listed, by their cause."""
    unchecked: int = 0
    """How many requests of a batch, from its end, were not looked at because they are so many."""
    facts_checked: dt.date | None = None
    """The day on which the facts about models and limits were last checked."""
    given: Read | None = field(default=None, repr=False)
    today: dt.date | None = field(default=None, repr=False)
    whole: bool = field(default=False, repr=False)

    @property
    def unlisted(self) -> int:
        """How many findings there are beyond those that are listed."""
        return sum(self.unlisted_by_cause.values())

    @property
    def clean(self) -> bool:
        """Whether the input was read and nothing was found in what was looked at."""
        return self.unreadable is None and not self.findings

    @cached_property
    def mended(self) -> Mended | None:
        """The request after all mechanical mends; ``None`` where there is nothing to mend or no way to."""
        if self.given is None or not any(finding.mended for finding in self.findings):
            return None
        return _mend(self, self.given)

    def as_dict(self, *, with_mended: bool = True) -> dict[str, Any]:
        """Return the whole result for JSON; without the mended request where only the findings are wanted."""
        result: dict[str, Any] = {
            "endpoint": self.endpoint,
            "requests": self.requests,
            "clean": self.clean,
            "findings": [finding.as_dict() for finding in self.findings],
            "unlisted": self.unlisted,
            "unlisted_by_cause": dict(self.unlisted_by_cause),
            "unchecked": self.unchecked,
            "cannot_know": [unknown.as_dict() for unknown in self.cannot_know],
            "unreadable": self.unreadable.as_dict() if self.unreadable else None,
            "facts_checked": self.facts_checked.isoformat() if self.facts_checked else None,
        }
        if with_mended:
            result["mended"] = self.mended.as_dict() if self.mended else None
        return result


def check(
    request_or_text: object,
    *,
    endpoint: Endpoint = "messages",
    facts: Facts | None = None,
    today: dt.date | None = None,
    whole: bool = False,
) -> CheckResult:
    """Find offline what the API would refuse in a Messages request.

    Args:
        request_or_text: the body as text, bytes or parsed JSON; a batch as ``{"requests": [...]}`` or JSONL.
        endpoint: where it goes. A batch, and a body for Bedrock or Google Cloud, is recognised by its shape.
        facts: models and limits; those that ship with this package by default.
        today: the day for which retirements are judged; today in UTC by default.
        whole: look at everything, however large it is and however long that takes.

    Returns:
        The result; never raises for any input, what can't be read is told in ``unreadable``.
    """
    facts = facts or load_facts()
    today = today or dt.datetime.now(dt.UTC).date()
    try:
        given = read(request_or_text, whole=whole)
    except UnreadableError as error:
        return CheckResult(endpoint, unreadable=error.reason, facts_checked=facts.checked)
    endpoint = _endpoint(given, endpoint)
    collection = Collection(given.document)
    if given.form != "request":
        collection.add(batch_findings(given, facts))
    count = 0
    open_points: dict[str, Unknown] = {}
    requests = list(_requests(given))
    for base, request, item_size in requests if whole or given.form == "request" else _affordable(requests):
        count += 1
        view = View(request, endpoint, facts, today, item_size, given.may_hold_halves)
        collection.look_at(view, base)
        for unknown in unknowns(view):
            open_points.setdefault(unknown.topic, unknown)
    if given.form != "request":
        open_points.pop("tokens", None)
    return CheckResult(
        endpoint,
        tuple(collection.findings),
        tuple(open_points.values()),
        requests=count,
        unlisted_by_cause=collection.unlisted,
        unchecked=len(requests) - count,
        facts_checked=facts.checked,
        given=given,
        today=today,
        whole=whole,
    )


def _endpoint(given: Read, wanted: Endpoint) -> Endpoint:
    if given.form != "request":
        return "batches"
    version = given.document.get("anthropic_version")
    if wanted == "messages" and isinstance(version, str) and "model" not in given.document:
        if version.startswith("bedrock"):
            return "bedrock"
        if version.startswith("vertex"):
            return "vertex"
    return wanted


_Placed = tuple[Path, dict[str, Any], int]


def _requests(given: Read) -> Iterator[_Placed]:
    """Yield each request with its place in what was given, and its size in bytes (0 for an item of a batch)."""
    if given.form == "request":
        yield (), given.document, given.size
        return
    for index, item in enumerate(given.document["requests"]):
        params = item.get("params") if isinstance(item, dict) else None
        if isinstance(params, dict):
            yield ("requests", index, "params"), params, 0


def _affordable(requests: list[_Placed]) -> Iterator[_Placed]:
    """Yield the requests from the beginning on until they hold as many values as are looked at."""
    left = _MOST_VALUES
    for placed in requests:
        left -= count_values(placed[1]) + _OF_A_REQUEST
        if left < 0:
            return
        yield placed


def _mend(result: CheckResult, given: Read) -> Mended:
    """Mend round by round: what a mend uncovers, or what it had to wait for, is settled in the next one."""
    document, findings = given.document, result.findings
    used: list[Finding] = []
    for _ in range(_ROUNDS):
        document, now = mending.apply(document, findings)
        used += now
        findings = check(document, endpoint=result.endpoint, today=result.today, whole=result.whole).findings
        if not now or not any(finding.mended for finding in findings):
            break
    mends = tuple(mending.account(used))
    return Mended(document, mends, findings, given.form, mending.difference(given.document, document))
