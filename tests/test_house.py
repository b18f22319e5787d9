"""What holds for the project as a whole: its locks, its settings, its commands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-npm.lock"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["server"]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pinned(lock: str) -> dict[str, str]:
    """Return name and version of everything that ``lock`` pins."""
    return {
        canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", read(lock), re.MULTILINE)
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_everything_with_hashes_and_names_no_address(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", read(lock).strip())
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+==\S+ ", entry), entry
        assert "--hash=sha256:" in entry
    assert "://" not in read(lock)
    assert not re.search(r"^-", read(lock), re.MULTILINE), "an option of pip, such as an index"


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", RUNTIME),
        ("requirements-dev.lock", RUNTIME + PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_a_lock_holds_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    versions = pinned(lock)
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)]), requirement


def test_tests_run_with_the_versions_that_the_server_runs_with() -> None:
    assert pinned("requirements.lock").items() <= pinned("requirements-dev.lock").items()


def test_the_chart_librarys_lock_has_hashes_and_names_no_address() -> None:
    lock = json.loads(read("package-lock.json"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert "node_modules/echarts" in packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert "://" not in read("package-lock.json")


def settings_seen_with(settings: str, **environment: str) -> dict[str, str]:
    """Return the addresses that a process with this environment, and no other, would talk to."""
    program = (
        "import json, django; django.setup(); from django.conf import settings as s;"
        "print(json.dumps({'database': s.DATABASES['default']['ENGINE'], 'name': str(s.DATABASES['default']['NAME']),"
        " 'redis': s.REDIS_URL, 'broker': s.CELERY_BROKER_URL, 'home': str(s.TRIAGE_HOME)}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": settings, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_without_settings_everything_is_in_the_servers_own_folder(tmp_path: Path) -> None:
    seen = settings_seen_with("dashboard.settings", TRIAGE_HOME=str(tmp_path))
    assert seen["database"] == "django.db.backends.sqlite3"
    assert seen["name"] == str(tmp_path / "triage.sqlite3")
    assert seen["redis"].startswith("unix://")
    assert seen["broker"].startswith("redis+socket://")


def test_servers_that_the_environment_names_are_used(tmp_path: Path) -> None:
    seen = settings_seen_with(
        "dashboard.settings",
        TRIAGE_HOME=str(tmp_path),
        DATABASE_URL="postgres://somebody@db.example/errors",
        REDIS_URL="redis://redis.example/3",
    )
    assert seen["database"] == "django.db.backends.postgresql"
    assert seen["name"] == "errors"
    assert seen["redis"] == seen["broker"] == "redis://redis.example/3"


def test_the_tests_never_touch_the_servers_that_the_callers_environment_names(tmp_path: Path) -> None:
    seen = settings_seen_with(
        "tests.settings",
        TRIAGE_HOME=str(tmp_path / "precious"),
        DATABASE_URL="postgres://somebody@db.example/precious",
        REDIS_URL="redis://redis.example/3",
    )
    assert "precious" not in json.dumps(seen)
    assert "example" not in json.dumps(seen)


def test_every_setting_is_told_in_the_readme() -> None:
    names = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', read("dashboard/settings.py"))) | {"HOST"}
    assert {"TRIAGE_HOME", "DATABASE_URL", "REDIS_URL", "PORT"} <= names
    readme = read("README.md")
    assert sorted(name for name in names if f"`{name}`" not in readme) == []


def test_make_help_tells_of_every_target() -> None:
    targets = {word for line in re.findall(r"^\.PHONY: (.+)$", read("Makefile"), re.MULTILINE) for word in line.split()}
    outside = {"PATH": os.environ["PATH"]}  # make may be what runs the tests
    told = subprocess.run(["make", "help"], cwd=ROOT, env=outside, capture_output=True, text=True, check=True).stdout
    assert targets == {line.split()[0] for line in told.splitlines()}


def test_the_license_is_the_one_that_the_project_names() -> None:
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0" in read("LICENSE")


def test_ci_runs_without_anybody_and_stops_at_the_first_failure() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
