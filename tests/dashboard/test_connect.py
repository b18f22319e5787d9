"""The connect page: the lines work as they stand, keys are shown once, and lights turn green by themselves."""

import json
import re
from html import unescape

from django.test import Client

from dashboard.connecting import WAYS
from tests.dashboard.conftest import FINE, OVERLOADED, Tell
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


def test_what_does_not_work_yet_says_so_and_shows_no_lines_to_paste(project: Project, as_alice: Client) -> None:
    page = as_alice.get("/connect/").content.decode()
    assert [way.slug for way in WAYS if not way.offered] == ["sentry", "log-file"]
    assert lamps(page)["sentry"] == lamps(page)["log-file"] == "later"
    assert page.count("<h3>Not yet</h3>") == 2


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


def test_nobody_is_sent_to_sign_in(project: Project, as_nobody: Client) -> None:
    for path in ("/connect/", "/connect/lights/"):
        assert as_nobody.get(path)["Location"].startswith("/sign-in/")
    assert as_nobody.post("/connect/key/", {"project": project.slug})["Location"].startswith("/sign-in/")


def test_a_light_turns_green_with_the_first_report_of_its_kind_and_names_it(tell: Tell, as_bob: Client) -> None:
    before = as_bob.get("/connect/lights/").content.decode()
    assert set(lamps(before).values()) == {"waiting", "later"}
    tell(OVERLOADED, FINE)
    after = as_bob.get("/connect/lights/").content.decode()
    assert [slug for slug, state in lamps(after).items() if state == "live"] == ["curl"]
    assert "2 attempts so far, 1 of them failed." in after
    assert "ticket-answerer" in after
    assert 'id="heard-curl" aria-live="polite" hx-swap-oob="true"' in after


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
