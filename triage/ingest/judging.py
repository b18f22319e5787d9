"""Names the cause of a failed try; a storm's thousand equal failures are diagnosed once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from triage.diagnosis import diagnose_fields
from triage.ingest.report import Try
from triage.ingest.scrub import scrub_text

_REQUEST_ID = re.compile(r"\breq_[A-Za-z0-9_]{4,60}")
_ANY_ID = "req_011C" + "0" * 20
"""Stands in for the id in a message: a thousand failures of one kind say the same but for their ids."""


class _Found(NamedTuple):
    """What of a diagnosis is stored: a whole one would be too large to remember by the thousand."""

    category: str
    cause: str
    confidence: float
    http_status: int | None
    error_type: str
    error_code: str
    request_id: str


def judge(failure: Try, *, client: str, streamed: bool) -> None:
    """Write category, cause and confidence into ``failure``, and what its words tell beyond its fields.

    Words that quote the whole answer, as an exception's do, tell its status, its type and its request id.
    """
    failure.message = scrub_text(failure.message)
    failure.cause_chain = tuple(scrub_text(cause) for cause in failure.cause_chain)
    ids = list(dict.fromkeys(_REQUEST_ID.findall(failure.message)))
    found = _judge(
        failure.http_status,
        failure.error_type,
        failure.error_code,
        failure.message.replace(ids[0], _ANY_ID) if len(ids) == 1 else failure.message,
        failure.exception,
        failure.cause_chain,
        client.partition("/")[0],
        streamed,
    )
    failure.category, failure.cause, failure.confidence = found.category, found.cause, found.confidence
    failure.error_type = failure.error_type or found.error_type
    failure.error_code = failure.error_code or found.error_code
    if failure.http_status is None:
        failure.http_status = found.http_status
    if not failure.api_request_id and found.request_id:
        failure.api_request_id = ids[0] if found.request_id == _ANY_ID else found.request_id


@lru_cache(maxsize=8192)
def _judge(
    http_status: int | None,
    error_type: str,
    error_code: str,
    message: str,
    exception: str,
    cause_chain: tuple[str, ...],
    client: str,
    streamed: bool,
) -> _Found:
    diagnosis = diagnose_fields(
        http_status=http_status,
        error_type=error_type or None,
        error_code=error_code or None,
        message=message or None,
        exception=exception or None,
        cause_chain=cause_chain,
        client=client,
        streamed=streamed and http_status == 200,
    )
    return _Found(
        diagnosis.category,
        diagnosis.cause,
        diagnosis.confidence,
        diagnosis.http_status,
        (diagnosis.error_type or "")[:64],
        (diagnosis.error_code or "")[:64],
        (diagnosis.request_id or "")[:80],
    )
