"""From a text or a report to a diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from triage.diagnosis.errors import list_errors
from triage.diagnosis.fault import find_fault
from triage.diagnosis.findings import FoundError, Span
from triage.diagnosis.matching import Match, find_matches
from triage.diagnosis.model import Candidate, Diagnosis
from triage.diagnosis.notes import make_notes
from triage.diagnosis.patterns import library_of
from triage.diagnosis.reading import READING_LIMIT, Evidence, Fact, read
from triage.diagnosis.reading.details import read_credential, read_pointers, read_reset
from triage.diagnosis.reading.fields import CLOUD_ID, OWN_ID
from triage.diagnosis.reading.names import shows_stream_frames
from triage.diagnosis.reading.plain import Plain, make_plain
from triage.diagnosis.reading.statuses import OWN_BODY
from triage.diagnosis.scoring import NEAR_AFTER, NEAR_BEFORE, best_type, code_of, deciding_place
from triage.diagnosis.unknowns import make_template
from triage.diagnosis.walk import settle
from triage.diagnosis.weighing import Weighing
from triage.knowledge import UNKNOWN, Code, Knowledge, load
from triage.knowledge.schema import Category

_SURE = 0.6
"""Confidence from which no question is left."""
_NEAR = 0.5
"""Share of the first cause's confidence from which another one is open too."""


def diagnose(text: str, knowledge: Knowledge | None = None) -> Diagnosis:
    """Return what ``text``, as a person pasted it, says about a failed request.

    Any text of any length is answered; of a very long one the beginning and the end are read (``truncated`` tells).
    """
    knowledge = knowledge or load()
    library = library_of(knowledge)
    plain = make_plain(text, READING_LIMIT)
    evidence = read(plain.text, knowledge, frozenset(library.exceptions))
    evidence.truncated = plain.truncated
    matches = find_matches(library, evidence.folded, evidence.messages)
    found = conclude(knowledge, evidence, matches)
    return found if plain.text == text else _placed(found, plain)


def _placed(found: Diagnosis, plain: Plain) -> Diagnosis:
    """Return ``found`` with its spans moved from the readable text to the pasted one."""
    candidates = tuple(
        replace(one, reasons=tuple(replace(reason, spans=_moved(reason.spans, plain)) for reason in one.reasons))
        for one in found.candidates
    )
    return replace(
        found,
        candidates=candidates,
        reasons=candidates[0].reasons if found.reasons else (),
        fault=replace(found.fault, spans=_moved(found.fault.spans, plain)) if found.fault else None,
        errors=tuple(replace(error, span=plain.span(error.span)) for error in found.errors),
        pointers=tuple(replace(pointer, span=plain.span(pointer.span)) for pointer in found.pointers),
        resets_at=replace(found.resets_at, span=plain.span(found.resets_at.span)) if found.resets_at else None,
        credential=replace(found.credential, span=plain.span(found.credential.span)) if found.credential else None,
    )


def _moved(spans: tuple[Span, ...], plain: Plain) -> tuple[Span, ...]:
    return tuple(plain.span(span) for span in spans)


def conclude(knowledge: Knowledge, evidence: Evidence, matches: Sequence[Match]) -> Diagnosis:
    """Return the diagnosis that follows from evidence and matches."""
    place = deciding_place(evidence, matches)
    status, type_ = deciding_status(evidence, place), best_type(evidence, place)
    named, candidates = Weighing(knowledge, evidence, matches, status, type_).rank()
    cause = candidates[0].cause if named else UNKNOWN
    code = _code(knowledge, status, type_, cause)
    sure = named and candidates[0].confidence >= _SURE
    http_status = status.value if status else None
    possible = [cause] if sure else _open(candidates, named=named)
    answers, questions = settle(possible, knowledge, None if sure else http_status)
    message = _message(evidence, candidates)
    exception = next((fact.value for fact in reversed(evidence.exceptions) if fact.rank >= 2), None)
    if http_status is None and type_ is not None and shows_stream_frames(evidence.text):
        http_status = 200
    found = Diagnosis(
        cause=cause,
        category=_category(knowledge, cause, code, evidence),
        confidence=candidates[0].confidence if named else 0.0,
        retryable=_retryable(knowledge, cause, code),
        http_status=http_status,
        implied_status=(code.status if code else None) or http_status,
        error_type=type_.value if type_ else None,
        error_code=evidence.error_codes[0].value if evidence.error_codes else None,
        request_id=_request_id(evidence),
        request_ids=tuple(fact.value for fact in evidence.request_ids),
        message=message,
        exception=exception,
        model=evidence.model,
        retry_after=evidence.retry_after,
        headers=evidence.headers,
        client=evidence.client,
        wrappers=evidence.wrappers,
        candidates=tuple(candidates),
        reasons=candidates[0].reasons if named else (),
        code=code.slug if code else None,
        questions=() if sure else questions,
        known_answers=answers,
        notes=tuple(make_notes(knowledge, evidence, status, type_, candidates, message)),
        truncated=evidence.truncated,
    )
    deciding = _deciding_span(candidates if named else ()) or place
    errors = list_errors(evidence, matches, deciding, cause if named else None, knowledge.causes)
    return replace(
        _told_by_one(found, errors, evidence, knowledge),
        fault=find_fault(evidence, knowledge.causes.get(cause)),
        errors=errors,
        pointers=read_pointers(evidence.folded, evidence.messages),
        resets_at=read_reset(evidence.text, evidence.lowered),
        credential=read_credential(evidence.text, evidence.lowered, evidence.place),
        template=make_template(found.message, evidence.text),
    )


def _told_by_one(found: Diagnosis, errors: Sequence[FoundError], evidence: Evidence, knowledge: Knowledge) -> Diagnosis:
    """Return ``found`` with status, type and request id of the error that decides, where the text holds several.

    Only an error that tells both status and type is taken at its word: of a wrapped one the halves stand apart.
    """
    one = next((error for error in errors if error.decides), None)
    if one is None or len(errors) < 2 or one.status is None or one.type is None:
        return found
    after = (fact.value for fact in evidence.request_ids if fact.rank == OWN_ID and fact.span.start >= one.span.start)
    request_id = next(after, found.request_id)
    notes = tuple(note for note in found.notes if one.status == found.http_status or "status" not in note.lower())
    code = code_of(knowledge, one.status)
    return replace(
        found,
        http_status=one.status,
        implied_status=one.status,
        error_type=one.type,
        code=code.slug if code else found.code,
        request_id=request_id,
        notes=notes,
    )


def _open(candidates: Sequence[Candidate], *, named: bool) -> list[str]:
    """Return the causes between which the walk has to decide: the first and what comes near it, else all."""
    if not named:
        return [one.cause for one in candidates]
    near = [one.cause for one in candidates[2:] if one.confidence >= _NEAR * candidates[0].confidence]
    return [one.cause for one in candidates[:2]] + near


def _deciding_span(candidates: Sequence[Candidate]) -> Span | None:
    """Return the first words that speak for the chosen cause."""
    spans = (span for one in candidates[:1] for reason in one.reasons for span in reason.spans if span.end > span.start)
    return next(spans, None)


def deciding_status(evidence: Evidence, place: Span | None) -> Fact[int] | None:
    """Return the status that goes with the deciding words at ``place``: the nearest one before them, else the plainest.

    None where the only statuses belong to other errors of the text.
    """
    statuses = [fact for fact in evidence.statuses if fact.rank > 0]
    if not statuses:
        return None
    if place is not None:
        if evidence.empty_body is not None and evidence.empty_body.span.start < place.start:
            return evidence.empty_body
        within = [fact for fact in statuses if place.start <= fact.span.start < place.end and fact.rank >= 3]
        plain = [fact for fact in statuses if fact.rank >= 2]
        before = [fact for fact in plain if 0 <= place.start - fact.span.start <= NEAR_BEFORE]
        after = [fact for fact in plain if 0 <= fact.span.start - place.end <= _reach(fact)]
        for near in (within, before[-1:], after[:1]):
            if near:
                return near[0]
        if all(fact.span.start > place.end + _reach(fact) for fact in statuses):
            return None
    return max(statuses, key=lambda fact: (fact.rank >= 2, fact.value >= 400, fact.rank, -fact.span.start))


def _reach(status: Fact[int]) -> int:
    """How far after the deciding words ``status`` still belongs to them: one with a body of its own begins another."""
    return NEAR_AFTER if status.rank >= OWN_BODY else NEAR_BEFORE


def _request_id(evidence: Evidence) -> str | None:
    """Return the API's own id of the request, else the one that a cloud gave it; an edge's ray is no such id."""
    by_rank = {fact.rank: fact.value for fact in reversed(evidence.request_ids)}
    header = evidence.headers.get("request-id", "")
    return by_rank.get(OWN_ID) or (header if header.startswith("req_") else by_rank.get(CLOUD_ID))


def _code(knowledge: Knowledge, status: Fact[int] | None, type_: Fact[str] | None, cause: str) -> Code | None:
    if status is not None and (code := code_of(knowledge, status.value)) is not None:
        return code
    if type_ is not None:
        for code in knowledge.codes.values():
            if type_.value in code.types and (code.status or 0) >= 400:
                return code
    return next((code for code in knowledge.codes.values() if code.status is None and cause in code.causes), None)


def _category(knowledge: Knowledge, cause: str, code: Code | None, evidence: Evidence) -> Category:
    if cause != UNKNOWN:
        return knowledge.causes[cause].category
    if code is not None:
        return code.category
    status = next((fact.value for fact in evidence.statuses if fact.rank > 0), None)
    if status is not None and status >= 500:
        return "server"
    if status is not None and status >= 400:
        return "client"
    return "other"


def _retryable(knowledge: Knowledge, cause: str, code: Code | None) -> bool | None:
    if cause != UNKNOWN:
        return knowledge.causes[cause].retry.retryable
    return code.retry.retryable if code is not None else None


def _message(evidence: Evidence, candidates: Sequence[Candidate]) -> str | None:
    """Return the sentence that the deciding words stand in, else the innermost message of a body."""
    if not evidence.messages:
        return None
    spans = [span for reason in (candidates[0].reasons if candidates else ()) for span in reason.spans]
    for span in spans:
        holding = [f for f in evidence.messages if f.span.start <= span.start < f.span.end or _inside(f.span, span)]
        if holding:
            return max(holding, key=lambda fact: (fact.rank, fact.span.start)).value
    told = [fact for fact in evidence.messages if fact.rank > 0] or evidence.messages[: len(evidence.messages) == 1]
    return max(told, key=lambda fact: (fact.rank, fact.span.start)).value if told else None


def _inside(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end
