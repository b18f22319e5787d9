"""The whole server, run as a person runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.dashboard.running import PATIENCE, Server, free_port, processes_of, start, wait_until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that leave it running."""
    server = Server(tmp_path_factory.mktemp("running") / "home")
    yield server
    server.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may end as it likes."""
    server = Server(tmp_path / "home")
    yield server
    server.stop()


def test_it_greets_when_every_part_is_well(server: Server) -> None:
    assert re.search(rf"^  http://127\.0\.0\.1:{server.port}/sign-in/[\w-]{{32}}/$", server.greeting, re.MULTILINE)
    status, parts = server.health()
    assert status == 200, parts
    assert set(parts) == {"web", "database", "valkey", "worker", "watcher", "beat", "inbox", "disk"}


def test_the_sign_in_address_is_not_written_to_the_log(server: Server) -> None:
    assert "/sign-in/" in server.greeting
    assert "/sign-in/" not in server.log


def test_its_secrets_are_its_owners_alone(server: Server) -> None:
    assert stat.S_IMODE((server.home / "secret_key").stat().st_mode) == 0o600
    assert stat.S_IMODE(server.home.stat().st_mode) == 0o700


def test_everything_it_writes_is_in_its_folder(server: Server) -> None:
    assert {"triage.sqlite3", "valkey", "logs", "staticfiles"} <= {path.name for path in server.home.iterdir()}


def test_static_files_are_served_for_a_year_under_hashed_names(server: Server) -> None:
    names = json.loads((server.home / "staticfiles" / "staticfiles.json").read_text())["paths"]
    plain, hashed = next((plain, hashed) for plain, hashed in names.items() if plain.startswith("django_htmx/"))
    assert plain != hashed
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/static/{hashed}") as answer:
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert "javascript" in answer.headers["Content-Type"]


def test_all_processes_together_stay_under_500_megabytes(server: Server) -> None:
    resident = sum(process.memory_info().rss for process in server.processes())
    assert resident < 500e6


def test_a_second_server_in_the_same_folder_is_refused(server: Server) -> None:
    second = start(server.home, free_port())
    output, _ = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert "running" in output
    assert str(server.process.pid) in output
    assert "Traceback" not in output
    assert server.health()[0] == 200


def test_a_taken_port_is_one_clear_line_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = start(tmp_path / "home", port)
        output, _ = refused.communicate(timeout=PATIENCE)
    assert refused.returncode == 1
    assert len(output.strip().splitlines()) == 1
    assert f"port {port}" in output
    assert "PORT=" in output
    assert not (tmp_path / "home" / "triage.sqlite3").exists()


def test_a_database_that_is_away_is_one_clear_line(tmp_path: Path) -> None:
    nowhere = f"postgres://somebody:hidden@127.0.0.1:{free_port()}/nothing"
    refused = start(tmp_path / "home", free_port(), DATABASE_URL=nowhere)
    output, _ = refused.communicate(timeout=PATIENCE)
    assert refused.returncode == 1
    assert "DATABASE_URL" in output
    assert "Traceback" not in output
    assert "hidden" not in output


def test_a_redis_that_is_away_is_one_clear_line(tmp_path: Path) -> None:
    refused = start(tmp_path / "home", free_port(), REDIS_URL=f"redis://:hidden@127.0.0.1:{free_port()}/0")
    output, _ = refused.communicate(timeout=PATIENCE)
    assert refused.returncode == 1
    assert "REDIS_URL" in output
    assert "Traceback" not in output
    assert "hidden" not in output


@pytest.mark.parametrize("name", ["web", "worker", "watcher", "beat", "valkey"])
def test_a_killed_part_comes_back_and_the_log_says_so(server: Server, name: str) -> None:
    killed = server.last_pid_of(name)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: server.last_pid_of(name) != killed, f"{name} is started again")
    assert f"{name} was ended by SIGKILL; restarting it" in server.log
    wait_until(lambda: server.health()[0] == 200, f"all is well after {name} was killed")


def test_sigterm_ends_every_process_within_ten_seconds(own_server: Server) -> None:
    assert len(own_server.processes()) >= 5
    began = time.monotonic()
    own_server.process.send_signal(signal.SIGTERM)
    assert own_server.process.wait(PATIENCE) == 0
    assert time.monotonic() - began < 10
    assert own_server.processes() == []


def test_a_killed_supervisor_leaves_no_process_behind(own_server: Server) -> None:
    own_server.process.kill()
    own_server.process.wait(PATIENCE)
    wait_until(lambda: processes_of(own_server.home) == [], "every process has ended")


def test_a_killed_supervisor_and_guard_leave_no_process_behind(own_server: Server) -> None:
    if not psutil.LINUX:
        pytest.skip("only Linux tells a process that its parent died")
    for process in [each for each in own_server.processes() if "dashboard.supervisor" in each.cmdline()]:
        process.kill()
    own_server.process.wait(PATIENCE)
    wait_until(lambda: processes_of(own_server.home) == [], "every process has ended")
