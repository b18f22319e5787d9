"""Retry or not, and when: a policy of the knowledge put into the one sentence that a person needs first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from triage.knowledge import RetryPolicy

_LONG_WAIT = 20.0
"""Seconds of first wait from which "wait" is the better word than "retry"."""


@dataclass(frozen=True)
class Verdict:
    """``kind`` is also the name of the icon and of the colour; ``schedule`` is empty where no waits are advised."""

    kind: Literal["retry", "wait", "stop", "unknown"]
    headline: str
    detail: str = ""
    schedule: str = ""


def verdict_of(policy: RetryPolicy | None, *, retry_after: float | None = None) -> Verdict:
    """Return the verdict of ``policy``; ``retry_after`` is what this very answer asked to wait, in seconds.

    Without a policy nobody can tell.
    """
    if policy is None:
        return Verdict("unknown", _("Whether a retry helps can't be told yet"))
    if not policy.retryable:
        return Verdict("stop", _("Don't retry: the same request fails again"), policy.note)
    schedule = _schedule(policy)
    if retry_after is not None and policy.honour_retry_after:
        headline = _("Wait %(time)s, then retry: the answer asks for it") % {"time": seconds_in_words(retry_after)}
        return Verdict("wait", headline, policy.note, schedule)
    if policy.first_wait is None:
        return Verdict("wait", _("Retry later; a retry at once doesn't help"), policy.note)
    if policy.first_wait >= _LONG_WAIT:
        headline = _("Wait at least %(time)s, then retry") % {"time": seconds_in_words(policy.first_wait)}
        return Verdict("wait", headline, policy.note, schedule)
    return Verdict("retry", _("Retry, and wait longer each time"), policy.note, schedule)


def seconds_in_words(seconds: float) -> str:
    """Return a duration in the unit that a person would say it in."""
    if seconds < 120:
        return _("%(n)s s") % {"n": f"{seconds:g}"}
    if seconds < 7200:
        return _("%(n)s min") % {"n": f"{seconds / 60:.3g}"}
    return _("%(n)s h") % {"n": f"{seconds / 3600:.3g}"}


def _schedule(policy: RetryPolicy) -> str:
    """Return the waits between the tries, as far as the policy states them."""
    if policy.first_wait is None or policy.factor is None or policy.max_wait is None or policy.attempts is None:
        return ""
    if policy.attempts == 1:
        return ""
    waits = [min(policy.first_wait * policy.factor**n, policy.max_wait) for n in range(policy.attempts - 1)]
    shown = ", ".join(seconds_in_words(wait) for wait in waits)
    tries = ngettext("%(n)d try in all", "%(n)d tries in all", policy.attempts) % {"n": policy.attempts}
    return _("Waits: %(waits)s, each with some jitter; %(tries)s.") % {"waits": shown, "tries": tries}
