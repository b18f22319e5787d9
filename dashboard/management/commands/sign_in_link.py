"""``manage.py sign_in_link``: a new address that signs somebody in once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from triage.actions.accounts import issue_sign_in, server_owner
from triage.management.database import the_servers_database

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from django.contrib.auth.models import User


def sign_in_address(base: str, user: User) -> str:
    """Return a new one-time address below ``base`` (``http://host:port``) that signs ``user`` in."""
    # Written out: to look it up would load every page's code, which ``up`` has no other use for.
    return base.rstrip("/") + f"/sign-in/{issue_sign_in(user)}/"


class Command(BaseCommand):
    help = "Print a new address that signs somebody in once, within a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", metavar="NAME", help="whom it signs in (default: the server's owner)")
        parser.add_argument("--base", default=f"http://127.0.0.1:{settings.PORT}", help="where the server is reached")

    def handle(self, *args: Any, **options: Any) -> None:
        with the_servers_database():
            user = _active_user(options["user"]) if options["user"] else server_owner()
        self.stdout.write(sign_in_address(options["base"], user))


def _active_user(name: str) -> User:
    found = get_user_model().objects.filter(username=name, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active user named {name}.")
    return found
