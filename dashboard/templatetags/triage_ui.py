"""Template tags for the pieces that stand on many pages: icons, badges, times, numbers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import gettext, gettext_lazy, ngettext

from dashboard import icons
from triage.knowledge import UNKNOWN, load

register = template.Library()

CATEGORIES = {
    "client": gettext_lazy("Client"),
    "server": gettext_lazy("Server"),
    "network": gettext_lazy("Network"),
    "billing": gettext_lazy("Billing"),
    "other": gettext_lazy("Other"),
}
"""The five families in the order in which charts stack and lists sort them."""

NOT_REPORTED = "not_reported"
"""The cause under which failed tries are counted that a client retried without telling why they failed."""


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return an icon by name, hidden from screen readers: a word always stands beside it."""
    return mark_safe(icons.svg(name))  # noqa: S308  drawn in our own code


@register.filter
def category_name(category: str) -> str:
    """Return the word for a category."""
    return str(CATEGORIES.get(category, category))


@register.filter
def charted_category(category: str) -> str:
    """Return the word for a category in a chart, where tries whose failure nobody reported stand with the others."""
    return gettext("Other or not reported") if category == "other" else category_name(category)


@register.simple_tag
def category_badge(category: str) -> SafeString:
    """Return the badge of a category; nothing where none is known."""
    if category not in CATEGORIES:
        return SafeString("")
    return format_html('<span class="badge badge--{}">{}</span>', category, CATEGORIES[category])


@register.filter
def cause_title(slug: str) -> str:
    """Return a cause's title; a plain sentence for what is no entry of the reference."""
    cause = load().causes.get(slug)
    if cause is not None:
        return cause.title
    if slug == NOT_REPORTED:
        return gettext("Retried; why it failed was not reported")
    if slug in ("", UNKNOWN):
        return gettext("Cause not known")
    return slug


@register.filter
def is_known_cause(slug: str) -> bool:
    """Tell whether the reference has a page for the cause."""
    return slug in load().causes


@register.simple_tag
def status_chip(status: int | None, category: str = "") -> SafeString:
    """Return the chip of an HTTP status, coloured by its category; a dash where there was no answer."""
    if status is None:
        return format_html('<span class="status" title="{}">—</span>', gettext("No HTTP answer"))
    tone = category if category in CATEGORIES and category != "other" else ("ok" if status < 400 else "other")
    return format_html('<span class="status status--{}">{}</span>', tone, status)


@register.simple_tag
def moment(at: dt.datetime | None) -> SafeString:
    """Return a time as the reader wants it: how long ago, and on hover exactly when.

    Without JavaScript it says so in UTC; time.js keeps it counting, in the reader's own zone.
    """
    if at is None:
        return SafeString("—")
    utc = at.astimezone(dt.UTC)
    exact = gettext("%(moment)s UTC") % {"moment": date_format(utc, "Y-m-d H:i:s")}
    return format_html('<time datetime="{}" title="{}" data-relative>{}</time>', utc.isoformat(), exact, ago(utc))


@register.filter
def ago(at: dt.datetime) -> str:
    """Return how long ago a time was, in the words that time.js uses as well."""
    if (timezone.now() - at).total_seconds() < 60:
        return gettext("just now")
    return gettext("%(time)s ago") % {"time": timesince(at, depth=1).replace("\xa0", " ")}


@register.simple_tag
def clock(at: dt.datetime, *, seconds: bool = True) -> SafeString:
    """Return a time of day; time.js turns it into the reader's zone."""
    utc = at.astimezone(dt.UTC)
    shown = date_format(utc, "H:i:s" if seconds else "H:i")
    exact = gettext("%(moment)s UTC") % {"moment": date_format(utc, "Y-m-d H:i:s")}
    kind = "seconds" if seconds else "minutes"
    return format_html('<time datetime="{}" title="{}" data-clock="{}">{}</time>', utc.isoformat(), exact, kind, shown)


@register.filter
def number(value: int | None) -> str:
    """Return a whole number with thin spaces between thousands."""
    return "—" if value is None else f"{value:,}".replace(",", "\u202f")


@register.filter
def percent(value: float | None) -> str:
    """Return a share of 1 as per cent, with as many digits as say something."""
    if value is None:
        return "—"
    if value == 0:
        return "0\u00a0%"
    share = value * 100
    if share < 0.1:
        return "<\u00a00.1\u00a0%"
    digits = 0 if share >= 99.95 else (1 if share < 99.9 else 2)
    return f"{share:.{digits}f}\u00a0%"


@register.filter
def milliseconds(value: int | None) -> str:
    """Return a duration in the unit that fits it."""
    if value is None:
        return "—"
    if value < 1000:
        return gettext("%(n)d ms") % {"n": value}
    if value < 60_000:
        return gettext("%(n).1f s") % {"n": value / 1000}
    minutes, rest = divmod(round(value / 1000), 60)
    return gettext("%(minutes)d min %(seconds)02d s") % {"minutes": minutes, "seconds": rest}


@register.filter
def times(value: int) -> str:
    """Return "once" or "14 times"."""
    if value == 1:
        return gettext("once")
    return ngettext("%(n)s time", "%(n)s times", value) % {"n": number(value)}


@register.filter
def item(mapping: Any, key: str) -> Any:
    """Return ``mapping[key]``, or nothing."""
    return mapping.get(key)


@register.filter
def item_link(category: str, choice: Any) -> str:
    """Return the query that narrows a page to a category, or takes that off again."""
    return str(choice.narrowed_to("category", category))


@register.simple_tag
def chart_library() -> SafeString:
    """Return the script element of the chart library; nothing where the installation couldn't fetch it.

    A page then shows the table twins of its charts.
    """
    try:
        address = static("vendor/echarts.min.js")
    except ValueError:
        return SafeString("")
    return format_html('<script defer src="{}"></script>', address)
