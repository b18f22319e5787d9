"""The live line: news of one's own projects only, and an honest answer where there can be none."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import redis
from django.contrib.auth.models import User
from django.test import AsyncClient

from dashboard.views import live
from triage.models import DigestedEntry, Project

pytestmark = pytest.mark.django_db(transaction=True)


async def opened(user: User, query: str = "") -> AsyncIterator[bytes]:
    client = AsyncClient()
    await client.aforce_login(user)
    response = await client.get(f"/live/{query}")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream"
    stream = aiter(response.streaming_content)
    assert await anext(stream) == b"retry: 3000\n\n"
    return stream


async def event(stream: AsyncIterator[bytes], within: float = 2.0) -> bytes | None:
    try:
        return await asyncio.wait_for(anext(stream), within)
    except TimeoutError:
        return None


async def leave(stream: AsyncIterator[bytes]) -> None:
    """Go away as a browser does: the web server then cancels what waits for the next event."""
    reading = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading


def tick(valkey: redis.Redis, project: Project) -> None:
    valkey.publish(live.TICKS, json.dumps({"project": project.pk}))


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_the_team_hears_of_its_project(
    who: str, alice: User, bob: User, project: Project, valkey: redis.Redis
) -> None:
    stream = await opened({"alice": alice, "bob": bob}[who])
    tick(valkey, project)
    assert await event(stream) == b"event: tick\ndata: {}\n\n"
    await leave(stream)


async def test_a_stranger_hears_nothing_of_it(charlie: User, project: Project, valkey: redis.Redis) -> None:
    stream = await opened(charlie)
    tick(valkey, project)
    assert await event(stream, within=0.5) is None


async def test_a_page_of_one_project_hears_of_that_alone(alice: User, project: Project, valkey: redis.Redis) -> None:
    other = await Project.objects.acreate(slug="other", name="Other")
    await other.memberships.acreate(user=alice)
    stream = await opened(alice, "?project=other")
    tick(valkey, project)
    tick(valkey, other)
    assert await event(stream) == b"event: tick\ndata: {}\n\n"
    assert await event(stream, within=0.8) is None


async def test_a_hundred_changes_at_once_are_few_events(alice: User, project: Project, valkey: redis.Redis) -> None:
    stream = await opened(alice)
    for _ in range(100):
        tick(valkey, project)
    assert await event(stream)
    assert await event(stream, within=1.5) is None


async def test_what_came_between_the_page_and_its_line_is_told_at_once(
    alice: User, project: Project, valkey: redis.Redis
) -> None:
    rendered = int(time.time())
    await DigestedEntry.objects.acreate(entry_id="1-1")
    stream = await opened(alice, f"?since={rendered}")
    assert await event(stream) == b"event: tick\ndata: {}\n\n"
    await leave(stream)
    for since in (rendered + 60, "soon", "9" * 40, ""):
        stream = await opened(alice, f"?since={since}")
        assert await event(stream, within=0.3) is None


async def test_news_that_make_no_sense_end_nothing(alice: User, project: Project, valkey: redis.Redis) -> None:
    stream = await opened(alice)
    for nonsense in ("", "[]", "null", "{", '{"project": []}'):
        valkey.publish(live.TICKS, nonsense)
    tick(valkey, project)
    assert await event(stream) == b"event: tick\ndata: {}\n\n"
    await leave(stream)


async def test_a_line_on_which_nothing_is_said_pulses(
    alice: User, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_PULSE", 0.05)
    stream = await opened(alice)
    assert await event(stream) == b": pulse\n\n"
    await leave(stream)


async def test_a_line_ends_in_time_so_that_rights_are_asked_again(
    alice: User, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_LONGEST", 0.0)
    stream = await opened(alice)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_who_is_not_signed_in_is_told_so(valkey: redis.Redis) -> None:
    assert (await AsyncClient().get("/live/")).status_code == 401


async def test_a_foreign_project_is_not_found(charlie: User, project: Project, valkey: redis.Redis) -> None:
    client = AsyncClient()
    await client.aforce_login(charlie)
    assert (await client.get(f"/live/?project={project.slug}")).status_code == 404


async def test_without_the_broker_the_page_is_told_to_come_later(alice: User, settings: object) -> None:
    settings.REDIS_URL = f"unix://{settings.TRIAGE_HOME}/nobody-listens-here.sock"
    client = AsyncClient()
    await client.aforce_login(alice)
    response = await client.get("/live/")
    assert response.status_code == 503
    assert response["Retry-After"] == "10"


async def test_a_line_to_the_broker_that_breaks_ends_the_stream_so_that_the_browser_comes_again(
    alice: User, project: Project, valkey: redis.Redis
) -> None:
    stream = await opened(alice)
    valkey.client_kill_filter(_type="pubsub")
    async with asyncio.timeout(5):
        assert [part async for part in stream] == []
