"""What moves: news without a reload, filters, the chart, the keyboard."""

import re
import uuid

from playwright.sync_api import Page, expect

from tests.browser.conftest import Report

OVERLOADED = {"status": 529, "error": {"type": "overloaded_error", "message": "Overloaded"}}


def overloaded(**more: object) -> dict[str, object]:
    return {**OVERLOADED, "request_id": f"req_011C{uuid.uuid4().hex[:20]}", **more}


def test_a_report_stands_on_the_open_overview_without_a_reload(page: Page, report: Report) -> None:
    report(overloaded())
    page.goto("/")
    expect(page.locator("[data-live-sign]")).to_have_attribute("data-state", "live")
    service = f"s-{uuid.uuid4().hex[:8]}"
    report(overloaded(service=service))
    expect(page.locator(".overview-service")).to_contain_text(service)


def test_news_take_away_neither_focus_nor_what_was_opened_nor_the_chart(page: Page, report: Report) -> None:
    report(overloaded())
    page.goto("/")
    expect(page.locator("[data-live-sign]")).to_have_attribute("data-state", "live")
    page.locator(".chart-table > summary").click()
    page.locator(".overview-model .bar").first.focus()
    page.evaluate("window.before = document.querySelector('.chart-canvas canvas')")
    service = f"s-{uuid.uuid4().hex[:8]}"
    report(overloaded(service=service))
    expect(page.locator(".overview-service")).to_contain_text(service)
    assert page.evaluate("document.activeElement.matches('.overview-model .bar')")
    assert page.evaluate("document.querySelector('.chart-table').open")
    assert page.evaluate("window.before === document.querySelector('.chart-canvas canvas')")


def test_news_wait_while_text_is_selected_and_the_page_says_so(page: Page, report: Report) -> None:
    report(overloaded())
    page.goto("/")
    expect(page.locator("[data-live-sign]")).to_have_attribute("data-state", "live")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#answer'))")
    service = f"s-{uuid.uuid4().hex[:8]}"
    report(overloaded(service=service))
    expect(page.locator("[data-live-sign]")).to_have_text("Paused")
    assert service not in page.locator(".overview-service").inner_text()
    page.evaluate("getSelection().removeAllRanges()")
    expect(page.locator(".overview-service")).to_contain_text(service)


def test_without_the_stream_the_page_polls(page: Page, report: Report) -> None:
    report(overloaded())
    page.route("**/live/**", lambda route: route.fulfill(status=200, content_type="text/event-stream", body=""))
    page.goto("/")
    expect(page.locator("[data-live-sign]")).to_have_text("Every 10 s")


def test_a_row_narrows_the_page_without_a_reload_and_back_widens_it(page: Page, report: Report) -> None:
    model = f"claude-{uuid.uuid4().hex[:6]}"
    report(*[overloaded(model=model) for _ in range(60)])
    page.goto("/")
    page.evaluate("window.sameDocument = true")
    page.locator(".overview-model .bar", has_text=model).click()
    expect(page.locator(".pill")).to_contain_text(model)
    assert f"model={model}" in page.url
    assert page.evaluate("window.sameDocument")
    page.go_back()
    expect(page.locator(".pill")).to_have_count(0)


def test_hovering_the_chart_tells_exact_numbers_and_dragging_chooses_a_window(page: Page, report: Report) -> None:
    report(*[overloaded() for _ in range(5)])
    page.goto("/?window=15m")
    expect(page.locator(".chart-canvas canvas")).to_be_visible()
    box = page.locator(".chart-canvas").bounding_box()
    expect(page.locator(".chart-table tbody tr")).not_to_have_count(0)
    for share in (0.97, 0.92, 0.86):  # the minute of the report is the last, or one before it
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        page.wait_for_timeout(200)
        if "Attempts, failed" in page.locator(".chart-tip").inner_text():
            break
    expect(page.locator(".chart-tip")).to_contain_text("Attempts, failed")
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2, steps=6)
    page.mouse.up()
    page.wait_for_url(re.compile(r"from=.*&to="))
    assert "window=" not in page.url


def test_without_the_chart_library_the_table_says_the_same(page: Page, report: Report) -> None:
    report(overloaded())
    page.route("**/echarts*", lambda route: route.fulfill(status=200, content_type="text/javascript", body=""))
    page.goto("/")
    expect(page.locator(".chart-table table")).to_be_visible()
    expect(page.locator(".chart-canvas")).to_be_hidden()


def test_the_keyboard_alone_finds_an_issue_resolves_it_and_searches(page: Page, report: Report) -> None:
    report({"status": 418, "error": {"type": f"teapot_{uuid.uuid4().hex[:6]}", "message": "short and stout"}})
    page.goto("/issues/?q=stout")
    expect(page.locator("[data-row]")).not_to_have_count(0)
    page.keyboard.press("j")
    expect(page.locator("[data-row][aria-selected=true]")).to_have_count(1)
    page.keyboard.press("e")
    expect(page.locator("[data-toasts]")).to_contain_text("Resolved one issue.")
    page.keyboard.press("?")
    expect(page.locator("#keys-help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("529")
    page.keyboard.press("Enter")
    page.wait_for_url("**/reference/codes/529/")


def test_a_request_is_opened_by_its_id_from_the_search(page: Page, report: Report) -> None:
    told = overloaded()
    report(told)
    page.goto("/requests/")
    expect(page.locator("#requests")).to_contain_text(told["request_id"])
    page.keyboard.press("/")
    page.keyboard.type(told["request_id"])
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Failed: The API is overloaded")
    expect(page.locator("#request-id")).to_have_text(told["request_id"])


def test_all_of_it_can_be_read_and_done_without_javascript(
    server: object, browser: object, session: object, report: Report
) -> None:
    report({"status": 418, "error": {"type": f"teapot_{uuid.uuid4().hex[:6]}", "message": "no script"}})
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.port}", storage_state=session, java_script_enabled=False
    )
    page = context.new_page()
    for _ in range(20):  # nothing on this page tells it of news
        page.goto("/issues/?q=no+script")
        if page.locator("input[name=issue]").count():
            break
        page.wait_for_timeout(250)
    page.locator("input[name=issue]").first.check()
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("[data-toasts]")).to_contain_text("Resolved one issue.")
    page.goto("/")
    page.locator(".overview-cause .bar").first.click()
    expect(page.locator(".pill").first).to_be_visible()
    page.locator(".chart-table > summary").click()
    expect(page.locator(".chart-table table")).to_be_visible()
    context.close()
