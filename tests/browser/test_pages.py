"""The pages in a real browser: they render, they fit, and they say nothing to the console."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Report

ADDRESSES = ["/", "/issues/", "/requests/", "/health/", "/alerts/"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_renders_and_fits_its_window(address: str, page_anywhere: Page, report: Report) -> None:
    report({"status": 529, "error": {"type": "overloaded_error", "message": "Overloaded"}})
    page_anywhere.goto(address)
    assert page_anywhere.locator("h1").is_visible()
    page_anywhere.wait_for_timeout(300)
    assert page_anywhere.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page_anywhere.evaluate("document.documentElement.classList.contains('js')")


def test_every_text_has_enough_contrast_with_what_is_behind_it(page_anywhere: Page, report: Report) -> None:
    report({"status": 529, "error": {"type": "overloaded_error", "message": "Overloaded"}})
    for address in ADDRESSES:
        page_anywhere.goto(address)
        assert page_anywhere.evaluate(CONTRAST) == [], address


CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(rgba(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((ground, layer) => over(layer, ground), [255, 255, 255, 1]);
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const ground = behind(element);
    const ink = over(rgba(getComputedStyle(element).color), ground);
    const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) poor.push([element.tagName, element.className, ratio.toFixed(2), element.textContent].join(" "));
  }
  return [...new Set(poor)];
}"""
"""Finds texts below the 4.5:1 of WCAG 2.1, 1.4.3."""
