#!/usr/bin/env python
"""Django's command line for this project. Called by a Python without Django, it goes on with the one in ``.venv``."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

_INSTALLED = Path(__file__).resolve().parent / ".venv" / "bin" / "python"


def main() -> None:
    """Run the management command that the arguments name."""
    if find_spec("django") is None:
        _go_on_with_the_installed_python()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - settings must be named first

    execute_from_command_line(sys.argv)


def _go_on_with_the_installed_python() -> None:
    if not _INSTALLED.exists() or Path(sys.prefix).resolve() == _INSTALLED.parents[1].resolve():
        sys.exit("This needs Django, which isn't installed here. `make install` puts it into .venv.")
    os.execv(_INSTALLED, [str(_INSTALLED), *sys.argv])  # noqa: S606 - no shell is meant to come between


if __name__ == "__main__":
    main()
