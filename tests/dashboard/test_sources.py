"""The overview tells no errors, no reports and no way to tell apart, source by source."""

from __future__ import annotations

import datetime as dt

from django.test import Client
from django.utils import timezone

from dashboard.sources import reporters
from tests.dashboard.conftest import FINE, OVERLOADED, Tell
from triage import rates
from triage.models import Project, Source

NOW = dt.datetime(2026, 11, 21, 22, 0, tzinfo=dt.UTC)


def heard(
    client: str = "json", *, first: int = 600, last: int = 0, attempts: int = 100, direct: bool = False
) -> rates.Heard:
    """A source that was first and last heard so many minutes ago."""
    ago = [NOW - dt.timedelta(minutes=minutes) for minutes in (first, last)]
    return rates.Heard(1, client, "shop", *ago, attempts, 0, direct)


def said(*sources: rates.Heard) -> list[str]:
    return [str(each.cannot) for each in reporters(sources, [], rates.Filters([1]), NOW)]


def silent(source: rates.Heard) -> bool:
    return reporters([source], [], rates.Filters([1]), NOW)[0].silent


def test_who_reported_regularly_and_stopped_is_silent() -> None:
    assert silent(heard(last=120))
    assert not silent(heard(last=10))
    assert not silent(heard(first=60 * 24 * 10, last=120)), "one report in two hours is its rhythm"
    assert not silent(heard(last=120, attempts=3)), "three reports are no rhythm"
    assert silent(heard(first=60 * 24 * 90, last=60 * 25)), "a day is silence for whom it may be"


def test_what_a_client_cannot_tell_is_said_unless_it_posts_its_tries_itself() -> None:
    retries, message, nothing, direct, errors = said(
        heard("claude-code/2.1.197"),
        heard("anthropic-python/2.12.0"),
        heard("my-gateway"),
        heard("anthropic-python/2.12.0", direct=True),
        heard("error-log", direct=True),
    )
    assert "retries" in retries
    assert "message" in message
    assert (nothing, direct) == ("", "")
    assert "no rate" in errors


def test_no_errors_are_counted_requests_and_no_reports_are_a_time(tell: Tell, as_bob: Client, project: Project) -> None:
    tell(FINE, FINE, FINE, OVERLOADED | {"service": "checkout"})
    page = as_bob.get("/").content.decode()
    sources = page.split('id="sources"', 1)[1].split("</section>", 1)[0]
    assert sources.count("no errors among 3 requests") == 1
    assert "nothing heard since" not in sources
    hour = dt.timedelta(hours=1)
    Source.objects.filter(service="checkout").update(
        attempts=500, first_seen_at=timezone.now() - 9 * hour, last_seen_at=timezone.now() - 2 * hour
    )
    page = as_bob.get("/").content.decode()
    assert page.count("nothing heard since") == 1


def test_a_view_narrowed_to_one_cause_says_nothing_of_errors_there_are_not(tell: Tell, as_bob: Client) -> None:
    tell(FINE, FINE, FINE)
    assert "no errors among" not in as_bob.get("/?cause=overloaded").content.decode()
