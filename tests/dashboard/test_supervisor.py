"""The supervisor's parts: what it writes, how it restarts, how its guard ends what is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from dashboard.supervisor import children, output
from dashboard.supervisor.children import Child
from dashboard.supervisor.guard import end_groups
from dashboard.supervisor.output import Lines, Log
from dashboard.supervisor.plan import Plan, Program


class NoGuard:
    """Stands in for the guard, which would fork the test run."""

    def began(self, group: int) -> None:
        """Take note of nothing."""

    def ended(self, group: int) -> None:
        """Take note of nothing."""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with closing(Log(tmp_path / "logs" / "triage.log")) as log:
        yield log


def written(tmp_path: Path) -> str:
    return (tmp_path / "logs" / "triage.log").read_text(encoding="utf-8")


async def until_written(tmp_path: Path, words: str, times: int = 1) -> None:
    """Wait until the log holds ``words``, ``times`` times."""
    async with asyncio.timeout(10):
        while written(tmp_path).count(words) < times:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)


def child(log: Log, *argv: str) -> Child:
    return Child(Program("part", list(argv)), log, NoGuard())  # type: ignore[arg-type]


def test_a_plan_survives_its_journey() -> None:
    plan = Plan("/home", "http://x", ["hello"], [Program("web", ["a", "b"], {"C": "d"})], "/socket", ["key"])
    assert Plan.from_json(plan.to_json()) == plan


def test_lines_are_whole_however_they_arrive() -> None:
    lines = Lines()
    assert lines.feed(b"one\ntw") == [b"one"]
    assert lines.feed(b"o\r\nthree") == [b"two"]
    assert lines.rest() == [b"three"]


def test_a_line_without_an_end_does_not_fill_the_memory() -> None:
    lines = Lines()
    assert sum(map(len, lines.feed(b"x" * 100_000))) > 80_000


def test_every_line_names_its_process_and_moment(log: Log, tmp_path: Path) -> None:
    log.write("web", b"hello")
    moment, name, text = written(tmp_path).split()
    assert moment.startswith("20")
    assert (name, text) == ("web", "hello")


def test_the_log_stays_small(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "_LARGEST_LOG", 1000)
    for number in range(200):
        log.write("web", f"line {number}".encode())
    files = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert files == ["triage.1.log", "triage.2.log", "triage.log"]
    assert sum(path.stat().st_size for path in (tmp_path / "logs").iterdir()) < 4000
    assert "line 199" in written(tmp_path)


def test_routine_work_stands_in_the_log_and_does_not_flood_the_terminal(tmp_path: Path) -> None:
    path, terminal = tmp_path / "logs" / "triage.log", tmp_path / "terminal"
    with terminal.open("wb") as shown, closing(Log(path, terminal=shown.fileno())) as log:
        log.write("worker", b"[2026-11-22 03:37:13,994: INFO/MainProcess] triage.tasks.digest 1 0.078 s entries=3")
        log.write("worker", b"[2026-11-22 03:37:14,001: WARNING/MainProcess] triage.tasks.digest 2 failed")
    assert "entries=3" in path.read_text()
    assert terminal.read_text() == "worker  | " + path.read_text().splitlines()[1].split(" worker  ")[1] + "\n"


def test_a_terminal_that_went_away_stops_nothing(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with closing(Log(tmp_path / "logs" / "triage.log", terminal=writer)) as log:
        log.write("web", b"one")
        log.write("web", b"two")
    os.close(writer)
    assert "two" in written(tmp_path)


async def test_a_part_that_keeps_dying_is_restarted_ever_more_slowly(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "_FIRST_WAIT", 0.01)
    part = child(log, "sh", "-c", "echo dying; exit 3")
    running = asyncio.create_task(part.keep_running())
    await until_written(tmp_path, "restarting", 4)
    await part.stop(1)
    await asyncio.wait_for(running, 5)
    waits = [float(line.split()[-2]) for line in written(tmp_path).splitlines() if "restarting" in line]
    assert waits[:4] == [0.01, 0.02, 0.04, 0.08]
    assert "ended with exit code 3" in written(tmp_path)
    assert "part    dying" in written(tmp_path)


@pytest.mark.parametrize(("code", "ends"), [(0, True), (1, False)])
async def test_a_part_that_may_finish_is_started_again_only_where_it_failed(
    log: Log, tmp_path: Path, code: int, ends: bool
) -> None:
    part = Child(Program("part", ["sh", "-c", f"exit {code}"], may_finish=True), log, NoGuard())  # type: ignore[arg-type]
    running = asyncio.create_task(part.keep_running())
    await until_written(tmp_path, "has finished" if ends else "restarting")
    if not ends:
        await part.stop(1)
    await asyncio.wait_for(running, 5)


async def test_a_program_that_is_not_there_is_said_and_tried_again(log: Log, tmp_path: Path) -> None:
    part = child(log, "/no/such/program")
    running = asyncio.create_task(part.keep_running())
    await until_written(tmp_path, "could not be started")
    await part.stop(1)
    await asyncio.wait_for(running, 5)


async def test_a_part_that_will_not_stop_is_killed_with_its_children(log: Log, tmp_path: Path) -> None:
    deaf = "trap '' TERM; while :; do sleep 0.2; done"
    part = child(log, "sh", "-c", f'sh -c "{deaf}" & echo ready; {deaf}')
    running = asyncio.create_task(part.keep_running())
    await until_written(tmp_path, "part    ready")
    group = int(written(tmp_path).partition("(pid ")[2].partition(")")[0])
    await part.stop(0.3)
    await asyncio.wait_for(running, 5)
    assert "killing it" in written(tmp_path)
    await until_gone(group)


async def test_a_dead_leaders_children_are_ended_though_they_hold_its_pipe(log: Log, tmp_path: Path) -> None:
    part = child(log, "sh", "-c", "sleep 60 & echo ready; wait")
    running = asyncio.create_task(part.keep_running())
    await until_written(tmp_path, "part    ready")
    group = int(written(tmp_path).partition("(pid ")[2].partition(")")[0])
    os.kill(group, signal.SIGKILL)
    await until_written(tmp_path, "was ended by SIGKILL")
    await until_gone(group)
    await part.stop(1)
    await asyncio.wait_for(running, 5)


async def until_gone(group: int) -> None:
    """Wait until a process group is empty; a killed process takes the kernel a moment to end."""
    async with asyncio.timeout(5):
        while living(group):  # noqa: ASYNC110 - nor does the kernel
            await asyncio.sleep(0.02)


def living(group: int) -> list[psutil.Process]:
    """Return the living processes of a process group."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def test_the_guard_ends_the_obedient_at_once_and_the_stubborn_in_the_end() -> None:
    obedient = subprocess.Popen(["sleep", "60"], start_new_session=True)
    deaf = ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]
    stubborn = subprocess.Popen(deaf, start_new_session=True, stdout=subprocess.PIPE)
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    began = time.monotonic()
    end_groups({obedient.pid, stubborn.pid}, 0.5)
    assert obedient.wait(5) == -signal.SIGTERM
    assert stubborn.wait(5) == -signal.SIGKILL
    assert time.monotonic() - began >= 0.5
    stubborn.stdout.close()
