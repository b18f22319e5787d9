"""The request checker and the part at fault in a real browser: found, shown by name, mended as a download."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_pages import CONTRAST
from tests.dashboard.running import Server

TOOL = {"name": "mcp__jira__search", "input_schema": {"type": "object", "oneOf": [{"required": ["key"]}]}}
REQUEST = {
    "model": "claude-opus-4-8",
    "max_tokens": 100,
    "tools": [TOOL],
    "messages": [{"role": "user", "content": "Hello"}],
}
ERROR = (
    'API Error: 400 {"type":"error","error":{"type":"invalid_request_error","message":"tools.0.custom.input_schema: '
    'input_schema does not support oneOf, allOf, or anyOf at the top level"}}'
)


@pytest.mark.parametrize(
    "address", ["/check/", "/check/?example=tool_use_without_result", "/diagnose/?example=connection_error_unspecified"]
)
def test_every_page_fits_and_can_be_read(address: str, page_anywhere: Page) -> None:
    page_anywhere.goto(address)
    assert page_anywhere.locator("h1").is_visible()
    assert page_anywhere.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page_anywhere.evaluate(CONTRAST) == []


def test_a_request_is_checked_in_place_and_downloaded_mended(page: Page) -> None:
    page.goto("/check/")
    page.locator("#request").fill(json.dumps(REQUEST))
    page.keyboard.press("Control+Enter")
    expect(page.locator(".finding-path")).to_contain_text("tools.0.custom.input_schema.oneOf")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download").click()
    assert coming.value.suggested_filename == "request.mended.json"
    assert "oneOf" not in Path(coming.value.path()).read_text()
    expect(page.locator(".finding-path")).to_be_visible()
    expect(page.locator("#request")).to_have_value(json.dumps(REQUEST))


def test_a_file_is_checked_and_mended_without_being_chosen_twice(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(REQUEST))
    page.goto("/check/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Check", exact=True).click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download").click()
    assert "oneOf" not in Path(coming.value.path()).read_text()


def test_the_link_in_the_answer_opens_the_box_for_the_request_and_the_element_is_named(page: Page) -> None:
    page.goto("/diagnose/")
    page.locator("#paste").fill(ERROR)
    page.keyboard.press("Control+Enter")
    page.get_by_role("link", name="Add the request").click()
    expect(page.locator("#request")).to_be_visible()
    page.locator("#request").fill(json.dumps(REQUEST))
    page.get_by_role("button", name="Diagnose").click()
    expect(page.locator(".element-name")).to_have_text("tools.0 is mcp__jira__search, from server jira")


def test_without_scripts_a_request_is_checked_and_mended_too(server: Server, browser: Browser) -> None:
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.port}", java_script_enabled=False)
    page = context.new_page()
    page.goto("/check/")
    page.locator("#request").fill(json.dumps(REQUEST))
    page.get_by_role("button", name="Check", exact=True).click()
    assert "oneOf" in page.locator(".finding-path").inner_text()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download").click()
    assert "oneOf" not in Path(coming.value.path()).read_text()
    context.close()
