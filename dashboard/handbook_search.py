"""Search over error types, exception classes, practices and topics; the counterpart of ``search`` for the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from django.urls import reverse

from triage.diagnosis.folding import fold
from triage.knowledge.reference import load_reference

_WORD = re.compile(r"[\w.-]+")
_MOST = 12
"""Hits shown at most; who types more words sees fewer."""


@dataclass(frozen=True)
class Entry:
    """Something that a search can find beside codes and causes; ``kind`` is one of ``wording.ENTRIES``."""

    kind: str
    name: str
    title: str
    href: str
    text: str
    """All its words in lower case; ``name`` and ``title`` among them."""
    printed: str = ""
    """What a program prints, folded for comparison."""


def search_handbook(query: str) -> list[Entry]:
    """Return the entries that hold every word of ``query``, those first whose name holds them; none for no words.

    A piece of what a program prints is found however it is quoted or wrapped.
    """
    words = _WORD.findall(query.lower())
    if not words:
        return []
    folded = fold(query)
    found = [
        each
        for each in _entries()
        if all(word in each.text for word in words) or (len(folded) >= 12 and folded in each.printed)
    ]
    return sorted(found, key=lambda each: _rank(each, words))[:_MOST]


def _rank(each: Entry, words: list[str]) -> tuple[int, int]:
    name = each.name.lower()
    if name == "_".join(words):
        return 0, 0
    heading = f"{name} {each.title.lower()}"
    return (1 if all(word in heading for word in words) else 2), len(name)


@cache
def _entries() -> tuple[Entry, ...]:
    reference = load_reference()
    entries: list[Entry] = []
    for slug, kind in reference.types.items():
        href = reverse("reference_type", args=(slug,))
        entries.append(_entry("type", slug, kind.title, href, kind.meaning, printed=kind.example))
    for name, each in reference.exceptions.items():
        words = " ".join([each.error_code or "", each.typescript or "", *each.aliases, str(each.status or "")])
        href = reverse("reference_exception", args=(name,))
        entries.append(_entry("exception", name, each.raised, href, words, printed=each.example or ""))
    page = reverse("reference_practices")
    for slug, practice in reference.practices.items():
        text = " ".join([practice.do, *(each.advice for each in practice.outdated)])
        entries.append(_entry("practice", slug, practice.title, f"{page}#{slug}", text))
    for slug, topic in reference.topics.items():
        text = " ".join([*topic.text, *(fact.name for fact in topic.facts)])
        entries.append(_entry("topic", slug, topic.title, f"{page}#{slug}", text))
    return tuple(entries)


def _entry(kind: str, name: str, title: str, href: str, text: str, *, printed: str = "") -> Entry:
    words = f"{name} {title} {text} {printed}".replace("`", "").lower()
    return Entry(kind, name, title, href, words, fold(printed))
