"""Reads the fields of error bodies: type, error_code, request id, message, model, stop_reason.

Bodies come whole, cut off, escaped two or three times, as Python dicts or broken by a terminal. So nothing is parsed:
``key: value`` pairs are looked for where they stand, and short values in the folded text, where wraps are gone.
"""

from __future__ import annotations

import re

from triage.diagnosis.findings import Span
from triage.diagnosis.folding import Folded
from triage.diagnosis.reading.evidence import Fact

API_TYPES = (
    "invalid_request_error",
    "authentication_error",
    "billing_error",
    "permission_error",
    "not_found_error",
    "rate_limit_error",
    "timeout_error",
    "api_error",
    "overloaded_error",
    "memory_precondition_failed_error",
    "memory_path_conflict_error",
    "conflict_error",
    "request_too_large",
)
"""The API's values of ``error.type`` (the SDK's list, and the one that the edge sends)."""
_TYPES = "|".join(API_TYPES)
_ENVELOPED = re.compile(
    r"type:error,error:\{(?:[a-z_]{1,20}:(?:null|none|\{[^{}]{0,200}\}),){0,3}type:(" + _TYPES + r"|forbidden)"
)
_TYPED = re.compile(r"type[:=](" + _TYPES + r")")
_FORBIDDEN = re.compile(r"type:(forbidden),message:")
_CODED = re.compile(r"code[:=](" + _TYPES + r")")
_BARE_TYPE = re.compile(r"(?<![A-Za-z_])(" + _TYPES + r")(?![A-Za-z_])")
_ERROR_CODE = re.compile(r"(?i)error_?code\\*[\"'`]?\s{0,4}[:=]\s{0,4}\\*[\"'`]?([a-z][a-z_]{4,62}[a-z])(?![a-z_])")
_SNAKE = re.compile(r"(?<![A-Za-z0-9_])[a-z]{1,30}(?:_[a-z]{1,30}){1,8}(?![A-Za-z0-9_])")
_FOLDED_CODE = re.compile(r"error_?code[:=](?=([a-z_]{5,64}))")
_STOP = re.compile(
    r"stop_reason[:=](refusal|max_tokens|model_context_window_exceeded|pause_turn|end_turn|tool_use|stop_sequence)"
)
_REQUEST_ID = re.compile(r"(?<![A-Za-z0-9_])req_(?:[a-z]{3,6}_(?=01))?[A-Za-z0-9]{4,40}")
_WRAP = re.compile(r"[^\S\n]*[│|║]?[^\S\n]*\n[^\S\n]*[│|║]?[^\S\n]*(?=[A-Za-z0-9])")
_OTHER_ID = re.compile(
    r"(?i)\b(?:cf-ray|ray id|x-amzn-requestid|x-amzn-request-id|requestid)\\*[\"']?\s{0,2}[:=]\s{0,2}"
    r"(?:<[^<>]{1,60}>)?\\*[\"']?([0-9a-f][0-9a-f-]{11,40})"
)
_OTHER_ID_PARTS = ("cf-ray", "ray id", "requestid", "x-amzn-request-id")
_MODEL = re.compile(
    r"(?i)(?<![a-z0-9])((?:(?:us|eu|apac|global|jp|au)\.)?(?:anthropic[./])?claude-(?:[a-z]+-\d[\w.-]*|\d[\w.-]*|[a-z]+)"
    r"(?:@\d{8}|:\d)?(?:\[1m\])?)"
)
_NO_MODEL = re.compile(
    r"(?i)claude-(?:code|ai|agent|relay|desktop|web|router|cli|sdk|proxy|mem|dev|api|plugin|max|pro)"
)
_MODEL_PREFIX = 24
"""Characters that may stand before ``claude-`` in a model id: region and vendor."""
OWN_ID, CLOUD_ID, RAY_ID = 3, 2, 1
"""Ranks of ids: the API's own, of a cloud's request, of an edge's connection."""
_WHOLE_ID = 24
"""Characters after ``req_`` in an id of the API."""


def read_types(folded: Folded) -> list[Fact[str]]:
    """Return the API's error types in the text; the ones in the API's own envelope rank highest."""
    found: dict[int, Fact[str]] = {}
    for rank, form in ((4, _ENVELOPED), (2, _TYPED), (3, _FORBIDDEN), (3, _CODED)):
        for match in form.finditer(folded.text):
            at = match.start(1)
            if at not in found or found[at].rank < rank:
                found[at] = Fact(match.group(1), Span(*folded.span(at, match.end(1))), rank)
    if not found:
        for match in _BARE_TYPE.finditer(folded.original):
            found[match.start(1)] = Fact(match.group(1), Span(match.start(1), match.end(1)), 1)
    return [found[at] for at in sorted(found)]


def read_error_codes(folded: Folded, lowered: str, known: frozenset[str]) -> list[Fact[str]]:
    """Return the values of ``error_code``; ``known`` ones are also read where they stand alone as a word."""
    found: dict[int, Fact[str]] = {}
    for match in _ERROR_CODE.finditer(folded.original) if "code" in lowered and "error" in lowered else ():
        if match.group(1) not in ("undefined", "invalid_request_error"):
            found[match.start(1)] = Fact(match.group(1), Span(match.start(1), match.end(1)), 3)
    if not any(fact.value in known for fact in found.values()):
        for match in _FOLDED_CODE.finditer(folded.text):  # a code that a terminal broke in two
            whole = max((code for code in known if match.group(1).startswith(code)), key=len, default="")
            if whole:
                span = Span(*folded.span(match.start(1), match.start(1) + len(whole)))
                found[span.start] = Fact(whole, span, 3)
    if not found:
        for word in _SNAKE.finditer(folded.original):
            if word.group(0) in known:
                found[word.start()] = Fact(word.group(0), Span(word.start(), word.end()), 2)
    return [found[at] for at in sorted(found)]


def read_stop_reasons(folded: Folded) -> list[Fact[str]]:
    """Return the values of ``stop_reason``."""
    return [
        Fact(match.group(1), Span(*folded.span(match.start(1), match.end(1))), 3)
        for match in _STOP.finditer(folded.text)
    ]


def read_request_ids(text: str, lowered: str) -> list[Fact[str]]:
    """Return the request ids, the API's own (``req_...``) before those of edges and clouds, each once.

    An id that a terminal broke over two lines is joined again.
    """
    found: dict[str, Fact[str]] = {}
    for match in _REQUEST_ID.finditer(text):
        value, end = match.group(0), match.end()
        wrap = _WRAP.match(text, end)
        missing = _WHOLE_ID - len(value.rsplit("_", 1)[1])
        if wrap and missing > 0:
            rest = re.compile(rf"[A-Za-z0-9]{{1,{missing}}}").match(text, wrap.end())
            if (rest and len(rest.group(0)) == missing) or (rest and text[rest.end() : rest.end() + 1] in "\"'\\"):
                value, end = value + rest.group(0), rest.end()
        found.setdefault(value, Fact(value, Span(match.start(), end), OWN_ID))
    whole = [fact for value, fact in found.items() if len(value) >= 8]
    others = (
        Fact(match.group(1), Span(*match.span(1)), RAY_ID if "ray" in match.group(0).lower()[:8] else CLOUD_ID)
        for match in (_OTHER_ID.finditer(text) if any(part in lowered for part in _OTHER_ID_PARTS) else ())
    )
    return [*whole, *others]


def read_model(text: str, lowered: str) -> str | None:
    """Return the first Claude model id in the text; ``lowered`` is the text in lower case, of the same length."""
    first = lowered.find("claude-")
    for match in _MODEL.finditer(text, max(0, first - _MODEL_PREFIX)) if first >= 0 else ():
        if not _NO_MODEL.match(match.group(1)) and any(c.isdigit() for c in match.group(1)):
            return match.group(1).rstrip(".-_")
    return None
