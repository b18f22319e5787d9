"""The health page in a browser: checks are run by a button, and their progress is seen without a reload."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def test_run_now_shows_progress_and_then_what_was_found(page: Page) -> None:
    page.goto("/health/")
    page.get_by_role("button", name="Run all now").click()
    expect(page.locator(".check-progress progress")).to_be_attached()
    expect(page.locator(".check-progress progress")).not_to_be_attached(timeout=30_000)
    expect(page.get_by_text("127.0.0.1:9 refuses connections.").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"/health/$"))


def test_nothing_sticks_out_of_the_page(page_anywhere: Page) -> None:
    page_anywhere.goto("/health/")
    expect(page_anywhere.get_by_role("heading", name="From this server")).to_be_visible()
    wide = page_anywhere.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
