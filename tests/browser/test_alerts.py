"""The alerts in a browser: a channel, a rule with its preview in place, and what can be done with it."""

from __future__ import annotations

import uuid

from playwright.sync_api import Page, expect


def test_a_rule_is_made_with_a_look_at_what_it_would_have_fired(page_anywhere: Page, ingest_key: str) -> None:
    page, name = page_anywhere, f"rule {uuid.uuid4().hex[:6]}"
    page.goto("/alerts/?project=shop")
    page.get_by_label("New channel").fill("On call")
    page.get_by_label("Mail addresses, or the URL").fill("oncall@example.org")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("cell", name="o…@example.org").first).to_be_visible()
    page.get_by_role("link", name="New rule").click()
    page.get_by_role("link", name="10 errors in an hour").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("At least (requests with an error)").fill("1000")
    page.get_by_role("button", name="What would it have fired?").click()
    expect(page.locator("#preview")).to_contain_text("it would have stayed quiet")
    expect(page.get_by_label("Name")).to_have_value(name)  # the form is as it was
    page.get_by_role("button", name="Make this rule").click()
    row = page.get_by_role("row", name=name)
    expect(row).to_contain_text("On call")
    row.locator("summary").click()
    box = row.locator(".menu-panel").bounding_box()
    assert box
    assert 0 <= box["x"] <= box["x"] + box["width"] <= page.evaluate("document.documentElement.clientWidth")
    row.get_by_role("button", name="Mute").click()
    expect(page.get_by_role("row", name=name)).to_contain_text("muted until")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
