"""Template tags for what the knowledge says: its prose, its snippets, its requests side by side."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from dashboard import wording
from dashboard.verdicts import Verdict, seconds_in_words, verdict_of
from triage.ingest.scrub import scrub_text
from triage.knowledge import Cause, Code, RetryPolicy, load

register = template.Library()

_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Line:
    """A line of a request; ``changed`` where its twin has no such line."""

    text: str
    changed: bool


@register.filter
def prose(text: str) -> SafeString:
    """Return a sentence of the knowledge as HTML: what stands in backticks becomes code, all else is escaped."""
    return mark_safe(_CODE.sub(r"<code>\1</code>", escape(text)))  # noqa: S308  escaped just before


@register.filter
def masked(text: str) -> str:
    """Return words that came from a person's request with secrets masked, and halves of characters spelled out."""
    return scrub_text(text.encode("utf-8", "backslashreplace").decode("utf-8"))


@register.filter
def who_acts(actor: str) -> str:
    """Return who has to act, in words."""
    return str(wording.WHO_ACTS[actor])


@register.filter
def fault(line: str) -> str:
    """Return where on the road the failure arose, in words."""
    return str(wording.FAULT[line])


@register.filter
def credential(kind: str) -> tuple[str, str, str]:
    """Return a kind of credential in words, how to see which one it is, and the line that shows it."""
    name, how, line = wording.CREDENTIALS[kind]
    return str(name), str(how), line


@register.filter
def duration(seconds: float) -> str:
    """Return a duration in the unit that a person would say it in."""
    return seconds_in_words(seconds)


@register.filter
def asked(client: str) -> str:
    """Return the name of a program that can be asked for more."""
    return wording.ASKED.get(client, client)


@register.filter
def family(stem: str) -> str:
    """Return the title of a family of causes."""
    return str(wording.FAMILIES.get(stem, stem))


@register.filter
def language(name: str) -> str:
    """Return the name of a snippet's language."""
    return wording.LANGUAGES[name]


@register.filter
def places(names: Iterable[str]) -> str:
    """Return the places where a cause is seen, as one phrase."""
    return ", ".join(str(wording.PLACES[name]) for name in names)


@register.filter
def reason_kind(kind: str) -> str:
    """Return the label of a kind of evidence."""
    return str(wording.REASON_KINDS[kind])


@register.filter
def sureness(confidence: float) -> str:
    """Return a confidence in words."""
    return wording.confidence_in_words(confidence)


@register.filter
def verdict(policy: RetryPolicy) -> Verdict:
    """Return what a retry policy comes down to."""
    return verdict_of(policy)


@register.filter
def cause_entry(slug: str) -> Cause | None:
    """Return the entry of a cause, if there is one."""
    return load().causes.get(slug)


@register.filter
def code_entry(slug: str) -> Code | None:
    """Return the entry of a code, if there is one."""
    return load().codes.get(slug)


@register.simple_tag
def request_pair(cause: Cause) -> tuple[list[Line], list[Line]]:
    """Return the lines of a cause's broken and mended request, each with a mark where the other differs."""
    broken, mended = (_lines(request) for request in (cause.broken_request, cause.mended_request))
    matcher = difflib.SequenceMatcher(None, broken, mended, autojunk=False)
    same_left: set[int] = set()
    same_right: set[int] = set()
    for block in matcher.get_matching_blocks():
        same_left.update(range(block.a, block.a + block.size))
        same_right.update(range(block.b, block.b + block.size))
    return (
        [Line(text, number not in same_left) for number, text in enumerate(broken)],
        [Line(text, number not in same_right) for number, text in enumerate(mended)],
    )


def _lines(request: dict[str, Any] | None) -> list[str]:
    return json.dumps(request, indent=2, ensure_ascii=False).splitlines()
