"""The containers' own commands, run without containers: the same words, on a real PostgreSQL and Redis.

There is no engine on a machine that only builds; what can be wrong all the same is the compose file's form,
the commands that it gives, and the settings that it hands over. Those are tried here.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql

from tests.dashboard.running import free_port, wait_until
from triage.ingest.valkey_options import VALKEY_OPTIONS

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if service.get("image") == "triage"}


def test_the_compose_file_follows_its_specification() -> None:
    checker = [Path(sys.executable).parent / "check-jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*checker, "docker-compose.yml"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_web_workers_and_beat_share_one_image() -> None:
    assert set(OURS) == {"migrate", "web", "worker", "watcher", "beat"}


def test_nothing_of_ours_starts_before_the_database_is_migrated() -> None:
    for name in ("web", "worker", "watcher", "beat"):
        assert OURS[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert OURS["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_everything_that_stays_up_has_a_health_check() -> None:
    assert [name for name, service in COMPOSE["services"].items() if "healthcheck" not in service] == ["migrate"]


def test_redis_keeps_what_it_acknowledged_as_the_embedded_valkey_does() -> None:
    words = COMPOSE["services"]["redis"]["command"][1:]
    assert dict(zip(words[::2], words[1::2], strict=True)) == {
        f"--{name}": value for name, value in VALKEY_OPTIONS.items()
    }


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD"):
        assert set(re.findall(rf"\$\{{{name}(.)", text)) == {":"}
        assert not re.search(rf"\$\{{{name}:?-", text)


def test_the_image_runs_as_nobody_in_particular() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE) == ["triage"]


def test_the_image_is_given_only_files_that_exist() -> None:
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line.startswith("!"):
            assert (ROOT / line[1:]).exists(), line


@pytest.fixture
def database_address() -> Iterator[str]:
    """The address of a new, empty database on the PostgreSQL that TEST_DATABASE_URL names."""
    server = os.environ.get("TEST_DATABASE_URL", "")
    if not server.startswith("postgres"):
        pytest.skip("TEST_DATABASE_URL names no PostgreSQL")
    name = f"triage_containers_{os.getpid()}"
    address = server.rpartition("/")[0] + "/" + name
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield address
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class Containers:
    """Runs the commands of the compose file's services as processes of this machine."""

    def __init__(self, folder: Path, port: int, database: str, redis: str) -> None:
        """Remember what stands for the containers' network: other addresses, the same commands."""
        self._folder = folder
        self._port = port
        self._addresses = {"DATABASE_URL": database, "REDIS_URL": redis}

    def environment(self, name: str) -> dict[str, str]:
        """Return what a container would see: the image's settings and the service's, and nothing of this machine's."""
        image = {"TRIAGE_HOME": str(self._folder / name), "TRIAGE_STATIC_ROOT": str(self._folder / "staticfiles")}
        service = {key: _filled_in(value) for key, value in OURS[name]["environment"].items() if value}
        return {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **image, **service, **self._addresses}

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start the service's command; the port is the only word that is changed."""
        return self._start(name, [word.replace("8000", str(self._port)) for word in OURS[name]["command"]])

    def is_healthy(self, name: str) -> bool:
        """Run the service's health check."""
        words = [word.replace("8000", str(self._port)) for word in OURS[name]["healthcheck"]["test"][1:]]
        return self._start(name, words, stderr=subprocess.DEVNULL).wait(20) == 0

    def _start(self, name: str, words: list[str], **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(words, cwd=ROOT, env=self.environment(name), **options)


def _filled_in(value: str) -> str:
    """Fill in variables as compose does: a default where there is one, else something."""
    return re.sub(r"\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}", lambda found: found[1] or "something", value)


@pytest.fixture
def containers(tmp_path: Path, database_address: str, valkey_server: str) -> Containers:
    """The services with a database and a Redis to talk to."""
    return Containers(tmp_path, free_port(), database_address, valkey_server)


def test_the_containers_commands_make_a_healthy_server(containers: Containers) -> None:
    subprocess.run(
        ["python", "manage.py", "collectstatic", "--no-input", "-v0"],
        cwd=ROOT,
        env=containers.environment("web"),
        check=True,
    )
    assert containers.start("migrate").wait(60) == 0
    with ExitStack() as running:
        for name in ("web", "worker", "watcher", "beat"):
            process = containers.start(name)
            running.callback(_stop, process, name)
            if name != "web":
                wait_until(_and_alive(process, partial(containers.is_healthy, name)), f"{name} is healthy")
        wait_until(lambda: containers.is_healthy("web"), "every part is well")


def _and_alive(process: subprocess.Popen[bytes], question: Callable[[], bool]) -> Callable[[], bool]:
    def ask() -> bool:
        assert process.poll() is None, f"ended with exit code {process.returncode}"
        return question()

    return ask


def _stop(process: subprocess.Popen[bytes], name: str) -> None:
    """Stop a container as its engine does; it has to end in good order within the grace period."""
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(10) == 0, f"{name} ended with exit code {process.returncode}"
    finally:
        process.kill()
        process.wait()
