"""Another place runs the checks and reports them: the command, the address, what is kept and who may see it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from triage.health import Finding, Outcome, reporting, states
from triage.health.running import Job
from triage.health.storing import EVIDENCE
from triage.models import Check, IngestKey, Project

TOLD = {"kind": "edge", "state": "fail", "finding": "blocked", "words": "A page answered.", "cause": "no_such_cause"}
Tell = Callable[..., Any]


@pytest.fixture
def post(client: Client, key: str) -> Tell:
    """Report with Alice's key, or another."""

    def send(report: object, bearer: str = key) -> Any:
        return client.post(
            "/api/v1/checks",
            json.dumps(report),
            content_type="application/json",
            headers={"authorization": f"Bearer {bearer}"},
        )

    return send


def run(*arguments: str) -> tuple[int, str, str]:
    """Run the command; return its exit code, output and complaints."""
    out, err = StringIO(), StringIO()
    code = 0
    try:
        call_command("check_health", *arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def aimed(upstream: str, settings: Settings) -> Callable[[str], None]:
    """Aim this machine's checks at a fault of the stand-in."""

    def aim(fault: str) -> None:
        settings.ANTHROPIC_BASE_URL = f"{upstream}/s/{fault}"
        settings.ANTHROPIC_API_KEY = "made-up-key"
        settings.TRIAGE_CHECK_STATUS_URL = f"{upstream}/s/status_none/api/v2/summary.json"

    return aim


def test_it_exits_with_0_where_nothing_fails_and_1_where_something_does(aimed: Callable[[str], None]) -> None:
    road = ("--only", "name", "--only", "reach", "--only", "edge", "--only", "auth", "--only", "provider")
    aimed("ok")
    code, told, _ = run(*road)
    assert code == 0
    assert [line.split()[0] for line in told.splitlines()] == ["name", "reach", "edge", "auth", "provider"]
    aimed("403_html")
    code, told, _ = run(*road)
    assert code == 1
    assert "edge      FAILS" in told


def test_for_a_script_it_is_one_json_object(aimed: Callable[[str], None]) -> None:
    aimed("529")
    code, told, _ = run("--json", "--only", "model", "--model", "claude-opus-4-8")
    [check] = json.loads(told)["checks"]
    assert (code, json.loads(told)["ok"]) == (1, False)
    assert (check["kind"], check["subject"]) == ("model", "claude-opus-4-8")
    assert (check["finding"], check["cause"]) == ("overloaded", "overloaded")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--report", "http://127.0.0.1:1", "--key", "k"),
        ("--report", "http://127.0.0.1:1", "--site", "Lyon"),
        ("--report", "127.0.0.1:1", "--key", "k", "--site", "Lyon"),
        ("--report", "http://127.0.0.1:1", "--key", "k", "--site", "Lyon", "--only", "server"),
        ("--report", "http://127.0.0.1:1", "--key", "k", "--site", "L" * 61),
        ("--every", "60"),
        ("--timeout", "0"),
    ],
)
def test_misuse_is_told_and_ends_with_2(arguments: tuple[str, ...]) -> None:
    code, told, complaint = run(*arguments)
    assert (code, told) == (2, "")
    assert arguments[-2] in complaint or "--key" in complaint or "--site" in complaint or "--report" in complaint


@pytest.mark.django_db
def test_without_a_model_in_use_there_is_nothing_to_check_of_models() -> None:
    code, _, complaint = run("--only", "model")
    assert code == 2
    assert "--model" in complaint


@pytest.mark.django_db(transaction=True)
def test_another_place_reports_over_http(
    live_server: LiveServer, key: str, project: Project, aimed: Callable[[str], None]
) -> None:
    aimed("ok")
    where = ("--report", live_server.url, "--key", key, "--site", "Lyon office")
    code, _, complaint = run(*where, "--model", "claude-opus-4-8")
    assert (code, complaint) == (0, "")
    told = {each.kind: each for each in states([project.pk]) if each.site}
    assert set(told) == set(reporting.KINDS)
    assert {each.state for each in told.values()} == {"ok"}
    assert told["model"].subject == "claude-opus-4-8"
    assert {(check.site, check.every, check.due_at) for check in Check.objects.all()} == {("Lyon office", 3600, None)}


@pytest.mark.django_db(transaction=True)
def test_a_report_that_is_not_taken_ends_with_3(live_server: LiveServer, aimed: Callable[[str], None]) -> None:
    aimed("ok")
    code, _, complaint = run("--only", "name", "--report", live_server.url, "--key", "tri_wrong", "--site", "Lyon")
    assert code == 3
    assert "401" in complaint
    assert "tri_wrong" not in complaint


@pytest.mark.django_db
def test_a_report_is_stored_for_the_keys_project(post: Tell, project: Project, charlie: object) -> None:
    assert post({"site": "Lyon", "every": 60, "checks": [TOLD]}).json() == {"stored": 1}
    check = Check.objects.get()
    assert (check.project, check.site, check.every, check.state) == (project, "Lyon", 60, "fail")
    assert check.cause == ""  # a cause that the knowledge doesn't have is nobody's
    post({"site": "Lyon", "checks": [{**TOLD, "state": "ok", "finding": "fine"}]})
    assert Check.objects.get().state == "ok"
    other = Project.objects.create(slug="other", name="Other")
    post({"site": "Lyon", "checks": [TOLD]}, IngestKey.issue(other)[1])
    assert Check.objects.count() == 2
    assert [each.project_id for each in states([other.pk])] == [other.pk]


@pytest.mark.django_db
def test_secrets_in_a_report_are_masked(post: Tell) -> None:
    secret = "sk-ant-api03-abcdefghijklmnop"
    post({"site": "Lyon", "checks": [{**TOLD, "words": secret, "evidence": {"error": secret}}]})
    check = Check.objects.get()
    assert "abcdefghijklmnop" not in f"{check.words}{check.evidence}"


@pytest.mark.django_db
def test_secrets_in_the_names_of_a_place_and_a_model_are_masked(post: Tell) -> None:
    told = {**TOLD, "kind": "model", "subject": "sk-ant-api03-abcdefghijklmnop"}
    for _ in range(2):
        assert post({"site": "Lyon, ann@example.org", "checks": [told]}).status_code == 200
    check = Check.objects.get()
    assert (check.site, check.subject) == (f"Lyon, {'*' * 15}", f"sk-ant-{'*' * 22}")


def nested(levels: int) -> dict[str, Any]:
    """Return evidence of so many levels."""
    evidence: dict[str, Any] = {}
    for _ in range(levels - 1):
        evidence = {"in": evidence}
    return evidence


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("evidence", "wrong"),
    [
        ({"a": [float("nan")]}, "NaN"),
        ({"a": float("-inf")}, "infinite"),
        (nested(reporting.DEEPEST + 1), "20 levels"),
        (nested(600), "20 levels"),
        ({"a": "x" * EVIDENCE}, f"{EVIDENCE} is the most"),
    ],
)
def test_evidence_that_cannot_be_kept_is_refused_with_what_was_wrong(
    post: Tell, evidence: dict[str, Any], wrong: str
) -> None:
    answer = post({"site": "Lyon", "checks": [TOLD, {**TOLD, "kind": "reach", "evidence": evidence}]})
    assert answer.status_code == 422
    assert wrong in str(answer.json()["detail"])
    assert not Check.objects.exists()


@pytest.mark.django_db
def test_characters_that_a_database_cannot_hold_are_left_out_of_evidence(post: Tell) -> None:
    evidence = {"a\x00b": "\ud800!", "password": {"c\x00": ["d\x00"], "\udc00": 1}, "at": nested(reporting.DEEPEST - 1)}
    assert post({"site": "Lyon", "checks": [{**TOLD, "evidence": evidence}]}).status_code == 200
    assert Check.objects.get().evidence == {
        "ab": "?!",
        "password": {"c": ["*"], "?": 1},
        "at": nested(reporting.DEEPEST - 1),
    }


@pytest.mark.django_db
def test_a_report_is_stored_whole_or_not_at_all(project: Project) -> None:
    fine = Outcome("ok", Finding.FINE, "It works.")
    unkept = Outcome("fail", Finding.BLOCKED, "It doesn't.", evidence={"a": object()})
    with pytest.raises(TypeError):
        reporting.accept(project, "Lyon", 60, [(Job("edge"), fine), (Job("reach"), unkept)])
    assert not Check.objects.exists()


@pytest.mark.django_db
def test_reports_in_quick_succession_are_told_but_make_no_rows(project: Project) -> None:
    start = timezone.now()
    fine, blocked = Outcome("ok", Finding.FINE, "It works."), Outcome("fail", Finding.BLOCKED, "It doesn't.")
    reporting.accept(project, "Lyon", 5, [(Job("edge"), fine)] * 3, start)
    reporting.accept(project, "Lyon", 5, [(Job("edge"), blocked)], start + dt.timedelta(seconds=4))
    check = Check.objects.get()
    assert (check.state, check.results.count()) == ("fail", 1)
    reporting.accept(project, "Lyon", 5, [(Job("edge"), fine)], start + dt.timedelta(seconds=8))
    assert check.results.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "report",
    [
        {"site": "", "checks": [TOLD]},
        {"site": "  ", "checks": [TOLD]},
        {"site": "L" * 61, "checks": [TOLD]},
        {"site": "Lyon", "checks": []},
        {"site": "Lyon", "checks": [TOLD] * 51},
        {"site": "Lyon", "every": 1, "checks": [TOLD]},
        {"site": "Lyon", "checks": [{**TOLD, "kind": "server"}]},
        {"site": "Lyon", "checks": [{**TOLD, "finding": "made_up"}]},
        {"site": "Lyon", "checks": [{**TOLD, "latency_ms": -1}]},
        {"site": "Ly\x00on", "checks": [TOLD]},
        [],
    ],
)
def test_what_is_no_report_is_refused_with_what_was_wrong(post: Tell, report: object) -> None:
    answer = post(report)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert not Check.objects.exists()


@pytest.mark.django_db
def test_without_a_good_key_nothing_is_stored(post: Tell, client: Client, as_owner: Client) -> None:
    report = {"site": "Lyon", "checks": [TOLD]}
    assert post(report, "tri_wrong").status_code == 401
    answer = as_owner.post("/api/v1/checks", json.dumps(report), content_type="application/json")
    assert answer.status_code == 401  # a session is no key
    assert not Check.objects.exists()


@pytest.fixture
def as_owner(alice: Any) -> Client:
    browser = Client()
    browser.force_login(alice)
    return browser


@pytest.mark.django_db
def test_sites_are_bounded_and_the_limit_is_named(post: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "MOST_SITES", 2)
    for site in ("Lyon", "Oslo", "Lyon"):
        assert post({"site": site, "checks": [TOLD]}).status_code == 200
    answer = post({"site": "Rome", "checks": [TOLD]})
    assert answer.status_code == 409
    assert "2 sites" in answer.json()["detail"]


@pytest.mark.django_db
def test_models_of_a_site_are_bounded_too(post: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "MOST_CHECKS", 3)
    models = [{**TOLD, "kind": "model", "subject": f"claude-{number}"} for number in range(3)]
    assert post({"site": "Lyon", "checks": models}).status_code == 200
    answer = post({"site": "Lyon", "checks": [{**TOLD, "kind": "model", "subject": "claude-new"}]})
    assert answer.status_code == 409
    assert "3 checks" in answer.json()["detail"]
