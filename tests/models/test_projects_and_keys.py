"""Who sees a project, and what is stored of a key."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from triage.models import KEY_PREFIX, IngestKey, Membership, Project, digest_of


def test_a_project_is_seen_by_its_people_and_the_servers_owner(
    project: Project, alice: User, bob: User, charlie: User
) -> None:
    root = User.objects.create_superuser("root")
    for user in (alice, bob, root):
        assert list(Project.objects.visible_to(user)) == [project]
    for stranger in (charlie, AnonymousUser()):
        assert not Project.objects.visible_to(stranger).exists()


def test_a_person_is_in_a_project_once(project: Project, bob: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(project=project, user=bob)


def test_only_the_digest_of_a_key_is_stored(project: Project) -> None:
    key, plain = IngestKey.issue(project, "ci")
    assert plain.startswith(KEY_PREFIX)
    key.refresh_from_db()
    assert key.digest == digest_of(plain)
    assert plain not in str([getattr(key, field.name) for field in key._meta.fields])
    assert plain.startswith(key.prefix)
    assert len(key.prefix) < len(plain) / 2


def ingest_key(*arguments: str) -> str:
    out = StringIO()
    call_command("ingest_key", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_makes_project_and_key_and_prints_the_key_alone(db: None) -> None:
    printed = ingest_key("Team Chat")
    assert printed == printed.strip() + "\n"
    key = IngestKey.objects.get(digest=digest_of(printed.strip()))
    assert (key.project.slug, key.project.name) == ("team-chat", "Team Chat")
    assert ingest_key("team-chat", "--label", "second") != printed
    assert Project.objects.count() == 1
    assert IngestKey.objects.get(label="second").project == key.project


def test_the_command_refuses_a_name_that_is_none(db: None) -> None:
    with pytest.raises(CommandError, match="letter or a digit"):
        ingest_key("!!")
    assert not Project.objects.exists()
