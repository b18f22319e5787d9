"""Types, exception classes and practices in a real browser: they fit, can be read, and a practice can be linked to."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import CONTRAST

ADDRESSES = [
    "/reference/?q=RateLimitError",
    "/reference/types/",
    "/reference/types/invalid_request_error/",
    "/reference/exceptions/",
    "/reference/exceptions/BadRequestError/",
    "/reference/exceptions/BetaSlackChannelSetUpEnvironmentNotFoundError/",
    "/reference/practices/",
    "/reference/causes/image_invalid/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_fits_and_can_be_read(address: str, page_anywhere: Page) -> None:
    page_anywhere.goto(address)
    assert page_anywhere.locator("h1").is_visible()
    assert page_anywhere.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page_anywhere.evaluate(CONTRAST) == []


def test_a_practice_is_shown_where_its_link_leads(page: Page) -> None:
    page.goto("/reference/practices/")
    page.get_by_role("link", name="Size limits by endpoint").click()
    expect(page.locator("#sizes-title")).to_be_in_viewport()
    assert page.url.endswith("#sizes")


def test_a_class_is_found_while_typing(page: Page) -> None:
    page.goto("/reference/")
    page.locator(".reference-search input[name=q]").press_sequentially("FileExpired")
    found = page.get_by_role("link", name="FileExpiredError")
    expect(found).to_be_visible()
    found.click()
    expect(page.locator("h1")).to_have_text("FileExpiredError")
