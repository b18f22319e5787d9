"""What is to be done about a failed attempt, by the knowledge's own retry policies.

``policies.json`` is written from the knowledge by ``scripts/write_client_policies.py``, so that a program needs
neither the knowledge nor a YAML parser; a test holds the two against each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

_FOLDED = re.compile(r"""[\s\\"'`´‘’“”„«»|>…—–·]+""")
_LONGEST = 4_000  # characters of words that are looked at


@dataclass(frozen=True, slots=True)
class Schedule:
    """How to repeat: seconds before the first repetition, its growth, its cap, and how many tries there are in all."""

    first_wait: float
    factor: float
    max_wait: float
    attempts: int

    def wait(self, failures: int) -> float:
        """Return the seconds to wait after so many failures, the first being 1."""
        return min(self.first_wait * self.factor ** min(failures - 1, 64), self.max_wait)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a failure was, as a slug of the knowledge, and how to repeat the request; not at all without a schedule."""

    cause: str
    schedule: Schedule | None
    honours_retry_after: bool = True


@dataclass(frozen=True, slots=True)
class _Cause:
    verdict: Verdict
    statuses: frozenset[int]
    patterns: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Table:
    by_status: Mapping[str, Verdict]
    status_of: Mapping[str, str]
    """By error type."""
    by_code: Mapping[str, Verdict]
    by_exception: Mapping[str, Verdict]
    causes: tuple[_Cause, ...]


def judge_answer(status: int, error_type: str, error_code: str, words: str) -> Verdict:
    """Return the verdict on an answer: by its code, else by its words, else by its status.

    Args:
        status: the HTTP status; 200 for an error inside a stream.
        error_type: the API's ``error.type``, which says what an error inside a stream is.
        error_code: the API's ``error.details.error_code``, or nothing.
        words: the API's message, or whatever the body says.
    """
    table = _table()
    if status == 200:
        status = int(table.status_of.get(error_type, 500))
    known = table.by_code.get(error_code) or _by_words(table, status, words)
    if known is not None:
        return known
    named = table.by_status.get(str(status)) or table.by_status.get("52x" if 520 <= status <= 526 else "")
    if named is not None:
        return named
    return table.by_status["500"] if status >= 500 else Verdict("unknown", None)


def judge_breakdown(names: Iterable[str], words: str) -> Verdict:
    """Return the verdict on an attempt that got no answer, by the classes that were raised and what they say.

    Args:
        names: class names, innermost first: the innermost knows best.
        words: what they say, together.
    """
    table = _table()
    by_words = _by_words(table, None, words)
    if by_words is not None:
        return by_words
    return next((table.by_exception[name] for name in names if name in table.by_exception), table.by_status["network"])


def fold(text: str) -> str:
    """Return ``text`` without what quoting and wrapping change."""
    return _FOLDED.sub("", text[:_LONGEST]).lower()


def _by_words(table: _Table, status: int | None, words: str) -> Verdict | None:
    """Return the verdict of the cause whose longest pattern stands in ``words``."""
    folded = fold(words)
    best: tuple[int, Verdict] | None = None
    for cause in table.causes:
        if status not in cause.statuses if cause.statuses else status is not None:
            continue
        for pattern in cause.patterns:
            length = sum(map(len, pattern))
            if (best is None or length > best[0]) and _stands_in(pattern, folded):
                best = (length, cause.verdict)
    return best[1] if best is not None else None


def _stands_in(pattern: tuple[str, ...], folded: str) -> bool:
    at = 0
    for piece in pattern:
        found = folded.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


@cache
def _table() -> _Table:
    text = resources.files("triage.client").joinpath("policies.json").read_text(encoding="utf-8")
    document = json.loads(text)
    verdicts = {slug: _verdict(slug, told["retry"]) for slug, told in document["causes"].items()}
    causes = tuple(
        _Cause(verdicts[slug], frozenset(told["status"]), tuple(map(tuple, told["patterns"])))
        for slug, told in document["causes"].items()
    )
    return _Table(
        by_status={status: _verdict(told["cause"], told["retry"]) for status, told in document["codes"].items()},
        status_of=document["types"],
        by_code={code: verdicts[slug] for slug, told in document["causes"].items() for code in told["codes"]},
        by_exception={name: verdicts[slug] for slug, told in document["causes"].items() for name in told["exceptions"]},
        causes=causes,
    )


def _verdict(slug: str, retry: dict[str, Any] | None) -> Verdict:
    if retry is None:
        return Verdict(slug, None)
    honours = retry.pop("honour_retry_after")
    return Verdict(slug, Schedule(**retry), honours)
