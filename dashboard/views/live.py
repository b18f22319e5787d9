"""``/live/``: tells an open page that there is news, as server-sent events.

An event carries no data: the page asks for its own part again, under its own address and rights.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
from collections.abc import AsyncIterator, Collection
from typing import Any

import redis.asyncio
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from redis.exceptions import RedisError

from triage.models import DigestedEntry, Project

TICKS = "triage:ticks"
"""The channel on which the digest says, after each commit, whose counts have changed: ``{"project": id}``."""

_PULSE = 15.0  # seconds; proxies close a line on which nothing was said for a minute
_GATHER = 0.05  # seconds in which further news join an event
_REST = 0.5  # seconds between two events at least, however fast news come
_COMMIT = dt.timedelta(seconds=3)  # what an entry's transaction may take after it noted the time
_LONGEST_TIME = 11  # digits of a second since 1970
_LONGEST = 600.0  # seconds; then the browser comes again, and is asked again who it is


async def live(request: HttpRequest) -> HttpResponseBase:
    """Stream an event ``tick`` for each change in the projects that the reader may see, or in ``?project=`` alone.

    ``?since=`` is when the page was rendered (seconds since 1970): what came after that is told at once.
    401 without a session, 404 for a foreign project, 503 while the broker is away: pages then poll.
    """
    user = await request.auser()
    if not user.is_authenticated:
        return HttpResponse(status=401)
    visible = Project.objects.visible_to(user)
    if slug := request.GET.get("project"):
        visible = visible.filter(slug=slug)
    projects = {pk async for pk in visible.values_list("pk", flat=True)}
    if slug and not projects:
        # Not raised: Django renders an async view's Http404 in a thread whose database connection nobody closes.
        return HttpResponse(status=404)
    client = redis.asyncio.from_url(settings.REDIS_URL)
    channel = client.pubsub(ignore_subscribe_messages=True)
    try:
        await channel.subscribe(TICKS)
        await channel.get_message(timeout=_PULSE)  # the confirmation: from here on nothing is missed
    except (RedisError, OSError):
        await client.aclose()
        return HttpResponse(status=503, headers={"Retry-After": "10"})
    return StreamingHttpResponse(
        _events(client, channel, projects, request.GET.get("since", "")),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _came_since(text: str) -> bool:
    """Tell whether anything was digested after a page was rendered, and before its line was open."""
    if not text.isdecimal() or len(text) > _LONGEST_TIME:
        return False
    since = dt.datetime.fromtimestamp(int(text), dt.UTC) - _COMMIT
    return await DigestedEntry.objects.filter(digested_at__gte=since).aexists()


async def _events(client: Any, channel: Any, projects: Collection[int], since: str) -> AsyncIterator[bytes]:
    """Yield the stream's bytes until the line is closed, the broker goes, or it is time to be asked again."""
    ends = time.monotonic() + _LONGEST
    try:
        yield b"retry: 3000\n\n"
        news = await _came_since(since)
        while time.monotonic() < ends:
            message = await channel.get_message(timeout=_GATHER if news else _PULSE)
            if message is not None:
                news = news or _concerns(message["data"], projects)
            elif not news:
                yield b": pulse\n\n"
            else:
                # All that waited has been read: one event tells of it all.
                yield b"event: tick\ndata: {}\n\n"
                news = False
                await asyncio.sleep(_REST)
    except (RedisError, OSError):
        return
    finally:
        await channel.aclose()
        await client.aclose()


def _concerns(data: bytes, projects: Collection[int]) -> bool:
    try:
        return json.loads(data)["project"] in projects
    except (ValueError, KeyError, TypeError):
        return False
