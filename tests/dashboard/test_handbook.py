"""Error types, exception classes and practices: each has its page, found by name, open to whom it should be."""

from __future__ import annotations

import importlib
import re

import anthropic
import pytest
from django.template import Context, Template
from django.test import Client
from pytest_django import Settings

from dashboard.catching import catching_lines, printed_form
from dashboard.handbook_search import search_handbook
from dashboard.limit_rows import limit_rows
from triage.knowledge import load
from triage.knowledge.reference import load_reference

PAGES = (
    "/reference/types/",
    "/reference/types/overloaded_error/",
    "/reference/exceptions/",
    "/reference/exceptions/OverloadedError/",
    "/reference/practices/",
)


@pytest.mark.parametrize("address", PAGES)
def test_strangers_may_read_it_by_default(
    address: str, as_alice: Client, as_bob: Client, as_charlie: Client, as_nobody: Client
) -> None:
    for client in (as_alice, as_bob, as_charlie, as_nobody):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", PAGES)
def test_a_closed_reference_is_for_people_with_an_account(
    address: str, as_alice: Client, as_bob: Client, as_charlie: Client, as_nobody: Client, settings: Settings
) -> None:
    settings.OPEN_REFERENCE = False
    for client in (as_alice, as_bob, as_charlie):
        assert client.get(address).status_code == 200
    response = as_nobody.get(address)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/sign-in/")


def test_every_type_has_its_page_with_verdict_causes_and_sources(as_nobody: Client) -> None:
    listed = as_nobody.get("/reference/types/").content.decode()
    for slug, entry in load_reference().types.items():
        assert f'href="/reference/types/{slug}/"' in listed
        page = as_nobody.get(f"/reference/types/{slug}/").content.decode()
        assert "verdict--" in page, slug
        assert f'href="/reference/causes/{entry.causes[0]}/"' in page, slug
        assert page.count("checked 20") == len(entry.sources), slug


def test_every_exception_class_has_its_page(as_nobody: Client) -> None:
    listed = as_nobody.get("/reference/exceptions/").content.decode()
    for name, entry in load_reference().exceptions.items():
        assert f'href="/reference/exceptions/{name}/"' in listed
        response = as_nobody.get(f"/reference/exceptions/{name}/")
        assert response.status_code == 200, name
        page = response.content.decode()
        assert ("The SDK tries again by itself" in page) == entry.retried, name
        assert page.count("checked 20") == len(entry.sources), name
        for cause in entry.causes:
            assert f'href="/reference/causes/{cause}/"' in page, name


def test_a_class_shows_what_it_inherits_and_what_is_below_it(as_nobody: Client) -> None:
    page = as_nobody.get("/reference/exceptions/RateLimitError/").content.decode()
    assert "(from APIStatusError)" in page
    assert "/reference/exceptions/RampLimitExceededError/" in page
    assert "What to do" in page


def test_a_former_name_leads_to_the_present_one(as_nobody: Client) -> None:
    response = as_nobody.get("/reference/exceptions/RequestTooLargeError/")
    assert response.status_code == 302
    assert response.headers["Location"] == "/reference/exceptions/ContentTooLargeError/"


def test_what_is_not_known_is_not_found(as_nobody: Client) -> None:
    assert as_nobody.get("/reference/types/nothing_error/").status_code == 404
    assert as_nobody.get("/reference/exceptions/NothingError/").status_code == 404


def test_the_practices_say_who_does_what_and_what_is_outdated(as_nobody: Client) -> None:
    page = as_nobody.get("/reference/practices/").content.decode()
    reference = load_reference()
    for slug in (*reference.practices, *reference.topics):
        assert f'id="{slug}"' in page
        assert f'href="#{slug}"' in page
    assert page.count("Often advised") == sum(len(each.outdated) for each in reference.practices.values())
    assert page.count("Not here yet") == sum(each.state == "not_yet" for each in reference.practices.values())
    assert "256 MB" in page


def test_the_ids_of_the_practices_page_are_unique(as_nobody: Client) -> None:
    ids = re.findall(r' id="([^"]+)"', as_nobody.get("/reference/practices/").content.decode())
    assert len(ids) == len(set(ids))


def test_the_lines_that_catch_a_class_name_what_the_sdk_has() -> None:
    reference = load_reference()
    seen = 0
    for entry in reference.exceptions.values():
        for snippet in catching_lines(entry, reference):
            if snippet.language != "python":
                continue
            seen += 1
            compile(snippet.code, entry.name, "exec")
            module, _, name = snippet.code.splitlines()[0].removeprefix("from ").partition(" import ")
            caught = getattr(importlib.import_module(module), name) if name else getattr(anthropic, entry.name)
            assert caught.__name__ == entry.name
    assert seen > 110


def test_the_printed_form_is_the_one_that_a_traceback_ends_with() -> None:
    reference, codes = load_reference(), load().codes
    shown = printed_form(reference.exceptions["FileExpiredError"], codes["404"])
    assert shown.startswith("anthropic.types.file_expired_error.FileExpiredError: Error code: 404 - {'type': 'error'")
    assert "'details': {'error_code': 'file_expired'}" in shown
    assert (
        printed_form(reference.exceptions["APIConnectionError"], None)
        == "anthropic.APIConnectionError: Connection error."
    )
    assert printed_form(reference.exceptions["RetryableError"], None) == ""


def test_endpoints_with_the_same_limit_share_a_row() -> None:
    rows = {row.name: row.value for row in limit_rows(["body_bytes", "image_side"])}
    assert rows["Size of one request: Messages, Token counting"] == "32 MB"
    assert rows["Size of one request: Amazon Bedrock"] == "20 MB"
    assert rows["Width or height of one image"] == "8,000 px"


@pytest.mark.parametrize(
    ("query", "kind", "name"),
    [
        ("overloaded_error", "type", "overloaded_error"),
        ("OverloadedError", "exception", "OverloadedError"),
        ("file_expired", "exception", "FileExpiredError"),
        ("APIConnectionTimeoutError", "exception", "APITimeoutError"),
        ("RequestTooLargeError", "exception", "ContentTooLargeError"),
        ("keep-alive", "topic", "long_requests"),
        ("retry loop max_retries", "practice", "one_layer_of_retries"),
        ("Request timed out or interrupted. This could be due to a network timeout", "exception", "APITimeoutError"),
    ],
)
def test_the_search_finds_what_is_no_code_and_no_cause(query: str, kind: str, name: str) -> None:
    assert (kind, name) in [(each.kind, each.name) for each in search_handbook(query)][:2]


def test_no_words_find_nothing_and_all_words_have_to_be_found() -> None:
    assert search_handbook("  ") == []
    assert search_handbook("overloaded zebra") == []


def test_the_reference_page_leads_there(as_nobody: Client) -> None:
    front = as_nobody.get("/reference/").content.decode()
    for address in ("/reference/types/", "/reference/exceptions/", "/reference/practices/"):
        assert f'href="{address}"' in front
    found = as_nobody.get("/reference/?q=FileExpiredError").content.decode()
    assert 'href="/reference/exceptions/FileExpiredError/"' in found
    assert "Nothing here holds all of these words" not in found


def test_codes_and_causes_link_types_classes_and_error_codes(as_nobody: Client) -> None:
    code = as_nobody.get("/reference/codes/429/").content.decode()
    assert 'href="/reference/types/rate_limit_error/"' in code
    assert 'href="/reference/exceptions/RateLimitError/"' in code
    cause = as_nobody.get("/reference/causes/file_expired/").content.decode()
    assert '<a href="/reference/exceptions/FileExpiredError/"><code>file_expired</code></a>' in cause


def test_a_cause_shows_the_way_out_by_client(as_nobody: Client) -> None:
    page = as_nobody.get("/reference/causes/image_invalid/").content.decode()
    assert 'id="way-out"' in page
    assert "In Claude Code" in page
    assert "/rewind" in page
    assert 'id="way-out"' not in as_nobody.get("/reference/causes/dns_failure/").content.decode()


def test_a_diagnosis_shows_the_way_out(as_nobody: Client) -> None:
    page = as_nobody.get("/diagnose/?example=image_invalid").content.decode()
    assert 'id="way-out"' in page


def test_names_that_nobody_knows_stay_plain_and_are_escaped() -> None:
    template = Template("{% load handbook_ui %}{{ name|type_link }}{{ name|exception_link }}{{ name|error_code_link }}")
    assert template.render(Context({"name": "<b>"})) == "<code>&lt;b&gt;</code>" * 3


def test_a_long_name_may_be_broken_before_its_words() -> None:
    template = Template("{% load handbook_ui %}{{ name|breakable }}")
    assert template.render(Context({"name": "CMEKKeyDisabledError"})) == "CMEK<wbr>Key<wbr>Disabled<wbr>Error"
    for name in load_reference().exceptions:
        assert template.render(Context({"name": name})).replace("<wbr>", "") == name
