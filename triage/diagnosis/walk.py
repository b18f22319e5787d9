"""The walk: questions that lead from "it failed" to a cause; its state is nothing but the answers given so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote

from triage.knowledge import UNKNOWN, Answer, Cause, Knowledge, Question, load

_MAJORITY = 3
"""How many times more causes of a status than behind any other answer make an answer known."""


@dataclass(frozen=True)
class Step:
    """A question with the answer that was given to it."""

    question: Question
    answer: Answer


@dataclass(frozen=True)
class WalkState:
    """Where a walk stands: the steps taken, then either the next question or the causes that it led to.

    ``causes`` may hold ``unknown``, which has no entry: it stands in ``cause_slugs`` only.
    """

    steps: tuple[Step, ...]
    question: Question | None
    cause_slugs: tuple[str, ...]
    causes: tuple[Cause, ...]

    @property
    def answers(self) -> dict[str, str]:
        """The answers that lead here, by question, in their order."""
        return {step.question.slug: step.answer.slug for step in self.steps}

    @property
    def address(self) -> str:
        """The ordered answers as one query value (see :func:`encode_answers`)."""
        return encode_answers(self.answers)


def root_question(knowledge: Knowledge | None = None) -> Question | None:
    """Return the question that a walk begins with: the first that no answer leads to."""
    knowledge = knowledge or load()
    led_to = {answer.next for question in knowledge.questions.values() for answer in question.answers}
    return next((q for slug, q in knowledge.questions.items() if slug not in led_to), None)


def walk_state(answers: Mapping[str, str], knowledge: Knowledge | None = None) -> WalkState:
    """Return the state after ``answers`` (question slug to answer slug).

    The walk goes from the first question as far as the answers reach; answers to questions that aren't on the way, and
    answers that the question doesn't have, are left out.
    """
    knowledge = knowledge or load()
    steps: list[Step] = []
    question = root_question(knowledge)
    seen: set[str] = set()
    while question is not None and question.slug not in seen:
        seen.add(question.slug)
        chosen = next((a for a in question.answers if a.slug == answers.get(question.slug)), None)
        if chosen is None:
            break
        steps.append(Step(question, chosen))
        if chosen.next is None:
            known = tuple(knowledge.causes[slug] for slug in chosen.causes if slug in knowledge.causes)
            return WalkState(tuple(steps), None, chosen.causes, known)
        question = knowledge.questions[chosen.next]
    return WalkState(tuple(steps), question, (), ())


def encode_answers(answers: Mapping[str, str]) -> str:
    """Return ordered answers as one query value: ``status=4xx,who=anthropic``."""
    return ",".join(f"{quote(question, safe='')}={quote(answer, safe='')}" for question, answer in answers.items())


def decode_answers(address: str) -> dict[str, str]:
    """Return the answers of an address; parts that aren't ``question=answer`` are left out."""
    answers: dict[str, str] = {}
    for part in address.split(","):
        question, separator, answer = part.partition("=")
        if separator and question and answer:
            answers[unquote(question)] = unquote(answer)
    return answers


def leaves(question: Question, knowledge: Knowledge) -> dict[str, frozenset[str]]:
    """Return the causes that each answer of ``question`` can lead to, by answer slug."""
    return {answer.slug: _reach(answer, knowledge, frozenset({question.slug})) for answer in question.answers}


def _reach(answer: Answer, knowledge: Knowledge, seen: frozenset[str]) -> frozenset[str]:
    if answer.next is None:
        return frozenset(answer.causes)
    if answer.next in seen:
        return frozenset()
    question = knowledge.questions[answer.next]
    return frozenset().union(*(_reach(a, knowledge, seen | {question.slug}) for a in question.answers))


def settle(
    candidates: Iterable[str], knowledge: Knowledge, status: int | None = None
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the answers that follow from ``candidates`` and the questions that would tell them apart.

    An answer is known where all candidates that the question leads to lie behind this one answer, or where nearly all
    causes that come with ``status`` do. The open questions come in the order in which the walk asks them.
    """
    wanted = frozenset(candidates) - {UNKNOWN}
    known: dict[str, str] = {}
    waiting: list[str] = []
    root = _root(_Held(knowledge))
    queue: list[Question] = [root] if root else []
    seen: set[str] = set()
    while queue:
        question = queue.pop(0)
        if question.slug in seen:
            continue
        seen.add(question.slug)
        fitting = [a for a in question.answers if not wanted or _cached_leaves(question, knowledge)[a.slug] & wanted]
        if len(fitting) > 1 and status is not None:
            fitting = _by_status(question, fitting, knowledge, status)
        if len(fitting) == 1:
            known[question.slug] = fitting[0].slug
        elif fitting:
            waiting.append(question.slug)
        if len(fitting) == 1 or not waiting or len(waiting) < 4:
            queue.extend(knowledge.questions[a.next] for a in fitting if a.next)
    return known, tuple(waiting)


def _by_status(question: Question, fitting: list[Answer], knowledge: Knowledge, status: int) -> list[Answer]:
    """Return the one answer of ``fitting`` behind which the causes of ``status`` lie, or all where they are spread."""
    reached = _cached_leaves(question, knowledge)
    causes = knowledge.causes
    counts = {
        answer.slug: sum(slug in causes and status in causes[slug].seen_with.status for slug in reached[answer.slug])
        for answer in fitting
    }
    first, second = sorted(counts.values(), reverse=True)[:2]
    if first < _MAJORITY * max(second, 1):
        return fitting
    return [answer for answer in fitting if counts[answer.slug] == first]


def _cached_leaves(question: Question, knowledge: Knowledge) -> dict[str, frozenset[str]]:
    return _all_leaves(_Held(knowledge))[question.slug]


class _Held:
    """Makes a knowledge object usable as a key: equal to itself alone."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def __hash__(self) -> int:
        return id(self.knowledge)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.knowledge is self.knowledge


@lru_cache(maxsize=4)
def _root(held: _Held) -> Question | None:
    return root_question(held.knowledge)


@lru_cache(maxsize=4)
def _all_leaves(held: _Held) -> dict[str, dict[str, frozenset[str]]]:
    return {slug: leaves(question, held.knowledge) for slug, question in held.knowledge.questions.items()}


def path_to(cause: str, knowledge: Knowledge | None = None) -> Sequence[Step]:
    """Return the shortest way through the walk to ``cause``; empty where the walk doesn't reach it."""
    knowledge = knowledge or load()
    root = root_question(knowledge)
    queue: list[tuple[Question, tuple[Step, ...]]] = [(root, ())] if root else []
    seen: set[str] = set()
    while queue:
        question, steps = queue.pop(0)
        if question.slug in seen:
            continue
        seen.add(question.slug)
        for answer in question.answers:
            taken = (*steps, Step(question, answer))
            if cause in answer.causes:
                return taken
            if answer.next:
                queue.append((knowledge.questions[answer.next], taken))
    return ()
