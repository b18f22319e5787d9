"""Weighs evidence into ranked causes.

The order of the evidence: an ``error_code`` decides outright; type and status narrow; the message picks; a status alone
gives the default cause of its code with little confidence. Every rule here is general: what belongs to one cause stands
in its entry of the knowledge.
"""

from __future__ import annotations

from collections.abc import Iterable

from triage.diagnosis.findings import Span
from triage.diagnosis.matching import Match
from triage.diagnosis.model import Candidate, Reason
from triage.diagnosis.patterns import library_of
from triage.diagnosis.reading.evidence import Evidence, Fact
from triage.diagnosis.scoring import (
    APART,
    STRONG,
    Standing,
    code_of,
    error_places,
    make_candidates,
    message_weight,
)
from triage.knowledge import UNKNOWN, Knowledge

_ERROR_CODE, _HEADER, _STOP_REASON, _STREAMED, _PAGE, _EMPTY, _EXCEPTION = 100.0, 30.0, 30.0, 44.0, 28.0, 46.0, 22.0
_CLOUD_DEFAULT, _TYPE_DEFAULT, _STATUS_DEFAULT, _LISTED = 10.0, 8.0, 6.0, 1.0
_CLASS_DEFAULT, _NEIGHBOUR, _HOME = 9.0, 1.9, 1.5
_AGREES, _TYPE_AGREES, _CONTRADICTS = 4.0, 3.0, 6.0
_LEAST = 5.0
"""Weight below which nothing is named."""
_LATER = 5.0
"""What each error before it takes from a message: among equals the first error decides."""
_CLOUDS = ("bedrock", "vertex", "foundry")
MOST_CANDIDATES = 6


class Weighing:
    """One weighing of one text's evidence; :meth:`rank` gives the result."""

    def __init__(
        self,
        knowledge: Knowledge,
        evidence: Evidence,
        matches: Iterable[Match],
        status: Fact[int] | None,
        type_: Fact[str] | None,
    ) -> None:
        self.knowledge = knowledge
        self.evidence = evidence
        self.matches = list(matches)
        self.covering = [match for match in self.matches if match.coverage >= 0.5 and not match.pattern.whole_only]
        self.status = status
        self.type = type_
        self.standings: dict[str, Standing] = {}
        self.names = library_of(knowledge).exceptions
        self.status_classes = {name for code in knowledge.codes.values() for name in code.sdk_classes}

    def rank(self) -> tuple[bool, list[Candidate]]:
        """Return whether the evidence names a cause, and the causes that it allows, best first."""
        self._weigh_messages()
        self._weigh_fields()
        self._weigh_defaults()
        for standing in self.standings.values():
            if standing.named:
                standing.adjustment += self._agreement(standing)
        ranked = sorted(self.standings.values(), key=lambda s: (-s.weight, s.at if s.at is not None else 1 << 40))
        ranked = [standing for standing in ranked if standing.weight > 0]
        self._add_neighbours(ranked)
        named = bool(ranked) and ranked[0].named and ranked[0].weight >= _LEAST
        return named, make_candidates(ranked[:MOST_CANDIDATES], named)

    def _add_neighbours(self, ranked: list[Standing]) -> None:
        """Where few causes are left, the first one's neighbours are what it might be mistaken for."""
        if ranked and ranked[0].named:
            first, present = ranked[0], {standing.cause.slug for standing in ranked}
            for number, neighbour in enumerate(ranked[0].cause.neighbours):
                if neighbour.slug in self.knowledge.causes:
                    sentence = f"It is easily mistaken for {ranked[0].cause.slug}."
                    reason = Reason("context", sentence, (), _NEIGHBOUR - number / 8)
                    if neighbour.slug in present:
                        self.standings[neighbour.slug].reasons.append(reason)
                    else:
                        ranked.append(Standing(self.knowledge.causes[neighbour.slug], [reason]))
            ranked.sort(key=lambda standing: (standing is not first, -standing.weight))

    def _standing(self, slug: str) -> Standing:
        if slug not in self.standings:
            self.standings[slug] = Standing(self.knowledge.causes[slug])
        return self.standings[slug]

    def _add(self, slug: str, reason: Reason) -> Standing:
        standing = self._standing(slug)
        standing.reasons.append(reason)
        standing.named = True
        return standing

    def _weigh_messages(self) -> None:
        folded = self.evidence.folded
        places = error_places(self.matches)
        for match in self.matches:
            weight = message_weight(match)
            if self._overshadowed(match):
                weight *= 0.55
            elif not match.pattern.whole_only:
                weight -= min(sum(place < match.start - APART for place in places), 2) * _LATER
            if match.pattern.whole_only:
                span = Span(match.start, match.end)
            else:
                span = Span(*folded.span(match.start, match.end))
            how = "The text holds" if match.exact else "The text holds most of" if match.coverage > 0.6 else "Part of"
            known = match.pattern.source_text
            sentence = f"{how} the known message “{known}”" + ("" if match.coverage > 0.6 else " stands in the text")
            standing = self._add(match.pattern.cause, Reason("message", sentence + ".", (span,), weight))
            standing.strong_message |= weight >= STRONG
            standing.at = span.start if standing.at is None else min(standing.at, span.start)

    def _means_by_it(self, match: Match) -> bool:
        """Whether the program that printed the words is known to mean the cause of ``match`` by them."""
        place = self.evidence.place.value if self.evidence.place else None
        return match.pattern.where is not None and match.pattern.where in (self.evidence.client, place)

    def _overshadowed(self, match: Match) -> bool:
        start, end = match.start, match.end
        return any(
            other.pattern.cause != match.pattern.cause
            and (other.weight > match.weight or self._means_by_it(other))
            and min(other.end, end) - max(other.start, start) >= 0.85 * (end - start)
            for other in self.covering
            if other.start < end and start < other.end
        )

    def _weigh_fields(self) -> None:
        evidence, knowledge = self.evidence, self.knowledge
        for fact in evidence.error_codes:
            cause = knowledge.cause_of_error_code.get(fact.value)
            if cause:
                weight = _ERROR_CODE if fact.rank >= 3 else _ERROR_CODE / 2
                self._add(cause.slug, Reason("error_code", f"error_code is {fact.value}.", (fact.span,), weight))
        self._weigh_names()
        if not (evidence.headers or evidence.stop_reasons or evidence.streamed):
            return
        for slug, cause in knowledge.causes.items():
            for condition in cause.seen_with.header:
                name, _, value = condition.partition("=")
                held = evidence.headers.get(name)
                if held is not None and (not value or held.lower().startswith(value.lower())):
                    reason = Reason("header", f"Header {name} is {held}.", (evidence.header_spans[name],), _HEADER)
                    self._add(slug, reason)
            for stop in evidence.stop_reasons:
                if stop.value in cause.seen_with.stop_reason:
                    self._add(slug, Reason("context", f"stop_reason is {stop.value}.", (stop.span,), _STOP_REASON))
            midway = self.type and 200 in cause.seen_with.status and self.type.value in cause.seen_with.type
            if evidence.streamed and self.type and midway:
                sentence = f"An error event of type {self.type.value} came inside a stream, after the status 200."
                self._add(slug, Reason("context", sentence, (evidence.streamed.span,), _STREAMED))

    def _weigh_names(self) -> None:
        """Exception names that the knowledge ties to a cause; a name that stands for a status says less."""
        places: dict[str, list[Span]] = {}
        for fact in self.evidence.exceptions:
            if fact.rank >= 3:
                places.setdefault(fact.value, []).append(fact.span)
        for name, spans in places.items():
            for slug in self.names.get(name, ()):
                weight = _CLASS_DEFAULT if name in self.status_classes else _EXCEPTION
                standing = self._add(slug, Reason("exception", f"{name} was raised.", tuple(spans[:3]), weight))
                standing.at = spans[0].start if standing.at is None else min(standing.at, spans[0].start)

    def _weigh_defaults(self) -> None:
        """What status, type and the kind of body allow to say where no message does."""
        evidence, status = self.evidence, self.status
        number = status.value if status else None
        spans = (status.span,) if status else ()
        if number is not None and evidence.page is not None:
            for slug in self._seen_with(number, body="page"):
                sentence = f"A web page came with status {number} instead of the API's answer."
                self._add(slug, Reason("context", sentence, (*spans, evidence.page.span), _PAGE))
        if evidence.empty_body is not None:
            for slug in self._seen_with(evidence.empty_body.value, body="empty"):
                sentence = f"Status {evidence.empty_body.value} came without a body."
                self._add(slug, Reason("context", sentence, (evidence.empty_body.span,), _EMPTY))
        if number is not None and evidence.place is not None and evidence.place.value in _CLOUDS:
            for slug in self._at_home(evidence.place.value, number)[:1]:
                sentence = f"Status {number} came from {evidence.place.value.capitalize()}."
                self._add(slug, Reason("status", sentence, (*spans, evidence.place.span), _CLOUD_DEFAULT))
        if number is None:
            self._weigh_classes()
        self._weigh_code(number, spans)

    def _weigh_classes(self) -> None:
        """An SDK's class stands for a status; it says as much as the status where the text has none."""
        for fact in self.evidence.exceptions:
            for code in self.knowledge.codes.values():
                if fact.value in code.sdk_classes and code.default_cause:
                    sentence = f"{fact.value} is the class of status {code.slug}."
                    reason = Reason("exception", sentence, (fact.span,), _STATUS_DEFAULT)
                    self._add(code.default_cause, reason)
                    return

    def _weigh_code(self, number: int | None, spans: tuple[Span, ...]) -> None:
        type_ = self.type
        code = code_of(self.knowledge, number)
        if type_ is not None and (code is None or type_.value not in code.types):
            typed = [c for c in self.knowledge.codes.values() if type_.value in c.types and (c.status or 0) >= 400]
            if typed and (number is None or number == 200 or type_.rank >= 3):
                code, number, spans = typed[0], typed[0].status, (type_.span,)
        if code is not None and code.default_cause and code.default_cause != UNKNOWN:
            if type_ is not None and type_.value in code.types:
                reason = Reason("type", f"The type is {type_.value}.", (type_.span, *spans), _TYPE_DEFAULT)
            else:
                reason = Reason("status", f"The status is {number}.", spans, _STATUS_DEFAULT)
            self._add(code.default_cause, reason)
        elif code is None and number is not None:
            alone = self._seen_with(number)
            if len(alone) == 1:
                self._add(alone[0], Reason("status", f"The status is {number}.", spans, _STATUS_DEFAULT))
        if code is not None:
            for position, slug in enumerate(code.causes):
                if slug != UNKNOWN:
                    sentence = f"It is one of the causes listed under {code.slug}."
                    self._standing(slug).reasons.append(Reason("context", sentence, (), _LISTED / (1 + position)))

    def _seen_with(self, status: int, body: str | None = None) -> list[str]:
        return [
            slug
            for slug, cause in self.knowledge.causes.items()
            if status in cause.seen_with.status
            and (body in cause.seen_with.body if body else cause.seen_with.where[:1] not in [(c,) for c in _CLOUDS])
        ]

    def _at_home(self, place: str, status: int) -> list[str]:
        return [
            slug
            for slug, cause in self.knowledge.causes.items()
            if cause.seen_with.where[:1] == (place,) and status in cause.seen_with.status
        ]

    def _agreement(self, standing: Standing) -> float:
        """How status and type bear on a cause that something else speaks for."""
        seen, total = standing.cause.seen_with, 0.0
        if self.status is not None and seen.status:
            agrees = self.status.value in seen.status
            ease = 2 if standing.strong_message else 1
            total += _AGREES / ease if agrees else -_CONTRADICTS / ease
        if self.type is not None and seen.type and self.type.rank >= 2:
            agrees = self.type.value in seen.type
            ease = 2 if standing.strong_message else 1
            total += _TYPE_AGREES / ease if agrees else -_CONTRADICTS / ease
        if seen.where[:1] and seen.where[0] in _CLOUDS:
            place = self.evidence.place.value if self.evidence.place else None
            total += 1.0 if place == seen.where[0] else -1.0
        if seen.where[:1] == ("claude-code",) and standing.cause.seen_with.status:
            total += _HOME if self.evidence.client == "claude-code" else -_HOME
        return total
