"""Ask Claude in a real browser: the answer streams into the page as a model's, its own failures are diagnosed."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import owner_session
from tests.dashboard.running import Server
from triage.demo.upstream import serve

UNKNOWN = 'HTTP 400 {"type":"error","error":{"type":"invalid_request_error","message":"the frobnicator is misaligned"}}'


class Road:
    """The way to the stand-in of the API: hands all bytes on, and asks for ``fault`` while one is set."""

    def __init__(self) -> None:
        """Open it in a thread of its own, since the browser's tests block theirs."""
        self.fault = ""
        self.address = ""
        self._open = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))
        self._thread.start()
        assert self._open.wait(20)

    async def _run(self) -> None:
        self._over = asyncio.Event()
        async with serve() as upstream:
            self._port = int(upstream.rpartition(":")[2])
            listener = await asyncio.start_server(self._hand_on, "127.0.0.1", 0)
            self.address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            self._open.set()
            await self._over.wait()
            listener.close()

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(self._copy(reader, here, asking=True), self._copy(there, writer))

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, asking: bool = False) -> None:
        while part := await source.read(65_536):
            wanted = f"POST /s/{self.fault}/v1/".encode() if asking and self.fault else b"POST /v1/"
            target.write(part.replace(b"POST /v1/", wanted, 1))
            await target.drain()
        target.close()

    def close(self) -> None:
        """Close it and wait until it is closed."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(20)
        self._loop.close()


@pytest.fixture(scope="module")
def road() -> Iterator[Road]:
    """A road that stays open for the tests of this file."""
    road = Road()
    yield road
    road.close()


@pytest.fixture(scope="module")
def asking(road: Road, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A whole server with a key for the stand-in."""
    server = Server(
        tmp_path_factory.mktemp("triage-asking"),
        ANTHROPIC_BASE_URL=road.address,
        ANTHROPIC_API_KEY="sk-ant-api03-standin",
    )
    yield server
    server.stop()


@pytest.fixture(scope="module")
def diagnosed(asking: Server, browser: Browser) -> Iterator[Page]:
    """The owner's page with an answer on it."""
    state = owner_session(asking, browser)
    context = browser.new_context(base_url=f"http://127.0.0.1:{asking.port}", storage_state=state)
    page = context.new_page()
    page.goto("/diagnose/")
    page.locator("#paste").fill(UNKNOWN)
    page.get_by_role("button", name="Diagnose", exact=True).click()
    yield page
    context.close()


def test_the_answer_streams_into_the_page_and_is_marked_as_a_models(diagnosed: Page, road: Road) -> None:
    road.fault = ""
    diagnosed.get_by_role("button", name="Explain my case").click()
    expect(diagnosed.locator(".ask-words")).not_to_be_empty()
    expect(diagnosed.locator(".ask-answer .badge")).to_have_text("A model's answer: it may be wrong")
    expect(diagnosed.locator(".ask-answer .badge")).to_be_visible()
    expect(diagnosed.locator("[data-ask-failed]")).to_be_hidden()


@pytest.mark.parametrize(("fault", "cause"), [("401", "api_key_invalid"), ("529", "overloaded")])
def test_a_failure_of_the_question_is_diagnosed_in_place(fault: str, cause: str, diagnosed: Page, road: Road) -> None:
    road.fault = fault
    diagnosed.get_by_role("button", name="Explain my case").click()
    failed = diagnosed.locator("[data-ask-failed]")
    expect(failed.get_by_role("link", name="What that means")).to_have_attribute("href", f"/reference/causes/{cause}/")
    expect(failed).to_be_visible()
    expect(failed.locator("[data-ask-detail]")).not_to_be_empty()
    expect(diagnosed.locator(".ask-answer")).to_be_hidden()
