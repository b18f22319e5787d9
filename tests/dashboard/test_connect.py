"""The connect page: the lines work as they stand, keys are shown once, and lights turn green by themselves."""

import asyncio
import json
import re
from html import unescape
from typing import Any

import pytest
import redis
from django.test import Client
from django.utils import timezone
from sentry_sdk.utils import Dsn

from dashboard.clients import shown_client
from dashboard.connecting import WAYS, Way, advice
from tests.dashboard.conftest import FINE, OVERLOADED, Tell
from tests.ingest.conftest import Client as Reporter
from triage.ingest.refusals import MOST, recent
from triage.models import IngestKey, Project, digest_of

_BLOCK = re.compile(r'<pre tabindex="0"><code>(.*?)</code></pre>', re.DOTALL)


def lines(page: str, way: str) -> list[str]:
    panel = page.split(f'id="way-{way}"', 1)[1].split("</section>", 1)[0]
    return [unescape(block) for block in _BLOCK.findall(panel)]


def lamps(page: str) -> dict[str, str]:
    return {slug: state for state, slug in re.findall(r'class="lamp lamp--(\w+)" id="lamp-([\w-]+)"', page)}


def test_without_a_key_at_hand_a_placeholder_stands_in_the_lines(project: Project, as_alice: Client) -> None:
    page = as_alice.get("/connect/").content.decode()
    assert 'OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer YOUR_KEY"' in lines(page, "claude-code")[0]
    assert "http://testserver/otlp/v1/traces" in lines(page, "python")[1]
    assert not IngestKey.objects.exists()


def test_a_new_key_stands_in_the_lines_of_every_way_and_only_in_that_answer(project: Project, as_alice: Client) -> None:
    page = as_alice.post("/connect/key/", {"project": project.slug, "with": "python"}).content.decode()
    key = re.findall(r"tri_[\w-]{20,}", page)[0]
    assert IngestKey.objects.get().digest == digest_of(key)
    for way in ("claude-code", "python", "typescript", "collector", "curl"):
        assert any(key in block for block in lines(page, way)), way
    assert "YOUR_KEY" not in page.split("data-ways", 1)[1]
    assert key not in as_alice.get("/connect/").content.decode()


def test_the_python_lines_are_python_and_the_json_is_json(project: Project, as_alice: Client) -> None:
    page = as_alice.get("/connect/").content.decode()
    compile(lines(page, "python")[1], "connect", "exec")
    assert json.loads(lines(page, "claude-code")[1])["env"]["CLAUDE_CODE_ENABLE_TELEMETRY"] == "1"
    body = re.search(r"-d '(.*)'", lines(page, "curl")[0], re.DOTALL)
    assert body
    assert json.loads(body[1])["status"] == 529


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.slug)
def test_every_way_has_lines_to_paste_for_the_project_at_hand(project: Project, as_alice: Client, way: Way) -> None:
    page = as_alice.get("/connect/").content.decode()
    blocks = lines(page, way.slug)
    assert blocks
    mine = project.slug if way.slug == "log-file" else "YOUR_KEY"
    assert any(mine in block for block in blocks)
    for block in blocks:
        if "from anthropic import" in block or "set_tracer_provider" in block or block.startswith("import sentry_sdk"):
            compile(block, way.slug, "exec")


def test_the_dsn_is_one_that_sentrys_sdks_take(project: Project, as_alice: Client) -> None:
    page = as_alice.post("/connect/key/", {"project": project.slug}).content.decode()
    found = re.search(r'dsn="([^"]+)"', lines(page, "sentry")[0])
    assert found
    dsn = Dsn(found[1])
    assert dsn.to_auth().get_api_url() == f"http://testserver/api/{project.pk}/envelope/"
    assert IngestKey.objects.get().digest == digest_of(dsn.public_key)
    # The JavaScript SDK's own rule is stricter: letters, digits and underscores.
    assert re.fullmatch(r"\w+", dsn.public_key)


def test_a_member_sees_the_lines_and_may_make_no_key(project: Project, as_bob: Client) -> None:
    page = as_bob.get("/connect/").content.decode()
    assert "ask one of them for yours" in page
    assert "Make a new key" not in page
    assert as_bob.post("/connect/key/", {"project": project.slug}).status_code == 403
    assert not IngestKey.objects.exists()


def test_for_a_stranger_the_project_does_not_exist(project: Project, as_charlie: Client) -> None:
    page = as_charlie.get("/connect/").content.decode()
    assert "First, a project" in page
    assert "Alice" not in page
    assert as_charlie.get("/connect/?project=alices-project").status_code == 404
    assert as_charlie.get("/connect/lights/?project=alices-project").status_code == 404
    assert as_charlie.post("/connect/key/", {"project": project.slug}).status_code == 404
    assert not IngestKey.objects.exists()


def test_a_slug_with_a_null_character_names_no_project(project: Project, as_alice: Client) -> None:
    assert as_alice.post("/connect/key/", {"project": "\x00"}).status_code == 404
    assert as_alice.post("/connect/key/", {"project": f"{project.slug}\x00"}).status_code == 404
    assert not IngestKey.objects.exists()


def test_nobody_is_sent_to_sign_in(project: Project, as_nobody: Client) -> None:
    for path in ("/connect/", "/connect/lights/"):
        assert as_nobody.get(path)["Location"].startswith("/sign-in/")
    assert as_nobody.post("/connect/key/", {"project": project.slug})["Location"].startswith("/sign-in/")


def test_a_light_turns_green_with_the_first_report_of_its_kind_and_names_it(tell: Tell, as_bob: Client) -> None:
    before = as_bob.get("/connect/lights/").content.decode()
    assert set(lamps(before).values()) == {"waiting"}
    tell(OVERLOADED, FINE)
    after = as_bob.get("/connect/lights/").content.decode()
    assert [slug for slug, state in lamps(after).items() if state == "live"] == ["curl"]
    assert re.search(r"<strong>json</strong> of <code>ticket-answerer</code>, 1 error, 1 success ", after)
    assert 'id="heard-curl" aria-live="polite" hx-swap-oob="outerMorph"' in after


def test_reports_of_another_project_light_nothing(tell: Tell, others_project: Project, as_alice: Client) -> None:
    tell(OVERLOADED, into=others_project)
    assert "live" not in lamps(as_alice.get("/connect/lights/").content.decode()).values()


def test_the_lines_are_for_the_project_that_was_chosen_and_not_for_the_demo_unasked(
    project: Project, as_alice: Client
) -> None:
    demo = Project.objects.create(slug="a-demo", name="Demo", is_demo=True)
    demo.memberships.create(user=project.memberships.get(role="owner").user, role="owner")
    assert as_alice.get("/connect/").context["project"] == project
    assert as_alice.get("/connect/?project=a-demo").context["project"] == demo


def test_a_source_has_the_name_that_people_know() -> None:
    assert shown_client("claude-code/2.1.197") == "Claude Code 2.1.197"
    assert shown_client("sentry.python/2.75.0") == "Sentry SDK (Python) 2.75.0"
    assert shown_client("my-gateway") == "my-gateway"


@pytest.fixture
def reporting(transactional_db: None, valkey: redis.Redis) -> None:
    """The receiver's own thread sees what the test made."""


PYTHON_EXPORTER = {"user-agent": "OTel-OTLP-Exporter-Python/1.45.2"}


@pytest.mark.parametrize(
    ("path", "headers", "way", "status", "words"),
    [
        ("/v1/logs", {"user-agent": "OTel-OTLP-Exporter-JavaScript/0.208.0"}, "claude-code", 404, "end with /otlp"),
        ("/otlp/v1/trace", PYTHON_EXPORTER, "python", 404, "end with /otlp"),
        (
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            {"user-agent": "grpc-c++/1.7", "content-type": "application/grpc"},
            *("collector", 404, "OTLP over gRPC"),
        ),
        ("/otlp/v1/traces", {**PYTHON_EXPORTER, "content-type": "text/plain"}, "python", 415, "http/protobuf"),
        ("/otlp/v1/traces", PYTHON_EXPORTER, "libraries", 400, "another format than its address is for"),
        ("/api/v1/attempt", {"user-agent": "curl/8"}, "curl", 404, "Post to /api/v1/attempts"),
        ("/api/v1/attempts", {"user-agent": "curl/8", "content-type": "text/xml"}, "curl", 415, "application/json"),
        ("/api/v1/attempts", {"user-agent": "triage-client", "content-length": "99999999"}, "client", 413, "less"),
        ("/api/shop/envelope/", {"user-agent": "sentry.python/2.75.0"}, "sentry", 404, "the number at its end"),
        ("/api/1/envelope/", {"user-agent": "sentry.python/2", "content-encoding": "zstd"}, "sentry", 415, "gzip"),
    ],
)
def test_a_refused_report_is_shown_at_its_way_with_what_to_change(
    reporting: None, key: str, as_bob: Client, path: str, headers: dict[str, str], way: str, status: int, words: str
) -> None:
    assert Reporter(key).post(path, b"?", headers=headers).status == status
    page = as_bob.get("/connect/lights/").content.decode()
    assert lamps(page)[way] == "refused"
    panel = unescape(page.split(f'id="heard-{way}"', 1)[1].split('id="lamp-', 1)[0])
    assert f"({status})" in panel
    assert words in panel
    assert path in panel
    assert headers["user-agent"] in panel


def test_a_revoked_keys_reports_are_shown_to_its_project_and_a_new_key_is_asked_for(
    reporting: None, key: str, project: Project, as_bob: Client, as_charlie: Client, others_project: Project
) -> None:
    IngestKey.objects.update(revoked_at=timezone.now())
    assert Reporter(key).post("/api/v1/attempts", {}).status == 403
    (refusal,) = recent([project.pk])
    assert "was revoked" in advice(refusal)
    assert lamps(as_bob.get("/connect/lights/").content.decode())["curl"] == "refused"
    assert "refused" not in lamps(as_charlie.get("/connect/lights/").content.decode()).values()


def test_an_unknown_key_is_shown_masked_and_to_owners_alone(
    reporting: None, key: str, as_alice: Client, as_bob: Client
) -> None:
    assert Reporter("tri_0123456789abcdef").post("/api/v1/attempts", {}).status == 401
    page = as_alice.get("/connect/lights/").content.decode()
    assert lamps(page)["curl"] == "refused"
    assert "tri_…cdef" in page
    assert "0123456789" not in page
    assert "refused" not in lamps(as_bob.get("/connect/lights/").content.decode()).values()


def test_a_good_report_puts_the_refusal_out_and_a_later_refusal_lights_it_again(
    tell: Tell, key: str, as_bob: Client
) -> None:
    def state() -> str:
        return lamps(as_bob.get("/connect/lights/").content.decode())["curl"]

    Reporter(key).post("/api/v1/attempts", b"{")
    assert state() == "refused"
    tell(FINE)
    assert state() == "live"
    Reporter(key).post("/api/v1/attempts", b"{")
    assert state() == "refused"
    assert "Reports arrived before." in as_bob.get("/connect/lights/").content.decode()


def test_repetitions_are_one_refusal_and_their_number_is_bounded(
    reporting: None, key: str, project: Project, valkey: redis.Redis
) -> None:
    async def knock(reporter: Reporter, *paths: str) -> None:
        for path in paths:
            messages = [{"type": "http.request", "body": b"", "more_body": False}]
            headers = {"authorization": f"Bearer {reporter.key}"}
            await reporter.call(path, "POST", headers, messages)

    asyncio.run(knock(Reporter(key), *["/v1/logs"] * 7))
    (refusal,) = recent([project.pk])
    assert (refusal.count, refusal.status) == (7, 404)
    asyncio.run(knock(Reporter(key), *(f"/otlp/v1/{number}" for number in range(MOST + 20))))
    assert len(recent([project.pk])) == MOST
    for name in valkey.keys("triage:refused:*"):
        assert valkey.ttl(name) > 0


def test_what_a_client_sends_is_masked_and_cut_before_it_is_remembered(
    reporting: None, key: str, project: Project, valkey: redis.Redis
) -> None:
    agent = "mail bob@example.org sk-ant-api03-AAAAAAAAAAAA " + "x" * 500
    Reporter(key).post(f"/otlp/{'y' * 900}", b"", headers={"user-agent": agent, "content-type": "z" * 900})
    (refusal,) = recent([project.pk])
    assert "bob@" not in refusal.client
    assert "AAAA" not in refusal.client
    assert (len(refusal.client), len(refusal.path), len(refusal.content_type)) == (120, 200, 80)


def test_without_valkey_refusals_are_forgotten_and_nothing_else_breaks(
    reporting: None, key: str, settings: Any, as_alice: Client
) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    assert Reporter(key).post("/v1/logs", b"").status == 404
    assert recent([None]) == []
    assert as_alice.get("/connect/").status_code == 200


def test_a_refusal_that_fits_several_ways_goes_out_in_all_of_them(
    reporting: None, key: str, project: Project, as_bob: Client
) -> None:
    def lit() -> set[str]:
        page = as_bob.get("/connect/lights/").content.decode()
        return {slug for slug, state in lamps(page).items() if state == "refused"}

    assert Reporter(key).post("/otlp/v1/trace", b"", headers=PYTHON_EXPORTER).status == 404
    assert lit() == {"python", "libraries"}
    now = timezone.now()
    told = {"client": "openinference/3.1.0", "signal": "traces", "first_seen_at": now, "last_seen_at": now}
    project.sources.create(**told)
    assert lit() == set()
