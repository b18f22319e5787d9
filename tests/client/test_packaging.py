"""What ``pip install`` of the project gives a program that reports: the client, and the SDK with it."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_package_holds_the_client_alone_and_needs_the_sdk_alone() -> None:
    assert PROJECT["tool"]["setuptools"]["packages"] == ["triage.client"]
    [only] = PROJECT["project"]["dependencies"]
    assert only.startswith("anthropic>=")


def test_every_file_of_the_client_is_installed() -> None:
    data = PROJECT["tool"]["setuptools"]["package-data"]["triage.client"]
    files = {path.name for path in (ROOT / "triage" / "client").iterdir() if path.is_file()}
    assert {name for name in files if not name.endswith(".py")} == set(data)
    assert not [path for path in (ROOT / "triage" / "client").iterdir() if path.is_dir() and path.name != "__pycache__"]
