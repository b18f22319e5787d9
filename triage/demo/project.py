"""The project that the demo's traffic reports into."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from triage.models import IngestKey, Project

SLUG = "demo"


def prepare() -> str:
    """Make the demo's project where there is none, and return a new key for it; keys of earlier runs end.

    Raises:
        ValueError: a project of that name exists and isn't the demo's own.
    """
    with transaction.atomic():
        project, made = Project.objects.get_or_create(slug=SLUG, defaults={"name": _("Demo"), "is_demo": True})
        if not made and not project.is_demo:
            raise ValueError(f"a project called {SLUG!r} exists already and is not a demo")
        project.keys.filter(revoked_at=None).update(revoked_at=timezone.now())
        return IngestKey.issue(project, label="demo traffic")[1]
