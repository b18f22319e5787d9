"""Compares the engine's answers with a labelled corpus of pastes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from triage.diagnosis.engine import diagnose
from triage.diagnosis.model import Diagnosis
from triage.knowledge import UNKNOWN, Knowledge, load

RETRY_NOT_SCORED = frozenset(
    {
        "connection_refused",
        "dns_failure",
        "content_filtered",
        "vertex_quota",
        "extra_usage_required",
        "relay_no_channel",
        "oauth_token_invalid",
        UNKNOWN,
    }
)
"""Causes where either verdict on retrying is fair."""


@dataclass(frozen=True)
class Miss:
    """An answer that differs from the label."""

    paste: str
    measure: str
    got: str
    wanted: str
    text: str
    confidence: str
    """How sure the label is, where the corpus says so."""


@dataclass
class Measurement:
    """The result over a corpus: per measure the right ones and all, the misses, and seconds per paste."""

    right: dict[str, int] = field(default_factory=dict)
    of: dict[str, int] = field(default_factory=dict)
    misses: list[Miss] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    crashes: int = 0

    def share(self, measure: str) -> float:
        """Return the right share of ``measure`` (0 to 1); 1 where nothing was to be measured."""
        return self.right.get(measure, 0) / self.of[measure] if self.of.get(measure) else 1.0

    def quantile(self, share: float) -> float:
        """Return the seconds within which ``share`` of the pastes were answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    @property
    def per_second(self) -> float:
        """Pastes answered per second."""
        return len(self.seconds) / sum(self.seconds) if self.seconds else 0.0


def read_corpus(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the labelled pastes of a JSONL file.

    Raises:
        ValueError: a line isn't an object with ``text`` and ``cause`` or ``accept``; the message names the line.
    """
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
            if (
                not isinstance(row, dict)
                or not isinstance(row.get("text"), str)
                or not ({"cause", "accept"} & set(row))
            ):
                raise ValueError(f"line {number}: has to be an object with text, and cause or accept")
            yield row


def measure(rows: Iterable[dict[str, Any]], answer: Callable[[str], Diagnosis] = diagnose) -> Measurement:
    """Return how ``answer`` does on labelled pastes of either format (``cause``, or a list ``accept``)."""
    knowledge, result = load(), Measurement()
    diagnose("")  # the patterns are compiled once per process, which is no paste's time
    for row in rows:
        begun = time.process_time()
        try:
            given = answer(row["text"])
        except Exception as error:  # a crash is a result to report
            result.crashes += 1
            result.misses.append(Miss(str(row.get("id")), "crash", repr(error), "an answer", row["text"], ""))
            continue
        result.seconds.append(time.process_time() - begun)
        for name, right, got, wanted in _compare(row, given, knowledge):
            result.of[name] = result.of.get(name, 0) + 1
            result.right[name] = result.right.get(name, 0) + right
            if not right:
                sure = str(row.get("confidence", ""))
                result.misses.append(Miss(str(row.get("id")), name, str(got), str(wanted), row["text"], sure))
    return result


def _compare(row: dict[str, Any], given: Diagnosis, knowledge: Knowledge) -> Iterator[tuple[str, bool, object, object]]:
    accept = set(row.get("accept") or [row["cause"]])
    causes = [knowledge.causes[slug] for slug in accept if slug in knowledge.causes]
    categories = {row["category"]} if "category" in row else {cause.category for cause in causes}
    yield "category", given.category in categories, given.category, "/".join(sorted(categories))
    if not accept & RETRY_NOT_SCORED:
        verdicts = {row["retryable"]} if "retryable" in row else {cause.retry.retryable for cause in causes}
        yield "retry verdict", given.retryable in verdicts, given.retryable, "/".join(map(str, verdicts))
    if row.get("http_status"):
        yield "status", given.http_status == row["http_status"], given.http_status, row["http_status"]
    wanted = "/".join(sorted(accept))
    yield "cause first", given.cause in accept, given.cause, wanted
    first_three = [given.cause, *(other["cause"] for other in given.as_line(None)["alternatives"])][:3]
    yield "cause among three", bool(accept & set(first_three)), ", ".join(first_three), wanted
    if row.get("request_id"):
        yield "request id", given.request_id == row["request_id"], given.request_id, row["request_id"]
    if categories == {"other"}:
        yield "other not claimed", given.category == "other", given.category, "other"
