"""The command line as the README prints it, called by a Python or beside a database that isn't the server's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def manage(tmp_path: Path) -> Path:
    """A checkout's ``manage.py`` alone."""
    return Path(shutil.copy(ROOT / "manage.py", tmp_path))


def call(manage: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    without_packages = [sys.executable, "-I", "-S"]
    return subprocess.run([*without_packages, manage, *arguments], capture_output=True, text=True, check=False)


def test_a_python_without_django_goes_on_with_the_one_in_the_environment_of_make(manage: Path) -> None:
    installed = manage.parent / ".venv" / "bin" / "python"
    installed.parent.mkdir(parents=True)
    installed.write_text('#!/bin/sh\necho "installed: $@"\n')
    installed.chmod(0o755)
    assert call(manage, "diagnose", "529").stdout == f"installed: {manage} diagnose 529\n"


def test_where_nothing_is_installed_the_command_that_does_it_is_named(manage: Path) -> None:
    done = call(manage, "diagnose", "529")
    assert done.returncode == 1
    assert "make install" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [("sign_in_link",), ("ingest_key", "a"), ("export_errors", "--project", "a")],
    ids=lambda command: command[0],
)
def test_a_home_that_no_server_has_prepared_is_named_and_not_shown_as_a_traceback(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", *command],
        env=environment | {"TRIAGE_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "dashboard.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "TRIAGE_HOME and DATABASE_URL must be the same" in done.stderr
    assert "Traceback" not in done.stderr
