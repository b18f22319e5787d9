"""The verdict: one sentence on retrying, true to the policy."""

from dashboard.verdicts import verdict_of
from triage.knowledge import RetryPolicy, load


def policy(**more: object) -> RetryPolicy:
    return RetryPolicy.model_validate({"retryable": True, "note": "Note.", **more})


def test_no_policy_means_that_nobody_can_tell() -> None:
    assert verdict_of(None).kind == "unknown"


def test_what_fails_again_is_not_to_be_retried_whatever_the_answer_asks() -> None:
    verdict = verdict_of(policy(retryable=False), retry_after=5)
    assert (verdict.kind, verdict.detail) == ("stop", "Note.")


def test_a_wait_that_the_answer_asks_for_comes_first() -> None:
    schedule = {"first_wait": 1, "factor": 2, "max_wait": 30, "attempts": 3}
    assert verdict_of(policy(**schedule), retry_after=90).headline.startswith("Wait 90 s")
    assert verdict_of(policy(**schedule, honour_retry_after=False), retry_after=90).kind == "retry"


def test_the_schedule_names_each_wait_up_to_the_cap() -> None:
    schedule = verdict_of(policy(first_wait=1, factor=3, max_wait=10, attempts=5)).schedule
    assert schedule.startswith("Waits: 1 s, 3 s, 9 s, 10 s,")
    assert "5 tries in all" in schedule


def test_a_policy_without_a_schedule_says_later() -> None:
    verdict = verdict_of(policy())
    assert (verdict.kind, verdict.schedule) == ("wait", "")


def test_a_long_first_wait_is_a_wait() -> None:
    assert verdict_of(policy(first_wait=60, factor=2, max_wait=600, attempts=4)).kind == "wait"


def test_every_policy_of_the_knowledge_has_a_verdict_that_agrees_with_it() -> None:
    for entry in (*load().causes.values(), *load().codes.values()):
        assert (verdict_of(entry.retry).kind != "stop") == entry.retry.retryable, entry.slug
