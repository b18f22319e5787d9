"""Where the search of the frame leads: straight to what was meant, else to the reference's search."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from triage.knowledge import load

_REQUEST_ID = re.compile(r"req_[A-Za-z0-9_]{6,76}")
_LONGEST_QUERY = 300


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """``GET /find/?q=``: a request id opens the request, a code its page; anything else searches the reference."""
    query = request.GET.get("q", "").strip()[:_LONGEST_QUERY]
    knowledge = load()
    if (told := _REQUEST_ID.search(query)) and request.user.is_authenticated:
        return HttpResponseRedirect(reverse("request", args=[told[0]]))
    if query in knowledge.codes:
        return HttpResponseRedirect(reverse("reference_code", args=[query]))
    if query in knowledge.causes:
        return HttpResponseRedirect(reverse("reference_cause", args=[query]))
    target = reverse("reference")
    return HttpResponseRedirect(f"{target}?{urlencode({'q': query})}" if query else target)
