"""``/healthz``: how the server itself is, one part after another, for a monitor."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from triage.health.server import look


@require_safe
@never_cache
async def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 where every part is well, else 503; open to strangers, as a monitor is one."""
    parts = await look()
    return JsonResponse(parts, status=200 if all(part["ok"] for part in parts.values()) else 503)
