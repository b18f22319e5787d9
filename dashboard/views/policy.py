"""The policy simulator (``/policy/``): what retrying cost, and what other policies would have cost."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard import replaying
from dashboard.choice import choice_of
from dashboard.views.common import render_page, team_page
from triage.replay.stored import replay

_MOST_CALLS = 5_000
"""Calls that a page replays, the newest ones; the command replays all."""


@require_safe
@team_page
def policy(request: HttpRequest) -> HttpResponse:
    """Replay the calls of the chosen window and projects."""
    choice = choice_of(request)
    told = replay(choice.window, choice.filters, most=_MOST_CALLS)
    context = {
        "choice": choice,
        "replay": told,
        "comparison": told.comparison,
        "finding": replaying.finding(told.comparison),
        "policies": replaying.policy_rows(told.comparison),
        "causes": replaying.cause_rows(told.comparison),
        "most_calls": _MOST_CALLS,
        "expected": replaying.about(told.comparison.check.expected),
    }
    return render_page(request, "replay/page.html", "replay/_result.html", context)
