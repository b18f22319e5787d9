"""What a diagnosis says in passing: a status that contradicts the words, a model past its date, a text that was cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from triage.diagnosis.folding import lower
from triage.diagnosis.model import Candidate
from triage.diagnosis.reading import Evidence, Fact
from triage.diagnosis.reading.fields import read_model
from triage.knowledge import Knowledge
from triage.knowledge.facts import load_facts

_ABOUT_A_MODEL = frozenset({"model_not_found", "model_retired"})
"""Causes by which the API says that it doesn't know a model, whether it never was or is past its date."""


def make_notes(
    knowledge: Knowledge,
    evidence: Evidence,
    status: Fact[int] | None,
    type_: Fact[str] | None,
    candidates: Sequence[Candidate],
    message: str | None,
) -> Iterator[str]:
    """Yield English sentences, the most telling first.

    ``status`` and ``type_`` are those of the deciding error, ``message`` is its sentence.
    """
    if candidates:
        yield from _about_the_model(candidates[0].cause, message, evidence)
        yield from _about_the_cause(knowledge, evidence, status, type_, candidates[0])
    different = {fact.value for fact in evidence.statuses if fact.rank >= 3}
    if len(different) > 1 and status is not None:
        others = ", ".join(str(number) for number in sorted(different - {status.value}))
        yield f"The text holds more than one status; {status.value} goes with the deciding words (also: {others})."
    if evidence.truncated:
        yield "The text is very long: its beginning and its end were read."


def _about_the_model(cause: str, message: str | None, evidence: Evidence) -> Iterator[str]:
    name = (read_model(message, lower(message)) if message else None) or evidence.model
    model = load_facts().models.get(name) if name and cause in _ABOUT_A_MODEL else None
    if model is not None and model.retires is not None:
        successor = f" and {model.successor} as its successor" if model.successor else ""
        yield (
            f"{name} is a known model: Anthropic names {model.retires.isoformat()} as the day of its retirement"
            f"{successor}. The API answers for a retired model as for one that never was."
        )


def _about_the_cause(
    knowledge: Knowledge, evidence: Evidence, status: Fact[int] | None, type_: Fact[str] | None, best: Candidate
) -> Iterator[str]:
    usual = knowledge.causes[best.cause].seen_with.status
    by_message = any(reason.kind == "message" for reason in best.reasons)
    if by_message and status is not None and usual and status.value not in usual:
        expected = " or ".join(str(number) for number in usual)
        yield (
            f"The status is {status.value}, the message belongs to {expected}: "
            "something in between changed the status, so the message decides."
        )
    if type_ is not None and not evidence.messages and not by_message:
        yield f"The type says {type_.value}; the message was not reported."
