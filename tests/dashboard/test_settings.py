"""The settings: owners manage projects, keys and people; members look on; strangers see nothing."""

import datetime as dt
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from tests.dashboard.conftest import OVERLOADED, Tell
from triage.models import Attempt, FoldedValues, IngestKey, Membership, Project, SignInToken, digest_of

HERE = "/settings/projects/alices-project/"


def membership(user: User) -> Membership:
    return Membership.objects.get(user=user, project__slug="alices-project")


def actions(project: Project, bob: User) -> list[tuple[str, dict[str, str]]]:
    """Every change that an owner can make, as address and form."""
    key = IngestKey.issue(project)[0]
    return [
        (f"{HERE}rename/", {"name": "Mine now"}),
        (f"{HERE}keys/", {"label": "mine"}),
        (f"{HERE}keys/{key.pk}/revoke/", {}),
        (f"{HERE}people/", {"username": "mallory", "role": "owner"}),
        (f"{HERE}people/{membership(bob).pk}/role/", {"role": "owner"}),
        (f"{HERE}people/{membership(bob).pk}/remove/", {}),
        (f"{HERE}delete/", {"confirm": "alices-project"}),
    ]


def test_an_owner_sees_keys_and_people(project: Project, key: str, as_alice: Client) -> None:
    page = as_alice.get(HERE).content.decode()
    assert f"{key[:10]}…" in page
    assert key not in page
    assert "bob" in page
    assert "Delete for good" in page


def test_the_page_says_what_is_kept_for_how_long(
    project: Project, as_alice: Client, tell: Tell, settings: Settings
) -> None:
    settings.TRIAGE_KEEP_REQUESTS_DAYS = 17
    tell(OVERLOADED)
    page = as_alice.get(HERE).content.decode()
    row = page.split("Requests with their attempts")[1].split("</tr>")[0]
    assert ">1</td>" in row
    assert "17 days" in row
    assert "TRIAGE_KEEP_REQUESTS_DAYS" in row


def test_the_page_says_of_how_many_reports_a_name_was_lost(
    project: Project, as_alice: Client, as_bob: Client, as_charlie: Client, settings: Settings
) -> None:
    settings.TRIAGE_MAX_VALUES_PER_DAY = 500
    assert "(other)" not in as_alice.get(HERE).content.decode()
    for day, reports in ((1, 1_200), (2, 34)):
        FoldedValues.objects.create(project=project, day=dt.date(2026, 11, day), dimension="service", reports=reports)
    FoldedValues.objects.create(project=project, day=dt.date(2026, 11, 1), dimension="model", reports=1)
    for reader in (as_alice, as_bob):
        page = " ".join(reader.get(HERE).content.decode().split())
        assert "a day has room for 500 of each kind: service in 1 234 reports, model in 1 report." in page
    assert as_charlie.get(HERE).status_code == 404


def test_a_member_looks_on(project: Project, key: str, as_bob: Client) -> None:
    page = as_bob.get(HERE).content.decode()
    assert f"{key[:10]}…" in page
    assert "its owners may change them" in page
    assert "<form" not in page.split("<main", 1)[1].split("</main>")[0]


def test_a_member_may_change_nothing(project: Project, bob: User, as_bob: Client) -> None:
    for path, form in actions(project, bob):
        assert as_bob.post(path, form).status_code == 403, path
    project.refresh_from_db()
    assert project.name == "Alice's Project"
    assert membership(bob).role == Membership.Role.MEMBER
    assert project.keys.filter(revoked_at=None).count() == 1


def test_for_a_stranger_the_project_does_not_exist(project: Project, bob: User, as_charlie: Client) -> None:
    assert as_charlie.get(HERE).status_code == 404
    assert "Alice" not in as_charlie.get("/settings/").content.decode()
    for path, form in actions(project, bob):
        assert as_charlie.post(path, form).status_code == 404, path
    assert Project.objects.filter(pk=project.pk, name="Alice's Project").exists()


def test_nobody_is_sent_to_sign_in(project: Project, bob: User, as_nobody: Client) -> None:
    assert as_nobody.get("/settings/")["Location"].startswith("/sign-in/")
    for path, form in actions(project, bob):
        assert as_nobody.post(path, form)["Location"].startswith("/sign-in/"), path


def test_children_of_another_project_cannot_be_reached_through_ones_own(
    project: Project, others_project: Project, as_alice: Client
) -> None:
    key = IngestKey.issue(others_project)[0]
    person = others_project.memberships.get()
    assert as_alice.post(f"{HERE}keys/{key.pk}/revoke/").status_code == 404
    assert as_alice.post(f"{HERE}people/{person.pk}/remove/").status_code == 404
    assert as_alice.post(f"{HERE}people/{person.pk}/role/", {"role": "member"}).status_code == 404
    key.refresh_from_db()
    assert key.revoked_at is None


def test_whoever_makes_a_project_owns_it(charlie: User, as_charlie: Client) -> None:
    response = as_charlie.post("/settings/projects/", {"name": "Ticket Answers"})
    assert response["Location"] == "/settings/projects/ticket-answers/"
    assert Membership.objects.get(project__slug="ticket-answers").user == charlie
    again = as_charlie.post("/settings/projects/", {"name": "Ticket Answers"})
    assert again["Location"] == "/settings/projects/ticket-answers-2/"


def test_a_project_needs_a_name(as_alice: Client) -> None:
    response = as_alice.post("/settings/projects/", {"name": "  "})
    assert response.status_code == 422
    assert "This field is required." in response.content.decode()


def test_a_new_key_is_shown_once_and_works(project: Project, as_alice: Client) -> None:
    response = as_alice.post(f"{HERE}keys/", {"label": "checkout"})
    assert response.status_code == 201
    found = re.search(r"tri_[\w-]{20,}", response.content.decode())
    assert found
    assert IngestKey.objects.get(digest=digest_of(found[0])).label == "checkout"
    assert found[0] not in as_alice.get(HERE).content.decode()
    assert "no-store" in response["Cache-Control"]


def test_a_revoked_key_stays_in_the_list_as_revoked(project: Project, key: str, as_alice: Client) -> None:
    stored = IngestKey.objects.get()
    page = as_alice.post(f"{HERE}keys/{stored.pk}/revoke/", follow=True).content.decode()
    assert "is revoked; within 5 seconds" in page
    stored.refresh_from_db()
    first = stored.revoked_at
    as_alice.post(f"{HERE}keys/{stored.pk}/revoke/")
    stored.refresh_from_db()
    assert stored.revoked_at == first is not None


def test_a_new_person_gets_a_link_that_works_once(project: Project, as_alice: Client) -> None:
    response = as_alice.post(f"{HERE}people/", {"username": "dora", "role": "member"})
    found = re.search(r"http://testserver(/sign-in/[\w-]+/)", response.content.decode())
    assert found
    client = Client()
    client.post(found[1])
    assert client.get(HERE).status_code == 200
    assert Client().post(found[1]).status_code == 410


def test_inviting_somebody_with_an_account_gives_no_link_to_it(
    project: Project, charlie: User, as_alice: Client, as_charlie: Client
) -> None:
    page = as_alice.post(f"{HERE}people/", {"username": "charlie", "role": "member"}, follow=True).content.decode()
    assert "/sign-in/" not in page
    assert not SignInToken.objects.exists()
    assert as_charlie.get(HERE).status_code == 200


def test_a_name_that_no_user_can_have_is_refused(project: Project, as_alice: Client) -> None:
    response = as_alice.post(f"{HERE}people/", {"username": "a b<", "role": "member"})
    assert response.status_code == 422
    assert not User.objects.filter(username="a b<").exists()


def test_roles_change_and_the_last_owner_stays(project: Project, alice: User, bob: User, as_alice: Client) -> None:
    as_alice.post(f"{HERE}people/{membership(alice).pk}/role/", {"role": "member"})
    as_alice.post(f"{HERE}people/{membership(alice).pk}/remove/")
    assert membership(alice).role == Membership.Role.OWNER
    as_alice.post(f"{HERE}people/{membership(bob).pk}/role/", {"role": "owner"})
    as_alice.post(f"{HERE}people/{membership(alice).pk}/role/", {"role": "member"})
    assert [membership(alice).role, membership(bob).role] == [Membership.Role.MEMBER, Membership.Role.OWNER]


def test_whoever_is_removed_sees_the_project_no_more(
    project: Project, bob: User, as_alice: Client, as_bob: Client
) -> None:
    as_alice.post(f"{HERE}people/{membership(bob).pk}/remove/")
    assert as_bob.get(HERE).status_code == 404


def test_a_project_is_renamed_and_keeps_its_address(project: Project, as_alice: Client) -> None:
    page = as_alice.post(f"{HERE}rename/", {"name": "Checkout"}, follow=True).content.decode()
    assert "<h1>Checkout" in page


def test_deleting_wants_the_name_typed_and_takes_everything_along(
    tell: Tell, project: Project, as_alice: Client
) -> None:
    tell(OVERLOADED)
    as_alice.post(f"{HERE}delete/", {"confirm": "something else"})
    assert Attempt.objects.exists()
    as_alice.post(f"{HERE}delete/", {"confirm": "alices-project"})
    assert not Project.objects.exists()
    assert not Attempt.objects.exists()


def test_the_demo_goes_with_one_click(project: Project, as_alice: Client) -> None:
    Project.objects.update(is_demo=True)
    assert "Delete the demo" in as_alice.get("/settings/").content.decode()
    as_alice.post(f"{HERE}delete/")
    assert not Project.objects.exists()


@pytest.mark.parametrize("user", ["bob", "charlie"])
def test_a_demo_is_deleted_by_its_owners_only(user: str, project: Project, request: pytest.FixtureRequest) -> None:
    Project.objects.update(is_demo=True)
    assert request.getfixturevalue(f"as_{user}").post(f"{HERE}delete/").status_code in (403, 404)
    assert Project.objects.exists()


def test_a_password_can_be_set_and_the_session_goes_on(alice: User, as_alice: Client) -> None:
    form = {"full_name": "Alice Liddell", "password": "down the rabbit hole"}
    page = as_alice.post("/settings/account/", form, follow=True).content.decode()
    assert "Saved." in page
    alice.refresh_from_db()
    assert alice.check_password("down the rabbit hole")
    assert alice.first_name == "Alice Liddell"


@pytest.mark.parametrize("easy", ["down", "alice@example", "password"])
def test_a_password_that_is_easily_guessed_is_refused(easy: str, alice: User, as_alice: Client) -> None:
    before = alice.password
    response = as_alice.post("/settings/account/", {"full_name": "", "password": easy})
    assert response.status_code == 422
    assert 'aria-invalid="true"' in response.content.decode()
    alice.refresh_from_db()
    assert alice.password == before


def test_an_empty_password_changes_none(alice: User, as_alice: Client) -> None:
    as_alice.post("/settings/account/", {"full_name": "A", "password": ""})
    alice.refresh_from_db()
    assert alice.check_password("password")


def test_the_servers_owner_may_manage_every_project(project: Project) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("owner"))
    assert client.post(f"{HERE}rename/", {"name": "Renamed"}).status_code == 302
    assert Project.objects.get().name == "Renamed"
