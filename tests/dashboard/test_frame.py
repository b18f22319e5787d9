"""What all pages have in common: the frame, what it shows to whom, and the pages of failure."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import path
from django.views.defaults import server_error

from dashboard import urls
from triage.models import Project

PAGES = ["/", "/issues/", "/requests/", "/health/", "/alerts/", "/diagnose/", "/check/", "/walk/", "/reference/"]


@pytest.mark.parametrize("address", PAGES)
def test_no_page_holds_an_inline_script_style_or_handler(address: str, project: Project, as_alice: Client) -> None:
    page = as_alice.get(address).content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
    for script in re.findall(r"<script([^>]*)>", page):
        assert "src=" in script or 'type="application/json"' in script


@pytest.mark.parametrize("address", PAGES)
def test_no_page_loads_anything_from_another_host(address: str, project: Project, as_alice: Client) -> None:
    response = as_alice.get(address)
    loaded = re.findall(
        r'<(?:script|img|link|iframe|source|use)[^>]*?(?:src|href)="([^"]+)"', response.content.decode()
    )
    assert loaded
    assert all(each.startswith("/static/") for each in loaded)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("address", PAGES)
def test_every_page_has_one_main_heading_a_title_and_a_way_past_the_navigation(
    address: str, project: Project, as_alice: Client
) -> None:
    page = as_alice.get(address).content.decode()
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert re.search(r"<title>[^<]+</title>", page)
    assert '<a class="skip-link" href="#main">' in page
    assert len(re.findall(r'aria-current="page"', page.split("<main")[0])) >= 1


@pytest.mark.parametrize("address", PAGES)
def test_every_id_stands_once_on_a_page(address: str, project: Project, as_alice: Client) -> None:
    ids = re.findall(r'\sid="([^"]+)"', as_alice.get(address).content.decode())
    assert len(ids) == len(set(ids))


def test_a_stranger_is_offered_only_what_is_open(as_nobody: Client, project: Project) -> None:
    page = as_nobody.get("/reference/").content.decode()
    nav = re.search(r'<nav class="nav".*?</nav>', page, re.DOTALL)[0]
    assert re.findall(r'href="([^"]+)"', nav) == ["/diagnose/", "/check/", "/walk/", "/reference/"]
    assert project.name not in page


def test_the_project_switcher_names_only_ones_own(
    project: Project, others_project: Project, as_alice: Client, alice: object
) -> None:
    Project.objects.create(slug="second", name="Second").memberships.create(user=alice)
    page = as_alice.get("/").content.decode()
    assert "?project=second" in page
    assert others_project.slug not in page


def test_a_demo_is_marked_as_one_and_says_where_to_delete_it(project: Project, as_alice: Client) -> None:
    assert "is a demo" not in as_alice.get("/").content.decode()
    Project.objects.update(is_demo=True)
    page = as_alice.get("/").content.decode()
    assert "is a demo" in page
    assert 'href="/settings/"' in page


def test_an_unknown_address_is_answered_in_the_frame_and_to_strangers_too(as_alice: Client, as_nobody: Client) -> None:
    for client in (as_alice, as_nobody):
        response = client.get("/no/such/page/")
        assert response.status_code == 404
        assert "There is nothing at this address" in response.content.decode()


def test_our_own_failure_has_a_page_that_needs_no_database(rf: RequestFactory) -> None:
    response = server_error(rf.get("/"))
    assert response.status_code == 500
    assert "This server failed" in response.content.decode()


def test_a_form_of_another_site_is_refused_in_words(alice: object) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post("/issues/", {"action": "resolve"})
    assert response.status_code == 403
    assert "The form was open for too long" in response.content.decode()


@pytest.mark.parametrize("address", ["/?cause=%00", "/issues/?owner=%00", "/requests/?q=%00&cause=%00", "/find/?q=%00"])
def test_a_nul_in_the_address_is_no_failure_of_ours(address: str, project: Project, as_alice: Client) -> None:
    assert as_alice.get(address).status_code < 500


def test_every_page_of_a_team_is_closed_to_who_is_not_signed_in(as_nobody: Client) -> None:
    open_ones = {"healthz", "find", "live", "diagnose", "check", "walk", "sign_in", "sign_in_with_token", "sign_out"}
    patterns = [each for each in urls.urlpatterns if isinstance(each, type(path("", server_error)))]
    for pattern in patterns:
        if pattern.name in open_ones or pattern.name.startswith("reference"):
            continue
        address = "/" + re.sub(r"<(\w+:)?\w+>", "1", str(pattern.pattern))
        response = as_nobody.get(address)
        assert response.status_code in (302, 405), address
        if response.status_code == 302:
            assert response["Location"].startswith("/sign-in/?next="), address


def test_the_category_colours_are_the_same_five_in_both_schemes() -> None:
    tokens = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
    light, dark = tokens.split("@media (prefers-color-scheme: dark)")
    for category in ("client", "server", "network", "billing", "other"):
        for kind in ("", "-ink", "-tint"):
            assert len(re.findall(rf"--{category}{kind}: #", light)) == 1
            assert len(re.findall(rf"--{category}{kind}: #", dark)) == 1
