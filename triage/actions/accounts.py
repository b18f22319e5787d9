"""Who may come in: the server's owner, and links that sign one person in once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.utils import timezone

from triage.models import SignInToken, digest_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

OWNER_NAME = "owner"


def server_owner() -> User:
    """Return the server's owner: the first active superuser; one named ``owner`` is made where there is none."""
    users = get_user_model().objects
    owner = users.filter(is_superuser=True, is_active=True).order_by("pk").first()
    return owner or users.create_superuser(OWNER_NAME)


def issue_sign_in(user: User, *, hours: float = 24) -> str:
    """Return a new token that signs ``user`` in once, within ``hours``. Only its digest is stored."""
    now = timezone.now()
    SignInToken.objects.filter(expires_at__lte=now).delete()
    token = secrets.token_urlsafe(24)
    SignInToken.objects.create(
        user=user, digest=digest_of(token), created_at=now, expires_at=now + timedelta(hours=hours)
    )
    return token


def use_sign_in(token: str) -> User | None:
    """Use up ``token`` and return whom it signs in; None where it is unknown, used, expired or its user inactive."""
    found = SignInToken.objects.select_related("user").filter(digest=digest_of(token), user__is_active=True).first()
    if found is None:
        return None
    # The condition travels with the update: of two people with the same link, one comes in. It names this table's
    # columns alone: PostgreSQL looks at them again after waiting for the other's change, but not at a subquery's.
    now = timezone.now()
    used_up = SignInToken.objects.filter(pk=found.pk, used_at=None, expires_at__gt=now).update(used_at=now)
    return found.user if used_up else None
