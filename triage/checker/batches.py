"""What is wrong with a batch as such: its size, its items, their ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from triage.checker.model import Edit, Mend
from triage.checker.pointers import Path
from triage.checker.reading import Read
from triage.checker.registry import MOST_FINDINGS, Found, More
from triage.knowledge.facts import Facts

_KNOWN = frozenset({"custom_id", "params"})
_CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def batch_findings(given: Read, facts: Facts) -> Iterator[Found | More]:
    """Yield what is wrong around the requests of a batch; the requests themselves are looked at one by one."""
    items = given.document["requests"]
    bytes_limit, most = facts.limit("body_bytes", "batches"), facts.limit("batch_requests", "batches")
    if bytes_limit is not None and given.size > bytes_limit:
        message = f"The batch has {given.size:,} bytes; {bytes_limit:,} are taken."
        yield Found((), message, cause="request_too_large")
    if most is not None and len(items) > most:
        message = f"{len(items):,} requests; a batch takes {most:,}."
        yield Found(("requests",), message, cause="request_too_large")
    if not items:
        yield Found(("requests",), "The batch holds no requests.", cause="invalid_value")
    seen: set[str] = set()
    for index, item in enumerate(items):
        path: Path = ("requests", index)
        if not isinstance(item, dict):
            message = "An item of a batch is an object with custom_id and params."
            yield Found(path, message, cause="invalid_value")
            continue
        if not isinstance(item.get("params"), dict):
            cause = "invalid_value" if "params" in item else "missing_field"
            yield Found((*path, "params"), "`params` has to be an object: the request itself.", cause=cause)
        yield from _identity((*path, "custom_id"), item, seen)
        yield from _unknown(path, item)


def _identity(path: Path, item: dict[str, Any], seen: set[str]) -> Iterator[Found]:
    identity = item.get("custom_id")
    if not isinstance(identity, str):
        cause = "invalid_value" if "custom_id" in item else "missing_field"
        yield Found(path, "`custom_id` has to be a text.", cause=cause)
        return
    if not _CUSTOM_ID.fullmatch(identity):
        message = f"`{identity[:80]}` may only hold letters, digits, underscore and hyphen, up to 64."
        yield Found(path, message, cause="invalid_value")
    if identity in seen:
        message = f"The custom_id `{identity[:80]}` was already used in this batch."
        yield Found(path, message, cause="invalid_value")
    seen.add(identity)


def _unknown(path: Path, item: dict[str, Any]) -> Iterator[Found | More]:
    count = len(item.keys() - _KNOWN)
    for key in islice((key for key in item if key not in _KNOWN), MOST_FINDINGS):
        mend = Mend(f"takes {key} out", (Edit("remove", (*path, key)),))
        yield Found((*path, key), f"`{key}` is not known in an item of a batch.", mend, cause="unknown_field")
    if count > MOST_FINDINGS:
        yield More("unknown_field", count - MOST_FINDINGS)
