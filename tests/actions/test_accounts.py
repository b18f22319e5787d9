"""Who may come in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from triage.actions.accounts import issue_sign_in, server_owner, use_sign_in
from triage.models import SignInToken


def test_a_token_signs_in_whom_it_was_made_for(alice: User, bob: User) -> None:
    assert use_sign_in(issue_sign_in(alice)) == alice
    assert use_sign_in(issue_sign_in(bob)) == bob


def test_a_token_is_good_once(alice: User) -> None:
    token = issue_sign_in(alice)
    assert use_sign_in(token) == alice
    assert use_sign_in(token) is None


def test_a_token_expires(alice: User) -> None:
    token = issue_sign_in(alice, hours=1)
    SignInToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert use_sign_in(token) is None


def test_a_token_lasts_as_long_as_was_asked_for(alice: User) -> None:
    issue_sign_in(alice, hours=3)
    token = SignInToken.objects.get()
    assert token.expires_at - token.created_at == timedelta(hours=3)


def test_a_token_of_somebody_who_was_deactivated_is_worth_nothing(alice: User) -> None:
    token = issue_sign_in(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert use_sign_in(token) is None


@pytest.mark.parametrize("token", ["", "nonsense", "\N{SNOWMAN}", "a" * 5000])
def test_an_unknown_token_signs_nobody_in(alice: User, token: str) -> None:
    issue_sign_in(alice)
    assert use_sign_in(token) is None


def test_the_token_itself_is_not_stored(alice: User) -> None:
    token = issue_sign_in(alice)
    assert token not in str(SignInToken.objects.values().get())


def test_expired_tokens_are_swept_away_when_a_new_one_is_made(alice: User, bob: User) -> None:
    issue_sign_in(alice)
    SignInToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    issue_sign_in(bob)
    assert [token.user for token in SignInToken.objects.all()] == [bob]


@pytest.mark.django_db(transaction=True)
def test_of_two_people_with_one_link_one_comes_in() -> None:
    token = issue_sign_in(User.objects.create_user("alice"))

    def come_in(_: int) -> bool:
        try:
            return use_sign_in(token) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as people:
        assert sum(people.map(come_in, range(4))) == 1


@pytest.mark.django_db
def test_the_owner_is_made_once_and_has_no_password() -> None:
    owner = server_owner()
    assert owner.is_superuser
    assert not owner.has_usable_password()
    assert server_owner() == owner


def test_a_superuser_who_is_there_is_the_owner(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    assert server_owner() == alice
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert server_owner().username == "owner"
