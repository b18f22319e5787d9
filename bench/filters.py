"""``python -m bench.filters``: how fast the list of requests is under every two filters, with a million stored.

It fills an empty database of its own first: SQLite in a temporary folder, or what ``BENCH_DATABASE_URL`` names. A
folder in ``BENCH_HOME`` is kept and used again. Pages are taken from Django without a server in between.
"""

from __future__ import annotations

import html
import itertools
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

_MOST_SHOWN = 15
_OLDER = re.compile(r'href="(\?[^"]*before=[^"]*)"')
_FILTERS = {
    "window": ("24h", "7d"),
    "outcome": ("failed", "rescued"),
    "cause": ("overloaded", "model_not_found"),
    "category": ("client", "billing"),
    "status": ("529", "404"),
    "model": ("claude-opus-4-8", "claude-opus-4-5"),
    "service": ("service-00", "service-11"),
    "team": ("storefront", "research"),
    "environment": ("production", "development"),
    "client": ("anthropic-python", "claude-code"),
    "slow": ("10", "300"),
    "long": ("yes", "no"),
    "streamed": ("yes", "-"),
    "user": ("user-1", "user-2900"),
}
"""For each filter a value that many requests have, and one that few have."""


@dataclass(frozen=True)
class Timing:
    """How long one page of one address took, in milliseconds; the better of two."""

    address: str
    page: str
    took: float


def main() -> None:
    """Fill the database where it is empty, measure, and print the slowest."""
    with tempfile.TemporaryDirectory() as folder:
        home = os.environ["TRIAGE_HOME"] = os.environ.get("BENCH_HOME", folder)
        os.environ["DATABASE_URL"] = os.environ.get("BENCH_DATABASE_URL") or f"sqlite:///{home}/triage.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
        django.setup()
        timings = sorted(_measured(_browser()), key=lambda each: -each.took)
    took = [each.took for each in timings]
    slow = statistics.quantiles(took, n=100)
    print(f"{len(took):,} pages: median {statistics.median(took):.0f} ms, p95 {slow[94]:.0f}, p99 {slow[98]:.0f}")
    for each in timings[:_MOST_SHOWN]:
        print(f"  {each.took:>8.1f}  {each.page:<7} {each.address}")


def _browser() -> Client:
    """Return a browser of the owner of a million requests."""
    from bench.million import fill  # noqa: PLC0415  models need Django to be set up
    from triage.models import Membership, Project  # noqa: PLC0415

    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", verbosity=0)
    owner, is_new = get_user_model().objects.get_or_create(username="owner")
    if is_new:
        project = Project.objects.create(slug="bench", name="Bench")
        Membership.objects.create(project=project, user=owner, role=Membership.Role.OWNER)
        print("storing a million requests ...", file=sys.stderr)
        fill(project)
    client = Client()
    client.force_login(owner)
    return client


def _measured(client: Client) -> Iterator[Timing]:
    client.get("/requests/")  # templates and the knowledge are read once
    for one, other in itertools.combinations(_FILTERS, 2):
        for values in itertools.product(_FILTERS[one], _FILTERS[other]):
            query = f"{one}={values[0]}&{other}={values[1]}"
            address = f"/requests/?{query}" if "outcome" in (one, other) else f"/requests/?outcome=all&{query}"
            yield _timing(client, address)
            older = _OLDER.search(client.get(address).content.decode())
            if older:
                yield _timing(client, f"/requests/{html.unescape(older[1])}", "older")


def _timing(client: Client, address: str, page: str = "newest") -> Timing:
    took = []
    for _ in range(2):
        began = time.perf_counter()
        client.get(address)
        took.append((time.perf_counter() - began) * 1000)
    return Timing(address, page, min(took))


if __name__ == "__main__":
    main()
