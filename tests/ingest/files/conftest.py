"""Reading a file into Alice's project, as the command does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from triage.ingest.files.forms import FORMS
from triage.ingest.files.importing import Importer, Outcome
from triage.ingest.files.lines import open_file
from triage.models import Project

Import = Callable[..., Outcome]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write lines into a file and return its path."""

    def into(*lines: str, name: str = "a.log") -> Path:
        path = tmp_path / name
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return path

    return into


@pytest.fixture
def import_file(project: Project, valkey: redis.Redis) -> Import:
    """Read one file."""

    def read(path: Path, form: str = "", into: Project | None = None, **options: Any) -> Outcome:
        importer = Importer((into or project).pk, valkey, **{"defaults": {}, **options})
        outcome = Outcome()
        with open_file(str(path)) as opened:
            importer.read(opened, outcome, FORMS.get(form), lambda: None)
        return outcome

    return read


@pytest.fixture
def other_project(db: None) -> Project:
    """Another project."""
    return Project.objects.create(slug="another", name="Another")
