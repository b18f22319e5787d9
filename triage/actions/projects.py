"""Projects and who works in them: making, renaming, deleting, inviting, and the keys that clients report with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from triage.actions.accounts import issue_sign_in
from triage.models import Attempt, IngestKey, Membership, Project, Request

if TYPE_CHECKING:
    from django.contrib.auth.models import User

INVITATION_HOURS = 72
_MOST_TRIES = 50


@dataclass(frozen=True)
class Invitation:
    """Who was added to a project; ``token`` signs a new person in once, and is empty for one who has an account."""

    membership: Membership
    token: str


def create_project(name: str, owner: User) -> Project:
    """Make a project that ``owner`` owns. Its slug comes from its name; a number tells equal ones apart."""
    base = slugify(name)[:56] or "project"
    for number in range(1, _MOST_TRIES):
        slug = base if number == 1 else f"{base}-{number}"
        try:
            with transaction.atomic():
                project = Project.objects.create(slug=slug, name=name)
                Membership.objects.create(project=project, user=owner, role=Membership.Role.OWNER)
        except IntegrityError:
            continue
        return project
    raise ValueError(f"{_MOST_TRIES} projects are called {base} already")


def delete_project(project: Project) -> None:
    """Delete ``project`` with all that it holds; what comes in later under its keys is refused."""
    with transaction.atomic():
        # From the many to the few, each in one statement: the cascade would first fetch what it deletes.
        Attempt.objects.filter(project=project).delete()
        Request.objects.filter(project=project).delete()
        project.delete()


def revoke_key(key: IngestKey) -> bool:
    """Refuse ``key`` from now on; return whether it was good until now."""
    return bool(IngestKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()))


def invite(project: Project, username: str, role: str) -> Invitation:
    """Add the person called ``username`` to ``project``; a new one gets a link that signs them in once.

    Somebody who has an account gets no link: whoever may invite could otherwise sign in as anybody.
    """
    user, is_new = get_user_model().objects.get_or_create(username=username)
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    membership, _ = Membership.objects.get_or_create(project=project, user=user, defaults={"role": role})
    return Invitation(membership, issue_sign_in(user, hours=INVITATION_HOURS) if is_new else "")


def change_role(membership: Membership, role: str) -> bool:
    """Give a person another role; return whether it was done. A project's last owner stays its owner."""
    with transaction.atomic():
        if role != Membership.Role.OWNER and _is_last_owner(membership):
            return False
        return bool(Membership.objects.filter(pk=membership.pk).update(role=role))


def remove_person(membership: Membership) -> bool:
    """Take a person out of a project; return whether it was done. A project's last owner stays."""
    with transaction.atomic():
        if _is_last_owner(membership):
            return False
        return bool(Membership.objects.filter(pk=membership.pk).delete()[0])


def _is_last_owner(membership: Membership) -> bool:
    owners = Membership.objects.select_for_update().filter(project=membership.project_id, role=Membership.Role.OWNER)
    return [owner.pk for owner in owners] == [membership.pk]
