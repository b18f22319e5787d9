"""Makes an ingest key, for scripts: ``manage.py ingest_key PROJECT``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.text import slugify

from triage.management.database import the_servers_database
from triage.models import IngestKey, Project


class Command(BaseCommand):
    """Prints one new key and nothing else."""

    help = (
        "Make a new ingest key for PROJECT, which is made if it doesn't exist, and print it. It can't be shown again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="the project's slug; another name becomes one")
        parser.add_argument("--label", default="", help="what the key is for")

    def handle(self, *args: Any, project: str, label: str, **options: Any) -> None:
        slug = slugify(project)[:64]
        if not slug:
            raise CommandError("a project's name needs a letter or a digit")
        with the_servers_database():
            found, _ = Project.objects.get_or_create(slug=slug, defaults={"name": project[:120]})
        self.stdout.write(IngestKey.issue(found, label[:80])[1])
