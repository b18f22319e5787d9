"""Template tags for requests and the limits that they meet."""

from __future__ import annotations

from django import template

from dashboard.limit_use import KINDS
from dashboard.templatetags.triage_ui import percent

register = template.Library()


@register.filter
def limit_kind(cause: str) -> str:
    """Return what the limit counts that a cause names."""
    return str(KINDS.get(cause, cause))


@register.filter
def is_limit(cause: str) -> bool:
    """Tell whether a cause says that a limit was reached."""
    return cause in KINDS


@register.filter
def share_of(part: int, whole: int) -> str:
    """Return a part of a whole as per cent; a dash where there is no whole."""
    return percent(part / whole if whole else None)
