from __future__ import annotations

import pytest

from triage.diagnosis import diagnose
from triage.diagnosis.walk import decode_answers, encode_answers, leaves, path_to, root_question, settle, walk_state
from triage.knowledge import load

MOST_QUESTIONS = 7


@pytest.mark.parametrize("slug", sorted(load().causes))
def test_every_cause_is_reached_within_few_questions_and_the_state_agrees(slug: str) -> None:
    path = path_to(slug)
    assert 0 < len(path) <= MOST_QUESTIONS
    state = walk_state({step.question.slug: step.answer.slug for step in path})
    assert slug in state.cause_slugs
    assert state.question is None
    assert walk_state(decode_answers(state.address)) == state


def test_a_walk_begins_with_its_root_and_no_answers() -> None:
    state = walk_state({})
    assert (state.question, state.steps, state.causes) == (root_question(), (), ())


def test_answers_off_the_way_and_unknown_ones_are_left_out() -> None:
    root = root_question()
    assert root is not None
    state = walk_state({"no_such_question": "x", root.slug: "no such answer"})
    assert (state.steps, state.question) == ((), root)


def test_addresses_keep_order_and_odd_characters() -> None:
    answers = {"b": "x=1,y", "a": "ü"}
    assert list(decode_answers(encode_answers(answers)).items()) == list(answers.items())
    assert decode_answers("nonsense,=x,y=,ok=1") == {"ok": "1"}


def test_a_single_candidate_answers_every_question_on_its_way() -> None:
    known, open_ = settle(["api_key_invalid"], load())
    assert known == {step.question.slug: step.answer.slug for step in path_to("api_key_invalid")}
    assert open_ == ()


def test_two_candidates_leave_the_question_that_separates_them() -> None:
    _, open_ = settle(["dns_failure", "tls_certificate"], load())
    assert len(open_) == 1


def test_the_longest_way_through_the_walk_is_short_too() -> None:
    knowledge = load()

    def longest(slug: str) -> int:
        following = [answer.next for answer in knowledge.questions[slug].answers if answer.next]
        return 1 + max(map(longest, following), default=0)

    root = root_question()
    assert root is not None
    assert longest(root.slug) <= MOST_QUESTIONS


def test_what_the_status_answers_is_not_asked() -> None:
    found = diagnose("API Error: 403")
    assert found.known_answers["answer"] == "client"
    assert found.known_answers["client_status"] == "s401_403"
    assert set(found.questions).isdisjoint(found.known_answers)


def test_a_paste_that_leaves_causes_open_asks_only_what_separates_them() -> None:
    found = diagnose("API Error: 403")
    open_causes = {found.cause, found.candidates[1].cause}
    for slug in found.questions:
        reached = leaves(load().questions[slug], load())
        assert len({answer for answer, causes in reached.items() if causes & open_causes}) > 1
