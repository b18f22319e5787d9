"""An incident as people meet it: opened by the running server, seen without a reload, annotated, shaded."""

import uuid

from playwright.sync_api import Page, expect

from tests.browser.conftest import Report

OVERLOADED = {"status": 529, "error": {"type": "overloaded_error", "message": "Overloaded"}}
_TWO_LOOKS = 60_000
"""Milliseconds in which the clock strikes often enough, on a machine with much else to do."""
_SHADED = """() => echarts.getInstanceByDom(document.querySelector('.chart-canvas')).getOption().series
  .flatMap((series) => series.markArea?.data ?? []).map(([from, to]) => to.xAxis - from.xAxis)"""


def test_an_incident_opens_by_itself_takes_a_note_and_is_shaded(page: Page, report: Report) -> None:
    page.goto("/incidents/")
    expect(page.locator("[data-live-sign]")).to_have_attribute("data-state", "live")
    report(*[{**OVERLOADED, "service": service} for service in ("checkout", "search") for _ in range(8)])
    row = page.locator("#incidents td a", has_text="The API is overloaded").first
    expect(row).to_be_visible(timeout=_TWO_LOOKS)
    row.click()
    expect(page.locator("h1")).to_contain_text("The API is overloaded")
    words = f"we wait, {uuid.uuid4().hex[:8]}"
    page.locator("#note").fill(words)
    page.evaluate("window.before = 1")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".timeline")).to_contain_text(words)
    expect(page.locator("#note")).to_have_value("")
    assert page.evaluate("window.before"), "the page was not loaded anew"
    (width,) = page.evaluate(_SHADED)
    assert width > 0
    page.goto("/")
    expect(page.locator(".chart-marks a")).to_contain_text("The API is overloaded")
    expect(page.locator("#answer")).to_contain_text("529")
