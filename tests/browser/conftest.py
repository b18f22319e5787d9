"""A real server and a real Chromium. A page that writes an error to the console fails its test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.dashboard.running import ROOT, Server

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((path for name in _NAMES if (path := shutil.which(name))), "")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=20_000)  # a machine that does nothing else takes a tenth of it

Report = Callable[..., None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder; without a browser they are skipped, but never in CI."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM and os.environ.get("CI") != "true":
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The whole server as ``make up`` runs it."""
    running = Server(tmp_path_factory.mktemp("triage-browser"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for the tests of one file: Playwright keeps an event loop running, which other files' tests need."""
    assert CHROMIUM, "CI=true asks for a browser, and there is none"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def session(server: Server, browser: Browser) -> Any:
    """The owner's session on the server of all files."""
    return owner_session(server, browser)


def owner_session(server: Server, browser: Browser) -> Any:
    """Return a session of the owner: whoever opens a printed address is signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(_manage(server, "sign_in_link", "--base", f"http://127.0.0.1:{server.port}"))
    page.wait_for_url(lambda url: "/sign-in/" not in url)  # the page of the link sends its form by itself
    state = context.storage_state()
    context.close()
    return state


def _manage(server: Server, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "TRIAGE_HOME": str(server.home), "DJANGO_SETTINGS_MODULE": "dashboard.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture(params=["1440-light", "390-dark"])
def surroundings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A wide bright window, and a narrow dark one."""
    width, scheme = request.param.split("-")
    return {"viewport": {"width": int(width), "height": 900}, "color_scheme": scheme}


@pytest.fixture
def page(server: Server, browser: Browser, session: Any) -> Iterator[Page]:
    """A page of the owner's browser, on the server's address."""
    yield from _page(server, browser, storage_state=session, viewport={"width": 1440, "height": 900})


@pytest.fixture
def page_anywhere(server: Server, browser: Browser, session: Any, surroundings: dict[str, Any]) -> Iterator[Page]:
    """The same in each of the surroundings."""
    yield from _page(server, browser, storage_state=session, **surroundings)


def _page(server: Server, browser: Browser, **options: Any) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(base_url=f"http://127.0.0.1:{server.port}", **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def ingest_key(server: Server) -> str:
    """A key that reports into the project ``shop``."""
    return _manage(server, "ingest_key", "shop")


@pytest.fixture
def report(server: Server, ingest_key: str) -> Report:
    """Report tries as a client does, over HTTP."""

    def send(*tries: dict[str, Any]) -> None:
        told = [{"id": uuid.uuid4().hex, "model": "claude-opus-4-8", "service": "checkout", **each} for each in tries]
        request = urllib.request.Request(
            f"http://127.0.0.1:{server.port}/api/v1/attempts",
            json.dumps(told).encode(),
            {"Authorization": f"Bearer {ingest_key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 202

    return send
