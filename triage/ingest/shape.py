"""Checks the shape of a body when it is accepted, and masks its secrets; what it means is the digest's business."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from triage.ingest import attempts_json, otlp, sentry_envelope
from triage.ingest.limits import BeyondLimit, Limits
from triage.ingest.otlp import Signal
from triage.ingest.scrub import might_hold_secrets, scrub_json, scrub_message


def accept_attempts(body: bytes, limits: Limits, *, lines: bool) -> tuple[int, bytes]:
    """Return how many reports our own format's ``body`` holds, and the body with its secrets masked.

    Raises:
        Malformed, BeyondLimit: it can't be accepted.
    """
    reports = _decode(lambda: attempts_json.split(body, lines=lines), limits)
    _check_records(len(reports), limits)
    _check_nesting(reports, limits.nesting + 1, limits.nesting)
    attempts_json.check(reports)
    if not might_hold_secrets(body):
        return len(reports), body
    if lines:
        return len(reports), b"\n".join(scrub_json(line) for line in body.split(b"\n") if line.strip())
    return len(reports), scrub_json(body)


def accept_export(body: bytes, signal: Signal, limits: Limits, *, protobuf: bool) -> tuple[int, bytes]:
    """Return how many records an OTLP ``body`` holds, and the body with its secrets masked.

    Raises:
        Malformed, BeyondLimit: it can't be accepted.
    """
    if not protobuf:
        document = _decode(lambda: attempts_json.load(body, "the body"), limits)
        _check_nesting(document, limits.nesting, limits.nesting)
        count = otlp.check_json(document, signal)
        _check_records(count, limits)
        return count, scrub_json(body)
    message, count = otlp.parse_protobuf(body, signal)
    _check_records(count, limits)
    if might_hold_secrets(body):
        # Bytes can't be masked in place: the byte beside a secret may be a length or a tag that looks like a letter.
        scrub_message(message)
        body = message.SerializeToString()
    return count, body


def accept_envelope(body: bytes, limits: Limits, *, alone: bool, client: str) -> tuple[str, bytes]:
    """Return a Sentry envelope's id, and of its body what goes on, masked; nothing where it tells nothing.

    ``alone`` says that the body is one event, as the older endpoint takes it; ``client`` is the SDK that sent it.

    Raises:
        Malformed, BeyondLimit: it can't be accepted.
    """
    header, items = ({}, [("event", body)]) if alone else _decode(lambda: sentry_envelope.split(body, limits), limits)
    documents = _decode(lambda: sentry_envelope.decode(items), limits)
    _check_nesting([document for _, document in documents], limits.nesting + 1, limits.nesting)
    kept = sentry_envelope.keep(header, documents)
    _check_records(kept.records, limits)
    return kept.event_id, scrub_json(kept.to_json(client)) if kept else b""


def _decode(decode: Callable[[], Any], limits: Limits) -> Any:
    try:
        return decode()
    except RecursionError:
        raise _too_deep(limits.nesting) from None


def _check_records(count: int, limits: Limits) -> None:
    if count > limits.records:
        raise BeyondLimit("TRIAGE_MAX_RECORDS", limits.records, f"the body holds {count:,}")


def _check_nesting(document: Any, most: int, stated: int) -> None:
    """Walk level by level: no stack to overflow, and each value is looked at once."""
    level = [document] if isinstance(document, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > most:
            raise _too_deep(stated)
        inside = (item for held in level for item in (held.values() if isinstance(held, dict) else held))
        level = [item for item in inside if isinstance(item, dict | list)]


def _too_deep(nesting: int) -> BeyondLimit:
    return BeyondLimit("TRIAGE_MAX_NESTING", nesting, "the body is nested deeper")
