"""What /healthz says of each part, well and unwell."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import AsyncClient, Client
from pytest_django import Settings
from redis import Redis

from dashboard import heartbeat
from dashboard.heartbeat import BEAT_KEY, WATCHER_KEY, WORKER_KEY, sign
from triage.health import server
from triage.ingest.inbox import STREAM

pytestmark = pytest.mark.django_db


@pytest.fixture
def all_is_well(valkey: Redis) -> Redis:
    """A Valkey in which the workers and beat have just signed."""
    for key in (WORKER_KEY, WATCHER_KEY, BEAT_KEY):
        sign(valkey, key)
    return valkey


def test_all_is_well(client: Client, all_is_well: Redis) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200, answer.json()
    parts = answer.json()
    assert set(parts) == {"web", "database", "valkey", "worker", "watcher", "beat", "inbox", "disk"}
    assert all(part["ok"] for part in parts.values())
    assert parts["inbox"]["entries"] == 0
    assert parts["worker"]["seen_seconds_ago"] < 5


async def test_it_answers_under_asgi(async_client: AsyncClient, all_is_well: Redis) -> None:
    assert (await async_client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(("part", "key"), [("worker", WORKER_KEY), ("watcher", WATCHER_KEY), ("beat", BEAT_KEY)])
def test_a_part_without_a_sign_of_life_is_down(client: Client, all_is_well: Redis, part: str, key: str) -> None:
    all_is_well.delete(key)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert [name for name, state in answer.json().items() if not state["ok"]] == [part]


@pytest.mark.parametrize("key", [WORKER_KEY, BEAT_KEY])
def test_a_sign_of_life_is_not_for_ever(all_is_well: Redis, key: str) -> None:
    assert 0 < all_is_well.ttl(key) <= 10


def test_what_waits_is_counted_and_its_age_told(client: Client, all_is_well: Redis) -> None:
    for age in (90, 30):
        all_is_well.xadd(STREAM, {"body": "x"}, id=f"{int((time.time() - age) * 1000)}-0")
    answer = client.get("/healthz")
    inbox = answer.json()["inbox"]
    assert answer.status_code == 200
    assert inbox["entries"] == 2
    assert 89 <= inbox["oldest_seconds"] <= 95


def test_an_inbox_that_nobody_empties_is_unwell(client: Client, all_is_well: Redis) -> None:
    all_is_well.xadd(STREAM, {"body": "x"}, id=f"{int((time.time() - 3600) * 1000)}-0")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert not answer.json()["inbox"]["ok"]


def test_valkey_away_is_told_and_is_no_500(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    answer = client.get("/healthz")
    assert answer.status_code == 503
    down = [name for name, state in answer.json().items() if not state["ok"]]
    assert down == ["valkey", "worker", "watcher", "beat", "inbox"]
    assert str(tmp_path) not in answer.content.decode()


def test_a_database_that_is_away_is_told_without_its_address(
    client: Client, all_is_well: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("could not connect to db.internal as somebody")

    monkeypatch.setattr(server, "_ask_database", away)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["database"] == {"ok": False, "error": "OperationalError"}


async def test_a_database_that_hangs_does_not_hold_up_the_answer(
    async_client: AsyncClient, all_is_well: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PATIENCE", 0.2)
    answered = threading.Event()
    monkeypatch.setattr(server, "_ask_database", lambda: answered.wait(60))
    try:
        answer = await async_client.get("/healthz")
        assert answer.json()["database"] == {"ok": False, "error": "timed out"}
    finally:
        answered.set()


def test_it_may_be_asked_but_not_told(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


def test_a_sign_of_life_with_valkey_away_is_no_error(settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    with heartbeat.client() as connection:
        sign(connection, WORKER_KEY)
