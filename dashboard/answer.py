"""The overview's one sentence: whether requests fail now, more than usual, and on whose side."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from dashboard.choice import window_words
from dashboard.templatetags.triage_ui import number, percent
from triage.rates import Comparison, Heard, Slice, Totals, Window

_SURE = 2.0
"""Standard errors between two rates before we call one higher: about one false alarm in twenty looks."""
_MOSTLY = 0.6
"""The share of failures from which one category is named alone."""
_GRAVE = 0.05
"""The share of failed requests that is bad news whatever the hour before was like."""


@dataclass(frozen=True)
class Answer:
    """The answer in words: ``tone`` is good, warn, bad or quiet; ``detail`` holds the numbers that it rests on."""

    tone: str
    headline: str
    blame: str = ""
    detail: str = ""
    silent: bool = False
    """Nothing was reported in the window: the page tells since when instead of drawing an empty chart."""


def answer(window: Window, comparison: Comparison, categories: Sequence[Slice], heard: Collection[Heard]) -> Answer:
    """Put the state of a window into words.

    ``categories`` is the breakdown of the same window by category, ``heard`` every source that ever reported.
    """
    now = comparison.now
    during, _before = window_words(window)
    if not now.attempts:
        headline = gettext("No reports %(during)s.") if heard else gettext("Nothing has reported yet.")
        return Answer("quiet", headline % {"during": during} if heard else headline, silent=True)
    if not now.failures:
        told = ngettext("No errors in one request.", "No errors among %(n)s requests.", now.requests)
        return Answer("good", told % {"n": number(now.requests)}, detail=_beside(window, comparison))
    if not now.failed_requests:
        told = ngettext(
            "No request failed: its retry rescued the one attempt that did.",
            "No request failed: retries rescued all %(n)s attempts that did.",
            now.failures,
        )
        headline = told % {"n": number(now.failures)}
        return Answer("good", headline, _blame(categories), f"{_numbers(now, during)} {_beside(window, comparison)}")
    change = _change(comparison)
    grave = change > 0 or (now.request_rate or 0) >= _GRAVE
    return Answer(
        "bad" if grave else "warn",
        _headline(window, comparison, change),
        _blame(categories),
        f"{_numbers(now, during)} {_beside(window, comparison)}",
    )


def _headline(window: Window, comparison: Comparison, change: int) -> str:
    _during, before = window_words(window)
    words = {"rate": percent(comparison.now.request_rate), "before": before}
    if not comparison.before.requests:
        return gettext("%(rate)s of requests fail.") % words
    if change == 0:
        return gettext("%(rate)s of requests fail, much like in %(before)s.") % words
    then, now = comparison.before.request_rate or 0, comparison.now.request_rate or 0
    if then and now / then >= 1.5:
        ratio = now / then
        words["times"] = f"{ratio:.0f}" if ratio >= 9.5 else f"{ratio:.1f}"
        return gettext("%(rate)s of requests fail, %(times)s times the share of %(before)s.") % words
    if change > 0:
        return gettext("%(rate)s of requests fail, more than in %(before)s.") % words
    return gettext("%(rate)s of requests fail, fewer than in %(before)s.") % words


def _change(comparison: Comparison) -> int:
    """Return 1 where clearly more requests fail than before, -1 where clearly fewer, else 0 (two-proportion z-test)."""
    now, before = comparison.now, comparison.before
    if not now.requests or not before.requests:
        return 0
    pooled = (now.failed_requests + before.failed_requests) / (now.requests + before.requests)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / now.requests + 1 / before.requests))
    if not spread:
        return 0
    score = ((now.request_rate or 0) - (before.request_rate or 0)) / spread
    return 0 if abs(score) < _SURE else int(math.copysign(1, score))


def _blame(categories: Sequence[Slice]) -> str:
    """Say whose side the failures are on: one category where it is most of them, else the two largest.

    Lost requests are weighed where there are any, since the sentence is about them; tries that a retry
    rescued often carry no reason, and would blame nobody in particular.
    """
    sides = {
        "client": gettext("our own requests"),
        "server": gettext("the API's side"),
        "network": gettext("the network in between"),
        "billing": gettext("our plan or credit"),
        "other": gettext("something besides the API"),
    }
    lost = {each.value: each.totals.failed_requests for each in categories if each.value in sides}
    weights = (
        lost if any(lost.values()) else {each.value: each.totals.failures for each in categories if each.value in sides}
    )
    ranked = sorted((side for side in weights if weights[side]), key=lambda side: weights[side], reverse=True)
    if not ranked:
        return ""
    share = weights[ranked[0]] / sum(weights.values())
    if len(ranked) == 1:
        return gettext("All of it is %(side)s.") % {"side": sides[ranked[0]]}
    if share >= _MOSTLY:
        return gettext("Mostly it is %(side)s (%(share)s).") % {"side": sides[ranked[0]], "share": percent(share)}
    return gettext("It is %(one)s and %(other)s.") % {"one": sides[ranked[0]], "other": sides[ranked[1]]}


def _numbers(now: Totals, during: str) -> str:
    words = {
        "failed": number(now.failed_requests),
        "requests": number(now.requests),
        "failures": number(now.failures),
        "attempts": number(now.attempts),
        "during": during,
    }
    told = gettext("%(failed)s of %(requests)s requests and %(failures)s of %(attempts)s attempts failed %(during)s.")
    told %= words
    if now.rescued_requests:
        rescued = ngettext("A retry rescued one.", "Retries rescued %(n)s.", now.rescued_requests)
        told += " " + rescued % {"n": number(now.rescued_requests)}
    return told


def _beside(window: Window, comparison: Comparison) -> str:
    _during, before = window_words(window)
    then = comparison.before
    if not then.requests:
        return gettext("Nothing was reported in %(before)s.") % {"before": before}
    words = {"before": before, "rate": percent(then.request_rate), "n": number(then.requests)}
    return gettext("In %(before)s: %(rate)s of %(n)s requests.") % words
