"""Reads a text for everything that it says about a failed request; decides nothing."""

from __future__ import annotations

from triage.diagnosis.folding import Folded, lower
from triage.diagnosis.reading.answers import read_headers, read_page, read_retry_after
from triage.diagnosis.reading.evidence import Evidence, Fact
from triage.diagnosis.reading.fields import (
    read_error_codes,
    read_model,
    read_request_ids,
    read_stop_reasons,
    read_types,
)
from triage.diagnosis.reading.messages import read_messages, read_short_lines
from triage.diagnosis.reading.names import (
    read_client,
    read_empty_body,
    read_exceptions,
    read_place,
    read_streamed,
    read_wrappers,
)
from triage.diagnosis.reading.statuses import read_statuses
from triage.knowledge import Knowledge

__all__ = ["READING_LIMIT", "Evidence", "Fact", "read"]

READING_LIMIT = 131_072
"""Characters that are read of one text: its beginning and its end, when it is longer."""


def read(text: str, knowledge: Knowledge, exception_names: frozenset[str]) -> Evidence:
    """Return the evidence in ``text``; ``exception_names`` are the names that the knowledge's causes go with."""
    folded = Folded(text)
    lowered = text.lower() if text.isascii() else lower(text)
    headers, spans = read_headers(text, lowered)
    return Evidence(
        folded=folded,
        lowered=lowered,
        statuses=read_statuses(text),
        types=read_types(folded),
        error_codes=read_error_codes(folded, lowered, frozenset(knowledge.cause_of_error_code)),
        messages=read_messages(text, lowered) + read_short_lines(text),
        exceptions=read_exceptions(text, exception_names),
        request_ids=read_request_ids(text, lowered),
        headers=headers,
        header_spans=spans,
        stop_reasons=read_stop_reasons(folded),
        page=read_page(text),
        streamed=read_streamed(text),
        empty_body=read_empty_body(text),
        retry_after=read_retry_after(headers),
        model=read_model(text, lowered),
        client=read_client(lowered),
        wrappers=read_wrappers(lowered),
        place=read_place(lowered),
    )
