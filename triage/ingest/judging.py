"""Names the cause of a failed try; a storm's thousand equal failures are diagnosed once."""

from __future__ import annotations

from functools import lru_cache

from triage.diagnosis import diagnose_fields
from triage.ingest.report import Try
from triage.ingest.scrub import scrub_text


def judge(failure: Try, *, client: str, streamed: bool) -> None:
    """Write category, cause and confidence into ``failure``, and what its words tell beyond its fields."""
    failure.message = scrub_text(failure.message)
    failure.category, failure.cause, failure.confidence, error_type, error_code = _judge(
        failure.http_status,
        failure.error_type,
        failure.error_code,
        failure.message,
        failure.exception,
        tuple(scrub_text(cause) for cause in failure.cause_chain),
        client.partition("/")[0],
        streamed,
    )
    failure.error_type = failure.error_type or error_type
    failure.error_code = failure.error_code or error_code


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
) -> tuple[str, str, float, str, str]:
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
    return (
        diagnosis.category,
        diagnosis.cause,
        diagnosis.confidence,
        (diagnosis.error_type or "")[:64],
        (diagnosis.error_code or "")[:64],
    )
