"""The health page: the checks from here and elsewhere, the provider's word, this server's own parts, who reports."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from redis import Redis

from tests.dashboard.conftest import FINE, Tell
from triage.diagnosis import diagnose_fields
from triage.health import Finding, Outcome, record, sync
from triage.models import Check, DropCount, HourCount, Project, Source

OVERLOADED = diagnose_fields(http_status=529, error_type="overloaded_error", message="Overloaded")
WORKS = Outcome("ok", Finding.FINE, "It works.", 12.0)
FAILS = Outcome("fail", Finding.OVERLOADED, "The API is overloaded (529).", 80.0, {"status": 529}, OVERLOADED)
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def ended(**outcomes: Outcome) -> dict[str, Check]:
    """Have each kind of check ended twice: well, or with the outcome that is told for it."""
    Check.objects.filter(project=None).delete()
    sync(timezone.now())
    checks = {check.kind: check for check in Check.objects.filter(project=None)}
    for kind, check in checks.items():
        for seconds in (40, 10):
            record(check, outcomes.get(kind, WORKS), timezone.now() - dt.timedelta(seconds=seconds))
    Check.objects.update(due_at=timezone.now() + dt.timedelta(seconds=20))
    return checks


def text_of(client: Client, address: str = "/health/", **options: Any) -> str:
    answer = client.get(address, **options)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.fixture
def used_model(project: Project) -> str:
    """A model that Alice's project used just now."""
    HourCount.objects.create(project=project, start=timezone.now(), model="claude-opus-4-8", attempts=1)
    return "claude-opus-4-8"


def test_it_says_in_a_sentence_whether_the_api_works_from_here(project: Project, as_alice: Client) -> None:
    assert "Whether the API works from here isn&#x27;t known yet." in text_of(as_alice)
    ended()
    assert "The API works from here." in text_of(as_alice)
    ended(auth=FAILS)
    assert "The API doesn&#x27;t work from here: the API is overloaded." in text_of(as_alice)


def test_without_a_key_it_says_what_could_not_be_tried(project: Project, as_alice: Client) -> None:
    ended(auth=Outcome("unknown", Finding.NEEDS_KEY, "It needs ANTHROPIC_API_KEY."))
    page = text_of(as_alice)
    assert "The way to the API is open from here; no key is set to try." in page
    assert "It needs ANTHROPIC_API_KEY." in page


def test_a_single_failure_is_told_as_one(project: Project, as_alice: Client) -> None:
    checks = ended()
    record(checks["edge"], FAILS)
    assert "A check has just failed: the API is overloaded. It is repeated." in text_of(as_alice)


def test_a_failing_model_does_not_condemn_the_api(project: Project, as_alice: Client, used_model: str) -> None:
    ended(model=Outcome("fail", Finding.MODEL_UNKNOWN, "There is none."))
    page = text_of(as_alice)
    assert "The API works from here, but not every model: the model is unknown (claude-opus-4-8)." in page


def test_a_failure_stands_with_its_diagnosis_its_time_and_how_often(project: Project, as_alice: Client) -> None:
    checks = ended(auth=FAILS)
    record(checks["auth"], WORKS)
    page = text_of(as_alice)
    assert "Last failures" in page
    assert "2 runs in a row" in page
    assert 'href="/reference/causes/overloaded/"' in page
    assert "2 runs, 2 failed" not in page  # the one that works counts too
    assert "3 runs, 2 failed, the slowest took 80 ms" in page


def test_certificates_are_shown_with_who_issued_them(project: Project, as_alice: Client) -> None:
    chain = [{"subject": "api.anthropic.com", "issuer": "Acme <CA>", "until": "2026-12-01T00:00:00+00:00"}]
    seen = {"chain": chain, "trusted_here": True, "public_authority": False, "proxy": "proxy.acme:3128"}
    ended(reach=Outcome("warn", Finding.INTERCEPTED, "The connection is intercepted.", 5.0, seen))
    page = text_of(as_alice)
    assert "issued by Acme &lt;CA&gt;, good until 2026-12-01" in page
    assert "Its authority is none that the public web trusts. This machine trusts it." in page
    assert "proxy.acme:3128" in page


def test_the_providers_word_stands_beside_it(project: Project, as_alice: Client) -> None:
    at = "2026-11-21T14:02:00+00:00"
    said = {
        "indicator": "major",
        "description": "Partial Outage",
        "page": "https://status.claude.com",
        "page_updated_at": at,
        "incidents": [
            {"name": "Errors on Opus", "status": "investigating", "impact": "major", "since": at, "said": "We look."}
        ],
        "components": [{"name": "API", "status": "major_outage", "since": at}],
    }
    ended(provider=Outcome("fail", Finding.PROVIDER_MAJOR, "The provider says: Partial Outage.", 9.0, said))
    page = text_of(as_alice)
    for words in ("Partial Outage", "Errors on Opus", "We look.", "major outage", 'href="https://status.claude.com"'):
        assert words in page
    assert "The API works from here." in page  # it is the checks that answer the question


def test_a_check_that_fell_silent_is_not_known(project: Project, as_alice: Client) -> None:
    ended()
    Check.objects.update(ran_at=timezone.now() - dt.timedelta(minutes=20))
    page = text_of(as_alice)
    assert "Silent" in page
    assert "Whether the API works from here isn&#x27;t known yet." in page


@pytest.mark.parametrize("cast", ["as_alice", "as_bob"])
def test_people_of_a_project_run_checks_and_see_the_progress(
    request: pytest.FixtureRequest, project: Project, valkey: Redis, cast: str
) -> None:
    client: Client = request.getfixturevalue(cast)
    ended()
    part = client.post("/health/run/", headers=PART)
    assert part.status_code == 200
    assert "6 checks are running" in part.content.decode()
    assert "asked=" in part.headers["HX-Replace-Url"]
    assert valkey.llen("watcher") == 1
    assert Check.objects.filter(due_at__lte=timezone.now()).count() == 6
    Check.objects.update(ran_at=timezone.now())
    after = client.get(part.headers["HX-Replace-Url"], headers=PART)
    assert "checks are running" not in after.content.decode()
    assert after.headers["HX-Replace-Url"] == "/health/"


def test_without_javascript_it_is_a_form_and_a_redirect(project: Project, valkey: Redis, as_alice: Client) -> None:
    ended()
    answer = as_alice.post(f"/health/run/?project={project.slug}")
    assert answer.status_code == 302
    assert f"project={project.slug}" in answer.headers["Location"]
    assert "6 checks are running" in text_of(as_alice, answer.headers["Location"])


def test_one_check_alone_can_be_run(project: Project, valkey: Redis, as_alice: Client) -> None:
    checks = ended()
    part = as_alice.post("/health/run/", {"check": checks["edge"].pk}, headers=PART)
    assert "One check is running" in part.content.decode()
    assert Check.objects.filter(due_at__lte=timezone.now()).get().kind == "edge"


def test_only_what_is_there_and_ones_own_can_be_run(
    project: Project, others_project: Project, valkey: Redis, as_charlie: Client, used_model: str
) -> None:
    checks = ended()
    site = Check.objects.create(project=others_project, site="Lyon", kind="edge")
    for asked in (checks["model"].pk, site.pk, 999_999, "edge", "-1", "\u0661"):
        assert as_charlie.post("/health/run/", {"check": asked}).status_code == 404
    assert not Check.objects.filter(due_at__lte=timezone.now()).exists()


def test_strangers_run_nothing(project: Project, as_charlie: Client, as_nobody: Client) -> None:
    ended()
    assert as_charlie.post("/health/run/").status_code == 403
    assert "Run all now" not in text_of(as_charlie)
    assert as_nobody.post("/health/run/").status_code == 302
    assert as_charlie.get("/health/run/").status_code == 405


@pytest.mark.parametrize("address", ["?asked=x", "?asked=99999999999999", "?asked=1&check=y", "?asked=\u0661\u0662"])
def test_an_address_that_asks_for_nonsense_shows_the_page(project: Project, as_alice: Client, address: str) -> None:
    ended()
    assert "checks are running" not in text_of(as_alice, f"/health/{address}")


def test_with_valkey_away_it_says_so(project: Project, as_alice: Client, settings: Settings, tmp_path: Path) -> None:
    ended()
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    page = text_of(as_alice, as_alice.post("/health/run/").headers["Location"])
    assert "The checks can&#x27;t be started: Valkey is away." in page


def test_models_and_sites_are_shown_to_those_whose_they_are(
    project: Project, used_model: str, as_bob: Client, as_charlie: Client
) -> None:
    ended()
    site = Check.objects.create(project=project, site="Lyon office", kind="edge")
    record(site, FAILS)
    page = text_of(as_bob)
    for words in ("claude-opus-4-8", "Lyon office", "The API is overloaded (529)."):
        assert words in page
    theirs = text_of(as_charlie)
    for words in ("claude-opus-4-8", "Lyon office", "The API is overloaded (529)."):
        assert words not in theirs


def test_the_overview_has_the_checks_as_a_strip(tell: Tell, project: Project, as_bob: Client) -> None:
    tell(FINE)
    ended(auth=FAILS)
    page = text_of(as_bob, "/")
    assert 'Key<span class="visually-hidden">: Fails</span>' in page
    assert 'Connection<span class="visually-hidden">: Works</span>' in page


def test_it_names_what_of_this_server_is_down(tell: Tell, as_alice: Client) -> None:
    tell(FINE)
    assert "This server is not well: Worker, Watcher, Beat." in text_of(as_alice)


def test_it_tells_the_team_who_reports_and_who_fell_silent(tell: Tell, as_bob: Client) -> None:
    tell({**FINE, "client": "my-script/1"})
    assert "my-script/1" in as_bob.get("/health/").content.decode()
    assert "Silent" not in as_bob.get("/health/").content.decode()
    Source.objects.update(last_seen_at=timezone.now() - dt.timedelta(hours=2))
    assert "Silent" in as_bob.get("/health/").content.decode()


def test_what_was_accepted_and_not_stored_is_counted_with_its_reason(project: Project, as_alice: Client) -> None:
    DropCount.objects.create(
        project=project, day=timezone.now().date(), reason="span of no known client: acme", count=7
    )
    page = as_alice.get("/health/").content.decode()
    assert "span of no known client: acme" in page


def test_a_stranger_sees_neither_sources_nor_drops(
    tell: Tell, project: Project, as_charlie: Client, as_nobody: Client
) -> None:
    tell({**FINE, "client": "my-script/1"})
    DropCount.objects.create(project=project, day=timezone.now().date(), reason="a reason of Alice's", count=7)
    page = as_charlie.get("/health/").content.decode()
    assert "my-script" not in page
    assert "a reason of Alice" not in page
    assert as_charlie.get(f"/health/?project={project.slug}").status_code == 404
    assert as_nobody.get("/health/").status_code == 302
