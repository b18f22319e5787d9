"""The core of the simulator: known calls in, known figures out."""

from __future__ import annotations

import pytest

from triage.knowledge import load
from triage.replay.chance import Chances
from triage.replay.comparing import KNOWLEDGE, PATIENT, PRESENT, SDK, compare
from triage.replay.model import Call, Tried
from triage.replay.policies import KnowledgePolicy, SdkPolicy, can_pass
from triage.replay.simulate import expected, measured

POOL = "1/claude-opus-4-8"
KNOWN = load()


def failed(at: float, cause: str = "overloaded", status: int | None = 529, **fields: object) -> Tried:
    category = "server" if status else "network"
    return Tried(at, cause, category=category, http_status=status, **fields)


def fine(at: float, **fields: object) -> Tried:
    return Tried(at, "", **fields)


def call(*tries: Tried) -> Call:
    return Call(POOL, tries, lost=bool(tries[-1].cause))


def waits(policy: SdkPolicy | KnowledgePolicy, failure: Tried) -> list[float]:
    found, tries = [], 1
    while (wait := policy.wait(failure, tries)) is not None:
        found.append(wait)
        tries += 1
    return found


def test_the_sdk_retries_twice_and_waits_longer_each_time() -> None:
    assert waits(SdkPolicy("sdk"), failed(0)) == [0.4375, 0.875]
    assert waits(SdkPolicy("sdk", 8), failed(0))[-3:] == [7.0, 7.0, 7.0]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503, 529, None])
def test_the_sdk_goes_by_status(status: int | None) -> None:
    assert len(waits(SdkPolicy("sdk"), failed(0, status=status))) == 2


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 413])
def test_the_sdk_doesnt_repeat_other_answers(status: int) -> None:
    assert waits(SdkPolicy("sdk"), failed(0, status=status)) == []


def test_the_sdk_doesnt_repeat_what_never_left_the_program() -> None:
    assert waits(SdkPolicy("sdk"), Tried(0, "api_key_missing", category="client")) == []


def test_the_sdk_waits_as_long_as_the_answer_asks() -> None:
    assert waits(SdkPolicy("sdk"), failed(0, retry_after=20.0))[0] == 20


def test_the_knowledge_goes_by_cause() -> None:
    policy = KnowledgePolicy("knowledge", KNOWN)
    assert waits(policy, failed(0)) == [2, 4, 8, 16, 32]
    assert waits(policy, failed(0, "tier_spend_cap_reached", 429)) == []
    assert waits(policy, failed(0, "subscription_limit", 429)) == []
    assert waits(policy, failed(0, retry_after=20.0))[0] == 20


def test_where_the_cause_is_unknown_the_knowledge_goes_by_status() -> None:
    policy = KnowledgePolicy("knowledge", KNOWN)
    assert waits(policy, failed(0, "unknown", 529))
    assert waits(policy, failed(0, "unknown", 400)) == []
    assert waits(policy, failed(0, "unknown", None)) == []


def test_what_the_present_policy_cost_is_measured() -> None:
    told = call(failed(100), failed(103, took=1.0), fine(110, took=2.5))
    cost, known = measured(told, KNOWN)
    assert (cost.lost, cost.retries, cost.in_vain, known) == (0, 2, 0, 2)
    assert cost.waited == pytest.approx(2 + 4.5)


def test_retries_after_what_cant_pass_were_in_vain() -> None:
    cap = "tier_spend_cap_reached"
    cost, _ = measured(call(failed(0, cap, 429), failed(1, cap, 429), failed(2, cap, 429)), KNOWN)
    assert (cost.lost, cost.in_vain) == (1, 2)
    assert not can_pass(failed(0, cap), KNOWN)
    assert can_pass(failed(0, "unknown"), KNOWN)


def test_a_wait_beside_a_try_that_nobody_describes_is_not_known() -> None:
    cost, known = measured(call(failed(0, described=False), failed(5, described=False), fine(9)), KNOWN)
    assert (cost.retries, cost.waited, known) == (2, 0, 0)


def test_a_minute_in_which_all_succeeded_promises_success_and_one_in_which_all_failed_doesnt() -> None:
    successes = {(POOL, 1): 200}
    failures = {(POOL, 2, "overloaded"): 200}
    chances = Chances(successes, failures, [])
    assert chances.of(POOL, "overloaded", 60) > 0.98
    assert chances.of(POOL, "overloaded", 120) < 0.02
    assert chances.of(POOL, "overloaded", 180) == 0.5
    assert chances.of("2/other", "overloaded", 60) == 0.5


def test_few_tries_say_little_and_the_range_says_so() -> None:
    few, many = Chances({(POOL, 1): 1}, {}, []), Chances({(POOL, 1): 100}, {(POOL, 1, "overloaded"): 50}, [])
    widths = [each.of(POOL, "overloaded", 60, 1.0) - each.of(POOL, "overloaded", 60, -1.0) for each in (few, many)]
    assert widths[0] > 4 * widths[1]


def test_the_retries_that_were_made_come_out_right_on_average() -> None:
    # The minute's tries promise 9 of 10, but of 40 retries only 10 succeeded: what has just failed fails more easily.
    calls = [call(failed(70), fine(71) if n < 10 else failed(71)) for n in range(40)]
    chances = Chances({(POOL, 1): 900}, {(POOL, 1, "overloaded"): 100}, calls)
    assert (chances.check.retries, chances.check.succeeded) == (40, 10)
    assert chances.check.expected == pytest.approx(36, abs=1)
    assert chances.of(POOL, "overloaded", 70) == pytest.approx(0.27, abs=0.03)


def test_a_retry_is_not_foretold_from_its_own_outcome() -> None:
    chances = Chances({(POOL, 1): 1}, {}, [call(failed(70), fine(71))])
    assert chances.check.expected == pytest.approx(2 / 3)


def test_a_policy_is_expected_to_lose_what_its_chances_leave() -> None:
    chances = Chances({}, {}, [])  # nothing known: every retry has an even chance
    cost = expected(call(failed(0)), SdkPolicy("sdk"), chances, KNOWN)
    assert cost.lost == pytest.approx(0.25)
    assert cost.retries == pytest.approx(1.5)
    assert cost.waited == pytest.approx(0.4375 + 0.5 * 0.875)
    assert cost.in_vain == 0


def test_no_policy_gets_past_what_cant_pass() -> None:
    told = call(failed(0, "tier_spend_cap_reached", 429))
    chances = Chances({(POOL, 0): 100}, {}, [])
    sdk = expected(told, SdkPolicy("sdk"), chances, KNOWN)
    knowing = expected(told, KnowledgePolicy("knowledge", KNOWN), chances, KNOWN)
    assert (sdk.lost, sdk.retries, sdk.in_vain) == (1, 2, 2)
    assert (knowing.lost, knowing.retries, knowing.in_vain) == (1, 0, 0)


def test_a_try_before_the_time_that_was_asked_for_is_refused() -> None:
    class Hasty:
        name = "hasty"

        def wait(self, failure: Tried, tries: int) -> float | None:
            return 1.0 if tries <= 2 else None

    chances = Chances({(POOL, 0): 1000}, {}, [])
    assert expected(call(failed(0, retry_after=30.0)), Hasty(), chances, KNOWN).lost == 1
    assert expected(call(failed(0)), Hasty(), chances, KNOWN).lost < 0.001


def test_an_outage_that_outlasts_the_sdk_is_where_patience_pays() -> None:
    # Everything fails for two minutes, then everything works; the present policy gave up within the first.
    calls = [call(failed(n), failed(n + 1), failed(n + 2)) for n in range(30)]
    successes = {(POOL, minute): 300 for minute in range(2, 10)}
    failures = {(POOL, 0, "overloaded"): 400, (POOL, 1, "overloaded"): 400}
    found = compare(calls, successes, failures, KNOWN)
    assert [result.name for result in found.results] == [PRESENT, KNOWLEDGE, SDK, PATIENT]
    assert found.of(PRESENT).cost.lost == 30
    assert found.of(SDK).cost.lost > 29
    assert found.of(KNOWLEDGE).cost.lost < found.of(SDK).cost.lost
    assert found.of(KNOWLEDGE).fewest_lost < found.of(KNOWLEDGE).cost.lost < found.of(KNOWLEDGE).most_lost
    assert found.causes == {"overloaded": 30}
    assert found.of(SDK).by_cause["overloaded"].lost == pytest.approx(found.of(SDK).cost.lost)


def test_the_same_calls_give_the_same_figures() -> None:
    calls = [call(failed(n), fine(n + 1)) for n in range(9)]
    minutes = ({(POOL, 0): 5}, {(POOL, 0, "overloaded"): 9})
    first, second = (compare(calls, *minutes, KNOWN) for _ in range(2))
    assert [result.cost for result in first.results] == [result.cost for result in second.results]


def test_no_calls_cost_nothing() -> None:
    found = compare([], {}, {}, KNOWN)
    assert (found.calls, found.retries, found.waits_known) == (0, 0, 0)
    assert all(result.cost.lost == 0 for result in found.results)
