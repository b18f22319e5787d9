"""The command line as the README prints it, called by a Python that nothing is installed for."""

from __future__ import annotations

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
