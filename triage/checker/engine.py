"""Runs all rules over a request or a batch and collects what they find."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from triage.checker import mending
from triage.checker.model import Edit, Finding, Mend, Unknown, Unreadable
from triage.checker.naming import Names
from triage.checker.pointers import Path, to_api_form, to_pointer
from triage.checker.reading import Read, UnreadableError, read
from triage.checker.registry import Found
from triage.checker.rules import RULES
from triage.checker.unknowns import unknowns
from triage.checker.view import View
from triage.knowledge.facts import Endpoint, Facts, load_facts

MOST_FINDINGS = 500
"""More are counted but not listed: who has so many mends the first and checks again."""
_ROUNDS = 6
_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True)
class Mended:
    """The request after all mechanical mends: a new object, what was done, and what no mend settles."""

    document: Any
    mends: tuple[Mend, ...]
    left: tuple[Finding, ...]
    text: str
    """The mended request as a file: indented JSON, or one item per line where JSONL was given."""
    diff: str
    """Unified diff of the indented JSON, before and after; overlong lines are cut in it."""

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
    unlisted: int = 0
    """Findings beyond the number that is listed."""
    facts_checked: dt.date | None = None
    """The day on which the facts about models and limits were last checked."""
    given: Read | None = field(default=None, repr=False)
    today: dt.date | None = field(default=None, repr=False)

    @property
    def clean(self) -> bool:
        """Whether the input was read and nothing was found."""
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
) -> CheckResult:
    """Find offline what the API would refuse in a Messages request.

    Args:
        request_or_text: the body as text, bytes or parsed JSON; a batch as ``{"requests": [...]}`` or JSONL.
        endpoint: where it goes. A batch, and a body for Bedrock or Google Cloud, is recognised by its shape.
        facts: models and limits; those that ship with this package by default.
        today: the day for which retirements are judged; today in UTC by default.

    Returns:
        The result; never raises for any input, what can't be read is told in ``unreadable``.
    """
    facts = facts or load_facts()
    today = today or dt.datetime.now(dt.UTC).date()
    try:
        given = read(request_or_text)
    except UnreadableError as error:
        return CheckResult(endpoint, unreadable=error.reason, facts_checked=facts.checked)
    endpoint = _endpoint(given, endpoint)
    findings: list[Finding] = []
    unlisted = count = 0
    open_points: dict[str, Unknown] = {}
    for base, request, item_size in _requests(given):
        count += 1
        view = View(request, endpoint, facts, today, item_size, given.may_hold_halves)
        found, names = _found(view), Names(request)
        room = MOST_FINDINGS - len(findings)
        findings += [_finding(cause, one, names, given.document, base) for cause, one in found[:room]]
        unlisted += max(0, len(found) - room)
        for unknown in unknowns(view):
            open_points.setdefault(unknown.topic, unknown)
    if given.form != "request":
        findings = [*_batch_findings(given, facts), *findings]
        open_points.pop("tokens", None)
    return CheckResult(
        endpoint,
        tuple(findings),
        tuple(open_points.values()),
        requests=count,
        unlisted=unlisted,
        facts_checked=facts.checked,
        given=given,
        today=today,
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


def _requests(given: Read) -> Iterator[tuple[Path, dict[str, Any], int]]:
    """Yield each request with its place in what was given, and its size in bytes (0 for an item of a batch)."""
    if given.form == "request":
        yield (), given.document, given.size
        return
    for index, item in enumerate(given.document["requests"]):
        params = item.get("params") if isinstance(item, dict) else None
        if isinstance(params, dict):
            yield ("requests", index, "params"), params, 0


def _found(view: View) -> list[tuple[str, Found]]:
    """Run every rule; a place that two rules name for the same cause counts once. In the order of the request."""
    collected: dict[tuple[Path, str], Found] = {}
    for rule in RULES:
        for cause, found in rule.run(view):
            collected.setdefault((found.path, cause), found)
    keys: dict[int, dict[str, int]] = {}
    places = sorted(collected, key=lambda place: _order(view.request, place[0], keys))
    return [(cause, collected[path, cause]) for path, cause in places]


def _finding(cause: str, found: Found, names: Names, document: Any, base: Path) -> Finding:
    path = (*base, *found.path)
    name, item = names.element(found.path), _item_name(document, base)
    return Finding(
        pointer=to_pointer(path),
        path=to_api_form(document, path),
        cause=cause,
        message=found.message,
        severity=found.severity,
        element=f"{item}: {name}" if item and name else name or item,
        mended=_moved(found.mend, base),
        steps=path,
    )


def _order(document: Any, path: Path, keys: dict[int, dict[str, int]]) -> tuple[int, ...]:
    """Return where a path stands in the document, as it was written; what is missing comes after what is there.

    ``keys`` remembers the places of the keys of each object that was met.
    """
    places: list[int] = []
    element = document
    for step in path:
        if isinstance(element, dict):
            if id(element) not in keys:
                keys[id(element)] = {key: place for place, key in enumerate(element)}
            places.append(keys[id(element)].get(str(step), len(element)))
            element = element.get(step)
        elif isinstance(element, list) and isinstance(step, int) and step < len(element):
            places.append(step)
            element = element[step]
    return tuple(places)


def _item_name(document: Any, base: Path) -> str | None:
    if not base:
        return None
    item = document["requests"][base[1]]
    identity = item.get("custom_id")
    return f"requests.{base[1]} is `{identity[:80]}`" if isinstance(identity, str) else f"requests.{base[1]}"


def _moved(mend: Mend | None, base: Path) -> Mend | None:
    """Give a mend of a batch's item its place in the batch."""
    if mend is None or not base:
        return mend
    return replace(mend, edits=tuple(replace(edit, path=(*base, *edit.path)) for edit in mend.edits))


def _batch_findings(given: Read, facts: Facts) -> Iterator[Finding]:
    """Find what is wrong with a batch as such: its size, its items, their ids."""
    items = given.document["requests"]
    bytes_limit, most = facts.limit("body_bytes", "batches"), facts.limit("batch_requests", "batches")
    if bytes_limit is not None and given.size > bytes_limit:
        yield _plain(given, (), "request_too_large", f"The batch has {given.size:,} bytes; {bytes_limit:,} are taken.")
    if most is not None and len(items) > most:
        yield _plain(given, ("requests",), "request_too_large", f"{len(items):,} requests; a batch takes {most:,}.")
    if not items:
        yield _plain(given, ("requests",), "invalid_value", "The batch holds no requests.")
    seen: set[str] = set()
    for index, item in enumerate(items):
        path: Path = ("requests", index)
        if not isinstance(item, dict):
            yield _plain(given, path, "invalid_value", "An item of a batch is an object with custom_id and params.")
            continue
        if not isinstance(item.get("params"), dict):
            cause = "invalid_value" if "params" in item else "missing_field"
            yield _plain(given, (*path, "params"), cause, "`params` has to be an object: the request itself.")
        yield from _identity(given, (*path, "custom_id"), item, seen)
        for key in item:
            if key not in ("custom_id", "params"):
                mend = Mend(f"takes {key} out", (Edit("remove", (*path, key)),))
                yield _plain(given, (*path, key), "unknown_field", f"`{key}` is not known in an item of a batch.", mend)


def _identity(given: Read, path: Path, item: dict[str, Any], seen: set[str]) -> Iterator[Finding]:
    identity = item.get("custom_id")
    if not isinstance(identity, str):
        cause = "invalid_value" if "custom_id" in item else "missing_field"
        yield _plain(given, path, cause, "`custom_id` has to be a text.")
        return
    if not _CUSTOM_ID.fullmatch(identity):
        message = f"`{identity[:80]}` may only hold letters, digits, underscore and hyphen, up to 64."
        yield _plain(given, path, "invalid_value", message)
    if identity in seen:
        yield _plain(given, path, "invalid_value", f"The custom_id `{identity[:80]}` was already used in this batch.")
    seen.add(identity)


def _plain(given: Read, path: Path, cause: str, message: str, mend: Mend | None = None) -> Finding:
    name = _item_name(given.document, path[:2]) if len(path) > 2 else None
    return Finding(to_pointer(path), to_api_form(given.document, path), cause, message, "error", name, mend, path)


def _mend(result: CheckResult, given: Read) -> Mended:
    """Mend round by round: what a mend uncovers, or what it had to wait for, is settled in the next one."""
    document, findings = given.document, result.findings
    used: list[Finding] = []
    for _ in range(_ROUNDS):
        document, now = mending.apply(document, findings)
        used += now
        findings = check(document, endpoint=result.endpoint, today=result.today).findings
        if not now or not any(finding.mended for finding in findings):
            break
    mends = tuple(mending.account(used))
    text = _file(given, document)
    return Mended(document, mends, findings, text, mending.difference(given.document, document))


def _file(given: Read, document: Any) -> str:
    if given.form == "jsonl":
        return "".join(mending.as_line(item) + "\n" for item in document["requests"])
    return mending.as_text(document) + "\n"
