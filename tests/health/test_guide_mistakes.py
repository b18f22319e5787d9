"""The four mistakes of the error guide's own health checks, which these must not repeat."""

from __future__ import annotations

import pytest

from tests.health.conftest import TIMEOUT, faulty
from triage.health.running import Job, run_one


def state(upstream: str, fault: str, kind: str, subject: str = "") -> str:
    return run_one(Job(kind, subject), faulty(upstream, fault), TIMEOUT).state


def test_a_host_that_answers_404_is_reachable(upstream: str) -> None:
    assert state(upstream, "404_model", "reach") == "ok"
    assert state(upstream, "404_model", "edge") == "ok"


@pytest.mark.parametrize("fault", ["403", "429", "400_credit", "404_model", "529", "429_spend_cap"])
def test_whatever_is_not_a_401_is_not_yet_a_good_key(upstream: str, fault: str) -> None:
    assert state(upstream, fault, "auth") == "fail"


def test_a_model_that_is_not_there_is_a_404_and_not_a_400(upstream: str) -> None:
    outcome = run_one(Job("model", "claude-3-5-sonnet-20241022"), faulty(upstream, "ok"), TIMEOUT)
    assert (outcome.state, outcome.finding, outcome.evidence["status"]) == ("fail", "model_unknown", 404)


@pytest.mark.parametrize("fault", ["500", "502_html", "503_html", "504", "522_html", "529"])
def test_a_failing_server_says_nothing_good_of_a_model(upstream: str, fault: str) -> None:
    assert state(upstream, fault, "model", "claude-opus-4-8") == "fail"
