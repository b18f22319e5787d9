"""The policy simulator's page and command: the same figures, for those who may see them."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from tests.dashboard.conftest import FINE, NO_CREDIT, OVERLOADED, Tell
from triage.models import Project

HOUR = dt.timedelta(minutes=20)


@pytest.fixture
def retried(tell: Tell) -> None:
    """A call rescued by its retry, one lost after two tries, one without credit tried in vain, and successes."""
    begun = timezone.now() - HOUR

    def at(seconds: float) -> dict[str, str]:
        return {"at": (begun + dt.timedelta(seconds=seconds)).isoformat()}

    tell({**OVERLOADED, "call": "rescued", "attempt": 1, **at(0)})
    tell({**FINE, "call": "rescued", "attempt": 2, "duration_ms": 600, **at(4)})
    for number in (1, 2):
        tell({**OVERLOADED, "call": "lost", "attempt": number, **at(10 * number)})
        tell({**NO_CREDIT, "call": "poor", "attempt": number, **at(5 * number)})
    tell(*({**FINE, "id": f"fine-{n}"} for n in range(40)), ago=HOUR)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("replay_policy", "--project", "alices-project", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("retried")
def test_the_owner_sees_what_the_present_policy_cost_and_the_others_would_have(as_alice: Client) -> None:
    response = as_alice.get("/policy/")
    present, knowledge, sdk, patient = response.context["comparison"].results
    assert (present.cost.lost, present.cost.retries, present.cost.in_vain) == (2, 3, 1)
    assert present.cost.waited == pytest.approx(3.4 + 10 + 5, abs=0.001)
    assert knowledge.cost.lost < present.cost.lost
    assert knowledge.cost.in_vain == 0
    assert sdk.cost.in_vain == 0  # the SDK doesn't repeat a 400
    assert patient.cost.lost <= sdk.cost.lost
    page = response.content.decode()
    assert "Of 3 calls that failed at first, 2 stayed lost; 3 retries, 1 of them in vain, with 18 s of waiting." in page
    assert "Checked on the 3 retries" in page
    assert "/reference/causes/credit_balance_too_low/" in page


@pytest.mark.usefixtures("retried")
def test_a_teammate_sees_the_same_and_a_part_alone_where_htmx_asks(as_bob: Client) -> None:
    part = as_bob.get("/policy/", headers={"HX-Request-Type": "partial"}).content.decode()
    assert "<html" not in part
    assert "Requests lost under each policy" in part


@pytest.mark.usefixtures("retried")
def test_a_stranger_sees_none_of_it(as_charlie: Client, as_nobody: Client, project: Project) -> None:
    assert as_charlie.get("/policy/").context["comparison"].calls == 0
    assert as_charlie.get(f"/policy/?project={project.slug}").status_code == 404
    assert as_nobody.get("/policy/").status_code == 302


@pytest.mark.usefixtures("retried")
def test_the_calls_are_narrowed_by_window_and_filter(as_alice: Client) -> None:
    assert as_alice.get("/policy/?window=15m").context["comparison"].calls == 0
    assert as_alice.get("/policy/?cause=overloaded").context["comparison"].calls == 2
    assert as_alice.get("/policy/?service=elsewhere").context["comparison"].calls == 0


def test_an_empty_window_says_so(project: Project, as_alice: Client) -> None:
    page = as_alice.get("/policy/").content.decode()
    assert "No call failed here" in page
    assert "Nothing to replay" in page


def test_calls_that_nobody_describes_are_told_as_left_out(tell: Tell, as_alice: Client) -> None:
    tell({**FINE, "call": "quiet", "attempts": 3}, ago=HOUR)
    response = as_alice.get("/policy/")
    assert response.context["replay"].undescribed == 1
    assert "no report describes how" in response.content.decode()


def test_tries_before_the_one_that_is_told_are_taken_to_have_failed_alike(tell: Tell, as_alice: Client) -> None:
    tell({**OVERLOADED, "call": "in-part", "attempts": 4}, ago=HOUR)
    response = as_alice.get("/policy/")
    comparison = response.context["comparison"]
    assert (comparison.calls, comparison.retries, comparison.waits_known) == (1, 3, 0)
    assert "The wait is known before 0 of 3 retries" in response.content.decode()


def test_a_page_says_what_it_leaves_out(tell: Tell, as_alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.views.policy._MOST_CALLS", 2)
    tell(*({**OVERLOADED, "id": f"lost-{n}"} for n in range(5)), ago=HOUR)
    response = as_alice.get("/policy/")
    assert (response.context["comparison"].calls, response.context["replay"].unread) == (2, 3)
    assert "Only the newest 2 calls are replayed here, 3 are not" in response.content.decode()


def test_a_window_that_cant_be_read_is_told(project: Project, as_alice: Client) -> None:
    assert "is no window" in as_alice.get("/policy/?window=fortnight").content.decode()
    assert "years 2000 to 2100" in as_alice.get("/policy/?from=0001-01-01T00:00%2B14:00").content.decode()


@pytest.mark.usefixtures("retried")
def test_the_command_says_what_the_page_says(as_alice: Client) -> None:
    shown = as_alice.get("/policy/?window=24h").context["comparison"]
    told = json.loads(run("--window", "24h", "--json"))
    assert told["calls"] == shown.calls == 3
    assert [each["name"] for each in told["policies"]] == ["present", "knowledge", "sdk", "patient"]
    assert told["policies"][0]["measured"] is True
    assert told["policies"][1]["lost"] == pytest.approx(shown.results[1].cost.lost, abs=0.01)
    assert told["check"]["retries"] == 3


@pytest.mark.usefixtures("retried")
def test_the_command_prints_a_line_a_policy() -> None:
    lines = run().splitlines()
    assert lines[0].startswith("3 calls failed at their first try between ")
    assert [line.split()[0] for line in lines[2:6]] == ["present", "knowledge", "sdk", "patient"]
    assert "Of 3 retries that were made" in lines[6]


def test_the_command_has_nothing_to_say_of_an_empty_window(project: Project) -> None:
    assert run("--since", "2026-01-01", "--until", "2026-01-02").splitlines() == [
        "0 calls failed at their first try between 2026-01-01 00:00 and 2026-01-02 00:00 UTC."
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--window", "fortnight"], "is no window"), (["--project", "nowhere"], "no project")],
)
def test_the_command_says_what_it_cant_read(project: Project, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message) as raised:
        run(*arguments)
    assert raised.value.returncode == 2
