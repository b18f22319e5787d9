"""``/diagnose/ask/``: a model's answer about a pasted error, word by word as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dashboard.asking import NotAskedError, answer, count_question
from triage.diagnosis import Diagnosis, diagnose


@require_POST
async def ask(request: HttpRequest) -> HttpResponseBase:
    """Stream the answer about ``text``: events ``text``, then ``done``, or ``failed``, each with JSON as its data.

    401 without a session (each answer costs money), 404 where the server has no key, 413 beyond the paste's limit.
    """
    user = await request.auser()
    if not user.is_authenticated:
        return HttpResponse(status=401)
    if not settings.ANTHROPIC_API_KEY:
        return HttpResponse(status=404)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    if len(text) > settings.TRIAGE_MAX_PASTE_CHARS:
        return HttpResponse("TRIAGE_MAX_PASTE_CHARS", status=413, content_type="text/plain")
    return StreamingHttpResponse(
        _events(await asyncio.to_thread(diagnose, text), text),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _events(diagnosis: Diagnosis, text: str) -> AsyncIterator[bytes]:
    try:
        if not text.strip():
            raise NotAskedError(_("There is nothing in the box yet."))  # noqa: TRY301  told like every other refusal
        await count_question()
    except NotAskedError as error:
        yield _frame("failed", {"title": str(error)})
        return
    async for name, data in answer(diagnosis, text):
        href = {"href": reverse("reference_cause", args=[data["cause"]])} if data.get("cause") else {}
        yield _frame(name, {**data, **href})


def _frame(name: str, data: dict[str, object]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
