"""The pages that explain and connect, in a real browser: pasting, walking, searching, and lights that turn green."""

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Report
from tests.browser.test_pages import CONTRAST

ADDRESSES = [
    "/diagnose/",
    "/diagnose/?example=tool_use_without_result",
    "/walk/",
    "/walk/?answers=answer=client,error_code=no",
    "/walk/?answers=answer=ok,inside_ok=foreign",
    "/reference/",
    "/reference/?q=credit",
    "/reference/codes/529/",
    "/reference/causes/tool_use_without_result/",
    "/connect/?project=shop&with=python",
    "/settings/",
    "/settings/projects/shop/",
]
OVERLOAD = 'API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_renders_fits_and_can_be_read(address: str, page_anywhere: Page, ingest_key: str) -> None:
    page_anywhere.goto(address)
    assert page_anywhere.locator("h1").is_visible()
    assert page_anywhere.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page_anywhere.evaluate(CONTRAST) == []


def test_a_paste_is_diagnosed_at_once_without_a_reload(page: Page) -> None:
    page.goto("/diagnose/")
    page.evaluate("window.sameDocument = true")
    page.locator("#paste").focus()
    page.evaluate(
        """text => {
          const box = document.querySelector("#paste");
          box.value = text;
          box.dispatchEvent(new ClipboardEvent("paste", { bubbles: true }));
        }""",
        OVERLOAD,
    )
    expect(page.locator(".diagnosis-title")).to_have_text("The API is overloaded")
    expect(page.locator("mark.mark-evidence").first).to_be_visible()
    assert page.evaluate("window.sameDocument")


def test_typing_and_ctrl_enter_diagnose_too(page: Page) -> None:
    page.goto("/diagnose/")
    page.locator("#paste").fill(OVERLOAD)
    page.locator("#paste").press("Control+Enter")
    expect(page.locator(".diagnosis-title")).to_have_text("The API is overloaded")


def test_an_empty_box_says_so_without_losing_the_page(page: Page) -> None:
    page.goto("/diagnose/")
    page.get_by_role("button", name="Diagnose").click()
    expect(page.locator("#answer")).to_contain_text("nothing in the box")


def test_the_language_chosen_once_holds_on_the_next_page(page: Page) -> None:
    page.goto("/reference/causes/tool_use_without_result/")
    page.locator(".snippet-choice", has_text="TypeScript").first.click()
    expect(page.locator('[data-snippet="python"]').first).to_be_hidden()
    page.goto("/reference/codes/529/")
    expect(page.locator('[data-snippet="typescript"]').first).to_be_visible()
    expect(page.locator('[data-snippet="python"]').first).to_be_hidden()


def test_the_walk_goes_on_in_place_and_back_takes_a_step_back(page: Page) -> None:
    page.goto("/walk/")
    page.evaluate("window.sameDocument = true")
    page.get_by_role("link", name="400 to 499").click()
    expect(page.locator("#question")).to_contain_text("error.details.error_code")
    assert page.url.endswith("?answers=answer=client")
    assert page.evaluate("window.sameDocument")
    expect(page.locator("#question")).to_be_focused()
    page.go_back()
    expect(page.locator("#question")).to_contain_text("Did an HTTP answer come back")


def test_the_walk_inside_a_diagnosis_leaves_the_diagnosis_standing(page: Page) -> None:
    page.goto("/diagnose/")
    page.locator("#paste").fill("API Error: 400")
    page.locator("#paste").press("Control+Enter")
    first = page.locator("#question").inner_text()
    page.locator(".walk-question .walk-choices a").first.click()
    expect(page.locator("#question")).not_to_have_text(first)
    expect(page.locator(".diagnosis-title")).to_contain_text("The request was refused")
    assert page.url.endswith("/diagnose/")


def test_the_search_finds_while_one_types_and_keeps_the_address(page: Page) -> None:
    page.goto("/reference/")
    page.locator(".reference-search input[type=search]").press_sequentially("credit bal", delay=30)
    expect(page.locator("#results")).to_contain_text("Prepaid API credit is used up")
    expect(page.locator("#results")).not_to_contain_text("The API is overloaded")
    expect(page).to_have_url(re.compile(r"q=credit(\+|%20)bal"))
    expect(page.locator(".reference-search input[type=search]")).to_be_focused()


def test_a_light_turns_green_by_itself(page: Page, report: Report) -> None:
    project = uuid.uuid4().hex[:8]
    page.goto("/settings/")
    page.locator("#project-name").fill(project)
    page.get_by_role("button", name="Make it").click()
    page.goto(f"/connect/?project={project}&with=curl")
    expect(page.locator("#lamp-curl")).to_have_class(re.compile("lamp--waiting"))
    page.goto("/connect/?project=shop&with=curl")
    report({"status": 200})
    expect(page.locator("#lamp-curl")).to_have_class(re.compile("lamp--live"))
    expect(page.locator("#heard-curl")).to_contain_text("checkout")


def test_a_new_key_stands_in_the_lines_of_each_tab(page: Page, ingest_key: str) -> None:
    page.goto("/connect/?project=shop")
    page.get_by_role("button", name="Make a new key").click()
    key = page.locator("#new-key").inner_text()
    assert key.startswith("tri_")
    for way in ("python", "curl", "claude-code"):
        page.locator(f'[data-way="{way}"]').click()
        expect(page.locator(f"#way-{way} pre", has_text=key).first).to_be_visible()
        assert page.locator("[data-way-panel]:visible").count() == 1
    assert "/connect/?project=shop" in page.url
