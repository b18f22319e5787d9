"""The check of this server itself."""

from __future__ import annotations

import shutil
from collections import namedtuple

import pytest
from redis import Redis

from dashboard.heartbeat import BEAT_KEY, WATCHER_KEY, WORKER_KEY, sign
from triage.health import Finding
from triage.health.server import check_server

pytestmark = pytest.mark.django_db
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def all_live(valkey: Redis) -> Redis:
    """A Valkey in which the workers and beat have just signed."""
    for key in (WORKER_KEY, WATCHER_KEY, BEAT_KEY):
        sign(valkey, key)
    return valkey


def test_all_parts_are_well(all_live: Redis) -> None:
    outcome = check_server(5)
    assert (outcome.state, outcome.finding) == ("ok", Finding.FINE)
    assert set(outcome.evidence["parts"]) == {
        "web",
        "database",
        "valkey",
        "worker",
        "watcher",
        "beat",
        "inbox",
        "disk",
    }


@pytest.mark.parametrize(("part", "key"), [("worker", WORKER_KEY), ("watcher", WATCHER_KEY), ("beat", BEAT_KEY)])
def test_a_part_that_shows_no_life_fails_the_check_by_name(all_live: Redis, part: str, key: str) -> None:
    all_live.delete(key)
    outcome = check_server(5)
    assert (outcome.state, outcome.finding) == ("fail", Finding.PART_DOWN)
    assert outcome.words == f"Not well: {part} (no sign of life)."


def test_a_full_disk_is_told_before_nothing_can_be_written(all_live: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, 50_000_000))
    outcome = check_server(5)
    assert outcome.state == "fail"
    assert "disk (50 MB are free)" in outcome.words
