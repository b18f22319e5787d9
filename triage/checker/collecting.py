"""Collects what the rules find: the first places as findings, those behind them as numbers by cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from triage.checker.model import Finding, Mend
from triage.checker.naming import Names
from triage.checker.pointers import Path, to_api_form, to_pointer
from triage.checker.registry import MOST_FINDINGS, Found, More
from triage.checker.rules import RULES
from triage.checker.view import View


class Collection:
    """The findings of one request or of a batch, in the order in which they were added."""

    def __init__(self, document: Any) -> None:
        """``document`` is what was handed in; it must not change meanwhile."""
        self._document = document
        self.findings: list[Finding] = []
        self.unlisted: Counter[str] = Counter()
        """Findings beyond those, by cause."""

    def add(self, found_here: Iterable[Found | More]) -> None:
        """Add what stands in the order of the document and belongs to no single request."""
        for found in found_here:
            if isinstance(found, More):
                self.unlisted[found.cause] += found.places
            elif len(self.findings) < MOST_FINDINGS:
                base = found.path[:2] if len(found.path) > 2 else ()
                self.findings.append(self._finding(str(found.cause), found, name_of_item(self._document, base)))
            else:
                self.unlisted[str(found.cause)] += 1

    def look_at(self, view: View, base: Path) -> None:
        """Run all rules over the request that stands at ``base``."""
        found, more = _found(view)
        self.unlisted.update(more)
        room = MOST_FINDINGS - len(self.findings)
        self.unlisted.update(cause for cause, _ in found[room:])
        names = Names(view.request)
        item = name_of_item(self._document, base)
        for cause, one in found[:room]:
            name = names.element(one.path)
            element = f"{item}: {name}" if item and name else name or item
            self.findings.append(self._finding(cause, one, element, base))

    def _finding(self, cause: str, found: Found, element: str | None, base: Path = ()) -> Finding:
        path = (*base, *found.path)
        mend = found.mend() if callable(found.mend) else found.mend
        return Finding(
            pointer=to_pointer(path),
            path=to_api_form(self._document, path),
            cause=cause,
            message=found.message,
            severity=found.severity,
            element=element,
            mended=_moved(mend, base),
            steps=path,
        )


def _found(view: View) -> tuple[list[tuple[str, Found]], Counter[str]]:
    """Return what the rules find, in the order of the request, and by cause how many places there are beyond it.

    A place that two rules name for the same cause counts once.
    """
    kept: dict[tuple[Path, str], Found] = {}
    behind: set[tuple[Path, str]] = set()
    more: Counter[str] = Counter()
    for rule in RULES:
        # Each rule follows the order of the request, so what it finds after so many can't be among the first.
        told = 0
        for cause, found in rule.run(view):
            if isinstance(found, More):
                more[found.cause] += found.places
            elif told < MOST_FINDINGS:
                kept.setdefault((found.path, cause), found)
                told += 1
            else:
                behind.add((found.path, cause))
    more.update(cause for path, cause in behind if (path, cause) not in kept)
    return list(_in_order(view.request, kept)), more


def _in_order(request: Any, kept: dict[tuple[Path, str], Found]) -> Iterator[tuple[str, Found]]:
    keys: dict[int, dict[str, int]] = {}
    for path, cause in sorted(kept, key=lambda place: _order(request, place[0], keys)):
        yield cause, kept[path, cause]


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


def name_of_item(document: Any, base: Path) -> str | None:
    """Return the item of a batch that ``base`` leads into, by its custom_id; ``None`` for a single request."""
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
