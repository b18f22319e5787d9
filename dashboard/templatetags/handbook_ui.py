"""Template tags that turn the names in an error into links to what the reference says of them."""

from __future__ import annotations

import re

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from dashboard import wording
from triage.knowledge.reference import load_reference

register = template.Library()
_LINKED = '<a href="{}"><code>{}</code></a>'
_PLAIN = "<code>{}</code>"
_WORD_OF_A_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+")


@register.filter
def type_link(slug: str) -> SafeString:
    """Return an ``error.type`` as code, linked to its page where there is one."""
    if slug not in load_reference().types:
        return format_html(_PLAIN, slug)
    return format_html(_LINKED, reverse("reference_type", args=(slug,)), slug)


@register.filter
def exception_link(name: str) -> SafeString:
    """Return an exception's name as code, linked to the page of its class, or of its TypeScript twin's."""
    reference = load_reference()
    entry = reference.exception(name) or next(
        (each for each in reference.exceptions.values() if each.typescript == name), None
    )
    if entry is None:
        return format_html(_PLAIN, name)
    return format_html(_LINKED, reverse("reference_exception", args=(entry.name,)), name)


@register.filter
def error_code_link(code: str) -> SafeString:
    """Return an ``error_code`` as code, linked to the page of the class that the SDK raises for it."""
    entry = next((each for each in load_reference().exceptions.values() if each.error_code == code), None)
    if entry is None:
        return format_html(_PLAIN, code)
    return format_html(_LINKED, reverse("reference_exception", args=(entry.name,)), code)


@register.filter
def breakable(name: str) -> SafeString:
    """Return the name of a class, which may be broken before each of its words."""
    return format_html_join(mark_safe("<wbr>"), "{}", ((word,) for word in _WORD_OF_A_NAME.findall(name)))


@register.filter
def entry_kind(kind: str) -> str:
    """Return what an entry found beside codes and causes is, in words."""
    return str(wording.ENTRIES[kind])


@register.filter
def stuck_client(client: str) -> str:
    """Return for whom a way out is, in words."""
    return str(wording.STUCK[client])


@register.simple_tag
def state_badge(state: str) -> SafeString:
    """Return the badge that says how far this server goes with a practice."""
    tone = {"does": "good", "part": "warn", "not_yet": "plain", "not_ours": "plain"}[state]
    return format_html('<span class="badge badge--{}">{}</span>', tone, wording.STATES[state])
