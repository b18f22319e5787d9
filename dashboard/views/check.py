"""The request checker: what would the API refuse in this request, and how is it mended? (``/check/``)."""

from __future__ import annotations

import json
from typing import Any, get_args

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.checking import Checked, handed_in, run_check
from dashboard.views.common import open_page, render_page, takes_requests
from triage.knowledge import load
from triage.knowledge.facts import Endpoint

EXAMPLES = ("tool_use_without_result", "cache_control_limit", "thinking_budget_invalid", "tool_schema_invalid")
"""Causes whose broken request a newcomer may try; those that the knowledge doesn't have are left out."""
ENDPOINTS = {
    "messages": gettext_lazy("The API, Messages"),
    "count_tokens": gettext_lazy("The API, counting tokens"),
    "batches": gettext_lazy("The API, a batch"),
    "bedrock": gettext_lazy("Amazon Bedrock"),
    "vertex": gettext_lazy("Google Cloud"),
}
"""Where a request may go."""
_LONGEST_ECHO = 1_000_000
"""Characters up to which the box gets back what stood in it; more only makes the page slow."""


def _frame() -> dict[str, Any]:
    """What stands around the result."""
    return {
        "limit": settings.TRIAGE_MAX_REQUEST_BYTES,
        "endpoints": ENDPOINTS.items(),
        "endpoint": "messages",
        "examples": [load().causes[slug] for slug in EXAMPLES if slug in load().causes],
    }


@takes_requests("check/page.html", "check/_result.html", _frame)
@require_http_methods(["GET", "HEAD", "POST"])
@open_page
def check_page(request: HttpRequest) -> HttpResponse:
    """Show the box; check what was put into it, or an example (``?example=<cause>``). Nothing is stored."""
    if request.method != "POST":
        example = _example(request.GET.get("example", ""))
        return _show(request, text=example, checked=run_check(example) if example else None)
    given = handed_in(request, "request")
    if not given:
        return _show(request, problem=_("There is nothing in the box yet: paste a request, or choose a file."))
    text = given if isinstance(given, str) and len(given) <= _LONGEST_ECHO else ""
    checked = run_check(given, _endpoint(request), size=len(given))
    return _show(request, text=text, checked=checked, from_file=not text)


@takes_requests("check/page.html", "check/_result.html", _frame)
@require_POST
@open_page
def check_mended(request: HttpRequest) -> HttpResponse:
    """Answer what was put into the box as a file, mended as far as that goes mechanically."""
    given = handed_in(request, "request")
    if not given:
        return _show(request, problem=_("Choose the file once more: a page doesn't keep it."), status=400)
    checked = run_check(given, _endpoint(request), size=len(given))
    if checked.mended is None or checked.result.given is None:
        return _show(request, text=given if isinstance(given, str) else "", checked=checked)
    lines = checked.result.given.form == "jsonl"
    name, kind = (
        ("batch.mended.jsonl", "application/x-ndjson") if lines else ("request.mended.json", "application/json")
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(checked.mended.text, content_type=f"{kind}; charset=utf-8", headers=headers)


def _show(
    request: HttpRequest,
    *,
    text: str = "",
    checked: Checked | None = None,
    problem: str = "",
    from_file: bool = False,
    status: int = 200,
) -> HttpResponse:
    endpoint = checked.result.endpoint if checked else "messages"
    context = {
        **_frame(),
        "endpoint": endpoint,
        "endpoint_name": ENDPOINTS[endpoint],
        "text": text,
        "checked": checked,
        "result": checked.result if checked else None,
        "problem": problem,
        "from_file": from_file,
    }
    return render_page(request, "check/page.html", "check/_result.html", context, status=status)


def _endpoint(request: HttpRequest) -> Endpoint:
    wanted = request.POST.get("endpoint", "")
    known: tuple[Endpoint, ...] = get_args(Endpoint)
    return next((one for one in known if one == wanted), "messages")


def _example(slug: str) -> str:
    """Return the broken request of a cause as JSON; empty where none is asked for.

    Raises:
        Http404: the cause doesn't exist or has no request.
    """
    if not slug:
        return ""
    cause = load().causes.get(slug)
    if cause is None or cause.broken_request is None:
        raise Http404
    return json.dumps(cause.broken_request, indent=2, ensure_ascii=False)
