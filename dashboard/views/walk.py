"""The walk: one question a step, from "it failed" to a cause (``/walk/``)."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard.views.common import open_page, render_page
from triage.diagnosis.walk import Step, WalkState, decode_answers, encode_answers, leaves, walk_state
from triage.knowledge import Answer, Cause, Question, load


@dataclass(frozen=True)
class Choice:
    """An answer that can be given, with the address that gives it and how many causes lie behind it."""

    answer: Answer
    href: str
    causes: int
    taken: bool


@dataclass(frozen=True)
class Taken:
    """A step that was taken: it can be taken back, or taken otherwise."""

    step: Step
    href: str
    """The walk before this step."""
    choices: list[Choice]


@require_safe
@open_page
def walk(request: HttpRequest) -> HttpResponse:
    """Show where the answers in the address (``?answers=question=answer,...``) lead."""
    context = walk_context(walk_state(decode_answers(request.GET.get("answers", "")[:4000])))
    return render_page(request, "walk/page.html", "walk/_walk.html", context)


def walk_context(state: WalkState) -> dict[str, object]:
    """Return what ``walk/_walk.html`` needs to show ``state``."""
    taken: list[Taken] = []
    before: dict[str, str] = {}
    for step in state.steps:
        choices = _choices(step.question, before, taken=step.answer.slug)
        taken.append(Taken(step, _address(before), choices))
        before[step.question.slug] = step.answer.slug
    choices = _choices(state.question, before) if state.question else []
    return {
        "state": state,
        "taken": taken,
        "choices": choices,
        "possible": _possible(state.question) if state.question and taken else [],
        "start": reverse("walk"),
    }


def _choices(question: Question, before: dict[str, str], taken: str = "") -> list[Choice]:
    behind = leaves(question, load())
    return [
        Choice(answer, _address({**before, question.slug: answer.slug}), len(behind[answer.slug]), answer.slug == taken)
        for answer in question.answers
    ]


def _possible(question: Question) -> list[Cause]:
    """Return the causes that the walk can still reach from ``question``, by title."""
    knowledge = load()
    slugs = frozenset().union(*leaves(question, knowledge).values())
    return sorted((knowledge.causes[slug] for slug in slugs if slug in knowledge.causes), key=lambda c: c.title)


def _address(answers: dict[str, str]) -> str:
    return f"{reverse('walk')}?answers={encode_answers(answers)}" if answers else reverse("walk")
