"""Projects, the people who may see them, and the keys that clients report with."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

KEY_PREFIX = "tri_"


def digest_of(secret: str) -> str:
    """Return what is stored of a secret: its SHA-256 in hex. Secrets are random and long, so no salt is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ProjectQuerySet(models.QuerySet["Project"]):
    """Projects, narrowed to whom they are shown."""

    def visible_to(self, user: User | AnonymousUser) -> ProjectQuerySet:
        """Return the projects that ``user`` may see: all for the server's owner, else those with a membership."""
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self
        return self.filter(memberships__user=user)


class Project(models.Model):
    """A source of reports, with its keys and its people."""

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    is_demo = models.BooleanField(default=False)
    """Made by the demo: marked on every page and deleted with one click."""
    created_at = models.DateTimeField(default=timezone.now)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's place in a project."""

    class Role(models.TextChoices):
        """What the person may do: an owner manages keys and people, a member works with errors."""

        OWNER = "owner", _("Owner")
        MEMBER = "member", _("Member")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role, default=Role.MEMBER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user} in {self.project}"


class IngestKey(models.Model):
    """What a client presents to report into a project. Only its digest is stored; the key is shown once."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="keys")
    label = models.CharField(max_length=80, blank=True)
    prefix = models.CharField(max_length=12)
    """The key's first characters, to tell keys apart in a list."""
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.project})"

    @classmethod
    def issue(cls, project: Project, label: str = "") -> tuple[IngestKey, str]:
        """Make a key for ``project``; return it with its plain text, which can't be had again."""
        # Hexadecimal, since the DSN in which Sentry's JavaScript SDK takes it allows no hyphen.
        plain = KEY_PREFIX + secrets.token_hex(20)
        key = cls.objects.create(project=project, label=label, prefix=plain[:10], digest=digest_of(plain))
        return key, plain


class SignInToken(models.Model):
    """A link that signs one person in once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_in_tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"sign-in link for {self.user}"
