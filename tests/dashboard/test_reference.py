"""The reference: each code and cause has a page that says all there is, and the search finds it by any of its words."""

from functools import cache

import pytest
from django.test import Client

from dashboard.search import search
from tests.dashboard.conftest import FINE, OVERLOADED, Tell
from triage.knowledge import load

found_once = cache(lambda query: [hit.entry.slug for hit in search(query)])
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def slugs(query: str) -> list[str]:
    return [hit.entry.slug for hit in search(query)]


def test_the_list_holds_every_code_and_every_cause(as_nobody: Client) -> None:
    page = as_nobody.get("/reference/").content.decode()
    for slug in load().codes:
        assert f'href="/reference/codes/{slug}/"' in page
    for slug in load().causes:
        assert f'href="/reference/causes/{slug}/"' in page


@pytest.mark.parametrize("slug", sorted(load().codes))
def test_every_code_has_its_page(slug: str, as_nobody: Client) -> None:
    response = as_nobody.get(f"/reference/codes/{slug}/")
    assert response.status_code == 200
    page = response.content.decode()
    assert load().codes[slug].title in response.context["code"].title
    assert "What is behind it" in page
    assert "checked 20" in page


def test_every_cause_has_its_page_with_verdict_fix_and_sources(as_nobody: Client) -> None:
    for slug, cause in load().causes.items():
        response = as_nobody.get(f"/reference/causes/{slug}/")
        assert response.status_code == 200, slug
        page = response.content.decode()
        assert "verdict--" in page, slug
        assert "How to check" in page, slug
        assert page.count("checked 20") == len(cause.sources), slug
        assert ("Broken and mended" in page) == (cause.broken_request is not None), slug


def test_broken_and_mended_stand_side_by_side_with_their_difference_marked(as_nobody: Client) -> None:
    page = as_nobody.get("/reference/causes/tool_use_without_result/").content.decode()
    assert "line--out" in page
    assert "line--in" in page


def test_what_is_not_known_is_not_found(as_nobody: Client) -> None:
    assert as_nobody.get("/reference/codes/418/").status_code == 404
    assert as_nobody.get("/reference/causes/nothing/").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("529", "529"),
        ("overloaded_error", "529"),
        ("credit balance", "credit_balance_too_low"),
        ("tool_use ids were found without", "tool_use_without_result"),
        ("`TOOL_USE` ids were\n found  without", "tool_use_without_result"),
        ("OverloadedError", "529"),
        ("credit_balance_too_low", "credit_balance_too_low"),
    ],
)
def test_an_entry_is_found_by_status_type_name_or_a_piece_of_its_message(query: str, found: str) -> None:
    assert found in slugs(query)[:3]


def retyped(text: str) -> str:
    """The same message of another day: another id, typographic quotes, capitals."""
    other_ids = text.replace("req_011C", "req_019X").replace("toolu_01", "toolu_09")
    return other_ids.replace('"', "”").replace("'", "’").replace("`", "").upper()


TYPED = {"as printed": str, "as typed": retyped}


@pytest.mark.parametrize("way", TYPED)
def test_every_printed_text_finds_its_cause_as_typed(way: str) -> None:
    causes = load().causes.values()
    printed = [(each.slug, text) for each in causes for text in (*each.examples, *(p.text for p in each.patterns))]
    missed = [(slug, text) for slug, text in printed if slug not in found_once(TYPED[way](text))]
    assert missed == []


@pytest.mark.parametrize("way", TYPED)
def test_a_whole_message_finds_its_own_cause_first(way: str) -> None:
    messages = [(each.slug, text) for each in load().causes.values() for text in each.examples if len(text) > 60]
    missed = [(slug, text) for slug, text in messages if found_once(TYPED[way](text))[0] != slug]
    assert len(missed) <= len(messages) // 100, missed


def test_all_words_have_to_be_found() -> None:
    assert not slugs("overloaded zebra")


def test_an_exact_name_comes_first() -> None:
    assert slugs("overloaded")[0] == "overloaded"
    assert slugs("429")[0] == "429"


def test_the_search_answers_as_the_reader_types(as_nobody: Client) -> None:
    page = as_nobody.get("/reference/?q=credit", headers=HTMX).content.decode()
    assert page.lstrip().startswith('<div id="results"')
    assert "/reference/causes/credit_balance_too_low/" in page
    assert "/reference/causes/dns_failure/" not in page


def test_the_list_is_narrowed_by_category_and_keeps_the_words(as_nobody: Client) -> None:
    page = as_nobody.get("/reference/?q=too&category=billing").content.decode()
    assert "/reference/causes/credit_balance_too_low/" in page
    assert "/reference/codes/413/" not in page
    assert "?q=too&amp;category=server" in page


def test_finding_nothing_leads_to_the_diagnosis(as_nobody: Client) -> None:
    page = as_nobody.get("/reference/?q=zebra").content.decode()
    assert "Nothing here holds all of these words" in page


def test_a_whole_message_in_the_search_is_read_as_an_error(as_nobody: Client) -> None:
    response = as_nobody.get("/reference/", {"q": '529 {"type":"error","error":{"type":"overloaded_error"}}'})
    assert response.context["read_as"].slug == "overloaded"


def test_the_team_sees_its_own_rate_and_strangers_see_none(
    tell: Tell, as_alice: Client, as_bob: Client, as_charlie: Client, as_nobody: Client
) -> None:
    tell(OVERLOADED, FINE)
    for client in (as_alice, as_bob):
        cause = client.get("/reference/causes/overloaded/").content.decode()
        assert "<strong>once</strong>" in cause
        assert "50.0\u00a0% of all attempts" in cause
        assert "<strong>once</strong>" in client.get("/reference/codes/529/").content.decode()
    for client in (as_charlie, as_nobody):
        assert "Sign in to see" in client.get("/reference/causes/overloaded/").content.decode()
        assert "Alice" not in client.get("/reference/codes/529/").content.decode()


def test_a_project_of_others_cannot_be_asked_about(tell: Tell, as_charlie: Client) -> None:
    tell(OVERLOADED)
    assert as_charlie.get("/reference/causes/overloaded/?project=alices-project").status_code == 404
