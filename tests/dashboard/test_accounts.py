"""Coming in and going out: a link is good once and survives being previewed; a password can't be guessed at leisure."""

import re

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from dashboard import throttle
from triage.actions.accounts import issue_sign_in


def signed_in_as(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def address(token: str) -> str:
    return reverse("sign_in_with_token", args=[token])


def test_the_link_signs_in_once(alice: User) -> None:
    token = issue_sign_in(alice)
    client, second = Client(), Client()
    assert client.post(address(token))["Location"] == "/"
    assert signed_in_as(client) == str(alice.pk)
    assert second.post(address(token)).status_code == 410
    assert signed_in_as(second) is None


@pytest.mark.parametrize("method", ["get", "head"])
def test_reading_the_page_of_a_link_does_not_use_it_up(method: str, alice: User) -> None:
    token = issue_sign_in(alice)
    preview, client = Client(), Client()
    assert getattr(preview, method)(address(token)).status_code == 200
    assert signed_in_as(preview) is None
    client.post(address(token))
    assert signed_in_as(client) == str(alice.pk)


def test_the_page_of_a_link_sends_its_form_by_itself_and_has_a_button_for_those_without_scripts(alice: User) -> None:
    page = Client().get(address(issue_sign_in(alice))).content.decode()
    assert "data-send-when-seen" in page
    assert "sign-in.js" in page
    assert '<button class="button button--primary" type="submit" autofocus>' in page


def test_the_form_of_a_link_needs_the_pages_own_token(alice: User) -> None:
    token = issue_sign_in(alice)
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(address(token)).status_code == 403
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(address(token)).content.decode())
    assert found
    assert browser.post(address(token), {"csrfmiddlewaretoken": found[1]}).status_code == 302


def test_an_old_or_unknown_link_says_so(alice: User, db: None) -> None:
    for token in ("nothing", issue_sign_in(alice, hours=-1)):
        response = Client().get(address(token))
        assert response.status_code == 410
        assert "This link is used up" in response.content.decode()


def test_a_link_of_somebody_who_was_shut_out_is_worth_nothing(alice: User) -> None:
    token = issue_sign_in(alice)
    User.objects.update(is_active=False)
    assert Client().get(address(token)).status_code == 410
    assert Client().post(address(token)).status_code == 410


def test_a_newcomer_is_told_to_set_a_password(db: None) -> None:
    newcomer = User.objects.create_user("dora")
    page = Client().post(address(issue_sign_in(newcomer)), follow=True).content.decode()
    assert "Set a password in the settings" in page


def test_a_password_signs_in_and_leads_to_the_page_that_was_asked_for(alice: User, valkey: redis.Redis) -> None:
    client = Client()
    asked = client.get("/settings/")["Location"]
    assert asked == "/sign-in/?next=/settings/"
    response = client.post("/sign-in/", {"username": "alice", "password": "password", "next": "/settings/"})
    assert response["Location"] == "/settings/"
    assert signed_in_as(client) == str(alice.pk)


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_no_one_is_led_to_another_host(elsewhere: str, alice: User, valkey: redis.Redis) -> None:
    answer = Client().post("/sign-in/", {"username": "alice", "password": "password", "next": elsewhere})
    assert answer["Location"] == "/"


def test_a_wrong_password_says_neither_which_of_the_two_is_wrong(alice: User, valkey: redis.Redis) -> None:
    pages = [
        Client().post("/sign-in/", {"username": name, "password": "wrong"}).content.decode()
        for name in ("alice", "zoe")
    ]
    assert all("This name and this password don" in page for page in pages)


def test_guessing_is_slowed_down_even_where_the_last_guess_is_right(alice: User, valkey: redis.Redis) -> None:
    for _ in range(throttle.MOST_FAILURES):
        assert Client().post("/sign-in/", {"username": "alice", "password": "wrong"}).status_code == 422
    client = Client()
    response = client.post("/sign-in/", {"username": "alice", "password": "password"})
    assert response.status_code == 429
    assert int(response["Retry-After"]) == throttle.WITHIN
    assert signed_in_as(client) is None


def test_with_the_cache_away_a_right_password_opens_the_door(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: object, **_more: object) -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(throttle.cache, "get_many", away)
    monkeypatch.setattr(throttle.cache, "add", away)
    assert Client().post("/sign-in/", {"username": "alice", "password": "wrong"}).status_code == 422
    assert Client().post("/sign-in/", {"username": "alice", "password": "password"}).status_code == 302


def test_whoever_is_in_already_goes_on(as_alice: Client) -> None:
    assert as_alice.get("/sign-in/?next=/settings/")["Location"] == "/settings/"


def test_signing_out_takes_a_form(as_alice: Client) -> None:
    assert as_alice.get("/sign-out/").status_code == 405
    assert as_alice.post("/sign-out/")["Location"] == "/sign-in/"
    assert signed_in_as(as_alice) is None
