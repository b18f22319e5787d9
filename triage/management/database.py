"""What commands ask of the database before their work, with a sentence in place of a traceback where it can't tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from triage.models import Project

_FAILED = 2


@contextmanager
def the_servers_database() -> Iterator[None]:
    """Run what asks the database first; mostly it fails because another one than the server's is asked.

    Raises:
        CommandError: it can't be asked; exit code 2.
    """
    try:
        yield
    except DatabaseError as error:
        message = _(
            "The database can't be asked (%(reason)s). TRIAGE_HOME and DATABASE_URL must be the same as the server's."
        )
        raise CommandError(message % {"reason": error}, returncode=_FAILED) from None


def project_named(slug: str) -> Project:
    """Return the project with this slug.

    Raises:
        CommandError: there is none, or the database can't be asked; exit code 2.
    """
    with the_servers_database():
        project = Project.objects.filter(slug=slug).first()
    if project is None:
        message = _("There is no project “%(slug)s”. See /settings/, or manage.py ingest_key makes one.")
        raise CommandError(message % {"slug": slug}, returncode=_FAILED)
    return project
