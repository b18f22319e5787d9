"""Projects and people: slugs that don't clash, invitations that open no other account, deletion of everything."""

import pytest
from django.contrib.auth.models import User

from triage.actions import projects
from triage.models import IngestKey, Issue, Membership, MinuteCount, Project, SignInToken
from triage.rates import parse_window


def test_equal_names_get_slugs_of_their_own(alice: User) -> None:
    made = [projects.create_project("Checkout", alice).slug for _ in range(3)]
    assert made == ["checkout", "checkout-2", "checkout-3"]


@pytest.mark.parametrize("name", ["決済", "!!!", "a" * 120])
def test_any_name_gives_a_slug_that_fits(name: str, alice: User) -> None:
    project = projects.create_project(name, alice)
    project.full_clean()
    assert project.slug


def test_a_new_person_has_no_password_and_gets_a_link(project: Project) -> None:
    invitation = projects.invite(project, "dora", Membership.Role.MEMBER)
    assert invitation.token
    assert not invitation.membership.user.has_usable_password()


def test_an_invitation_never_opens_an_account_that_exists(project: Project, charlie: User) -> None:
    User.objects.create_superuser("owner")
    for name in ("charlie", "owner"):
        assert projects.invite(project, name, Membership.Role.MEMBER).token == ""
    assert not SignInToken.objects.exists()


def test_inviting_twice_changes_no_role(project: Project, alice: User) -> None:
    projects.invite(project, "alice", Membership.Role.MEMBER)
    assert Membership.objects.get(user=alice, project=project).role == Membership.Role.OWNER


def test_a_key_is_revoked_once(project: Project, key: str) -> None:
    stored = IngestKey.objects.get()
    assert projects.revoke_key(stored)
    assert not projects.revoke_key(stored)


def test_deleting_takes_counts_issues_and_keys_along(project: Project, key: str) -> None:
    window = parse_window()
    MinuteCount.objects.create(project=project, start=window.start, attempts=1)
    Issue.objects.create(
        project=project,
        cause="overloaded",
        category="server",
        fingerprint="1",
        first_seen_at=window.start,
        last_seen_at=window.start,
    )
    projects.delete_project(project)
    for model in (Project, MinuteCount, Issue, IngestKey, Membership):
        assert not model._default_manager.exists(), model
