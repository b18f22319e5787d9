"""Ask Claude: the real SDK against the stand-in; masked text only, the server's own people, a budget, own failures."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from pytest_django import Settings

from dashboard import asking
from tests.dashboard.test_diagnose import OVERLOAD
from triage.demo.upstream import serve
from triage.diagnosis import diagnose

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def upstream(monkeypatch: pytest.MonkeyPatch, settings: Settings, valkey: redis.Redis) -> AsyncIterator[str]:
    """The stand-in of the API, and a server with a key for it."""
    settings.ANTHROPIC_API_KEY = "sk-ant-api03-standin"
    async with serve() as address:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", address)
        yield address


async def ask(user: User, text: str = OVERLOAD) -> list[tuple[str, dict[str, Any]]]:
    client = AsyncClient()
    await client.aforce_login(user)
    response = await client.post("/diagnose/ask/", {"text": text})
    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream"
    body = b"".join([chunk async for chunk in response.streaming_content]).decode()
    frames = [frame.split("\n") for frame in body.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in frames]


async def test_the_answer_comes_word_by_word(upstream: str, alice: User) -> None:
    events = await ask(alice)
    assert [name for name, _ in events][-1] == "done"
    assert "".join(data["text"] for name, data in events if name == "text")


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("401", "api_key_invalid"),
        ("529", "overloaded"),
        ("sse_overloaded", "stream_error_midway"),
        ("reset", "connection_reset"),
    ],
)
async def test_a_failure_of_its_own_is_diagnosed(
    fault: str, cause: str, upstream: str, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"{upstream}/s/{fault}")
    monkeypatch.setattr(asking, "_TRIES_AGAIN", 0)
    name, told = (await ask(charlie))[-1]
    assert name == "failed"
    assert told["title"]
    assert told["href"] == f"/reference/causes/{cause}/"


async def test_a_dead_address_is_told_as_such(alice: User, settings: Settings, valkey: Any, monkeypatch: Any) -> None:
    settings.ANTHROPIC_API_KEY = "sk-ant-api03-standin"
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(asking, "_TRIES_AGAIN", 0)
    assert (await ask(alice))[-1][1]["href"] == "/reference/causes/connection_refused/"


async def test_the_days_budget_ends_the_asking(upstream: str, alice: User, bob: User, settings: Settings) -> None:
    settings.TRIAGE_ASK_PER_DAY = 1
    assert (await ask(alice))[-1][0] == "done"
    name, told = (await ask(bob))[-1]
    assert name == "failed"
    assert "TRIAGE_ASK_PER_DAY" in told["title"]


async def test_an_empty_box_asks_nothing_and_costs_nothing(upstream: str, alice: User, settings: Settings) -> None:
    settings.TRIAGE_ASK_PER_DAY = 1
    assert (await ask(alice, " "))[-1][0] == "failed"
    assert (await ask(alice))[-1][0] == "done"


async def test_strangers_may_not_ask_and_without_a_key_nobody_may(alice: User, settings: Settings, valkey: Any) -> None:
    settings.ANTHROPIC_API_KEY = "sk-ant-api03-standin"
    assert (await AsyncClient().post("/diagnose/ask/", {"text": OVERLOAD})).status_code == 401
    settings.ANTHROPIC_API_KEY = ""
    client = AsyncClient()
    await client.aforce_login(alice)
    assert (await client.post("/diagnose/ask/", {"text": OVERLOAD})).status_code == 404


def test_only_masked_words_and_our_own_entry_go_out() -> None:
    secret = "sk-ant-api03-9f8e7d6c5b4a3f2e1d0c"
    told = asking.question(diagnose(OVERLOAD), f"{OVERLOAD} {secret} ada@example.org")
    assert "9f8e7d6c5b4a" not in told
    assert "ada@example.org" not in told
    assert "The API is overloaded" in told
    long = asking.question(diagnose(OVERLOAD), OVERLOAD + "x" * 100_000)
    assert len(long) < 40_000
    assert "no entry that fits" in asking.question(diagnose("nothing known"), "nothing known")


def test_the_page_offers_it_to_people_only_where_there_is_a_key(
    as_alice: Client, as_nobody: Client, settings: Settings
) -> None:
    settings.ANTHROPIC_API_KEY = ""
    assert "data-ask-now" not in as_alice.post("/diagnose/", {"text": OVERLOAD}).content.decode()
    settings.ANTHROPIC_API_KEY = "sk-ant-api03-standin"
    assert "data-ask-now" in as_alice.post("/diagnose/", {"text": OVERLOAD}).content.decode()
    assert "data-ask-now" not in as_nobody.post("/diagnose/", {"text": OVERLOAD}).content.decode()
