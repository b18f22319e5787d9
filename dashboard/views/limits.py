"""Limits (``/limits/``): which limits refused our tries, and who used them up."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from dashboard.choice import Choice, choice_of
from dashboard.limit_use import SIDES, WIDEST, refusals_of, use_of
from dashboard.views.common import render_page, team_page
from triage.rates import NAMED_WINDOWS, Window, parse_window


@require_safe
@team_page
def limits(request: HttpRequest) -> HttpResponse:
    """Show who took how much of a window, by service, team, model or user; ``?model=`` narrows it to one model."""
    choice = choice_of(request)
    window, complaint = _window(choice)
    side = request.GET.get("by", "")
    side = side if side in SIDES else "service"
    model = choice.filters.model
    context = {
        "choice": choice,
        "window": window,
        "windows": [
            (name, name == window.name, choice.link(window=name, start=None))
            for name, width in NAMED_WINDOWS.items()
            if width <= WIDEST
        ],
        "complaint": complaint,
        "sides": [(name, label, choice.link(by=None if name == "service" else name)) for name, label in SIDES.items()],
        "use": use_of(choice.projects, window.start, window.end, side, model=model),
        "refusals": refusals_of(choice.projects, window.start, window.end, model=model),
        "model": choice.active if "model" in choice.values else [],
        "refused_query": choice.link(by=None, window=None, status="429", outcome="all", **_ends(window)),
    }
    return render_page(request, "limits/page.html", "limits/_use.html", context)


def _ends(window: Window) -> dict[str, str]:
    """Return the window as an address of the list of requests names it, which has none of its own."""
    ends = {"from": window.start, "to": window.end}
    return {name: moment.strftime("%Y-%m-%dT%H:%MZ") for name, moment in ends.items()}


def _window(choice: Choice) -> tuple[Window, str]:
    """Return the chosen window, and what is wrong with it; one that is too wide gives the default one."""
    if choice.complaint:
        return choice.window, choice.complaint
    if choice.window.end - choice.window.start > WIDEST:
        hours = int(WIDEST.total_seconds() // 3600)
        return parse_window(), gettext("Use is summed over at most %(n)d hours.") % {"n": hours}
    return choice.window, ""
