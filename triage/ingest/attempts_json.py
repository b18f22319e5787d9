"""Our own format: one JSON object a report, several in a list or one a line (NDJSON), to ``POST /api/v1/attempts``.

A report tells of one HTTP try of a call. Every field may be left out; unknown fields are ignored.

=================  ====================================================================================================
``id``             makes the report recognisable: sent again under the same id it counts once. Send it, and the same
                   one on a retry; without it a report whose answer was lost counts twice
``call``           what the tries of one call have in common; where it is missing a report is a call of its own
``at``             when the try ended: ISO 8601 (UTC where it names no offset) or seconds since 1970
``outcome``        ``succeeded`` or ``failed``. ``failed: true`` says the same. Where neither is given, an ``error``, an
                   ``exception`` or a ``status`` from 400 on is a failure, anything else a success
``attempt``        which try of its call this is, from 1
``attempts``       how many tries the call made, in place of ``attempt`` where only its end is reported. Tries below
                   this number count as failures whose cause is "not reported", until they are
``status``         the HTTP status of the answer
``request_id``     the API's ``request-id``
``error``          ``{"type", "code", "message"}`` of the API's error (``code`` is its ``details.error_code``), or text
``exception``      the class of what was raised
``cause_chain``    the exceptions behind it, outermost first: a list of names, with or without their words
``retry_after``    seconds that the answer asked to wait; read from ``headers`` where it is missing
``headers``        the answer's headers, as an object
``body``           the answer's body, as text or as the object itself
``streamed``       whether the call streamed
``duration_ms``    how long the try took
``tokens``         ``{"input", "output"}``
``model``, ``service``, ``team``, ``environment``, ``user``, ``client``    dimensions to filter by, as text
``fallback_from``  the model that the call asked first, where this try asks another; a request stands under its first
``waited_ms``      how long the program waited before this try; shown with the report
``count``          that the report stands for so many calls which succeeded at their first try, in the minute of ``at``.
                   They are counted and get no place in the list of requests; send an ``id`` here too
``dropped``        that the report stands for so many reports which the client could not deliver, for ``reason`` (text).
                   They are told as dropped wherever this server tells what it dropped itself
=================  ====================================================================================================
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from triage.ingest.limits import Malformed
from triage.ingest.report import (
    MESSAGE_LENGTH,
    MOST_ATTEMPTS,
    Delivery,
    Report,
    Role,
    Try,
    fold_model,
    make_key,
    plausible,
    read_time,
    seconds,
    status,
    text,
    whole,
)
from triage.ingest.scrub import is_secret_name

KIND = "json"
ROLES: Mapping[str, Role] = {KIND: Role.TRY}
CLIENT = "json"
MOST_COUNTED = 1_000_000
"""Calls or reports that one report may stand for."""
_HEADERS = 40
_CHAIN = 8
_Test = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_label(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_ATTEMPTS


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_COUNTED


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53


def _is_status(value: Any) -> bool:
    return _is_amount(value) and status(value) == value


def _is_time(value: Any) -> bool:
    return read_time(value) is not None


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


_LABEL = (_is_label, "text")
_FIELDS: dict[str, tuple[_Test, str]] = {
    **dict.fromkeys(("id", "call", "model", "service", "team", "environment", "user", "client", "request_id"), _LABEL),
    "fallback_from": _LABEL,
    "at": (_is_time, "an ISO 8601 time or seconds since 1970"),
    "outcome": (lambda value: value in ("succeeded", "failed"), '"succeeded" or "failed"'),
    "failed": (_is_flag, "true or false"),
    "attempt": (_is_count, "a whole number from 1"),
    "attempts": (_is_count, "a whole number from 1"),
    "status": (_is_status, "a whole number from 100 to 599"),
    "error": (lambda value: isinstance(value, str | dict), "an object or text"),
    "exception": (_is_text, "text"),
    "cause_chain": (lambda value: isinstance(value, list) and all(map(_is_text, value)), "a list of texts"),
    "retry_after": (_is_amount, "a number of seconds"),
    "headers": (_is_object, "an object"),
    "body": (lambda value: isinstance(value, str | dict | list), "text or an object"),
    "streamed": (_is_flag, "true or false"),
    "duration_ms": (_is_amount, "a number of milliseconds"),
    "waited_ms": (_is_amount, "a number of milliseconds"),
    "tokens": (_is_object, "an object"),
    "count": (_is_number, f"a whole number from 1 to {MOST_COUNTED:,}"),
    "dropped": (_is_number, f"a whole number from 1 to {MOST_COUNTED:,}"),
    "reason": (_is_text, "text"),
}


def split(body: bytes, *, lines: bool) -> list[Any]:
    """Return the reports of ``body``, decoded and unchecked: an object, a list of them, or (``lines``) one a line.

    Raises:
        Malformed: the body, or the named line of it, is no JSON.
    """
    if not lines:
        document = load(body, "the body")
        return document if isinstance(document, list) else [document]
    return [load(line, f"line {n}") for n, line in enumerate(body.split(b"\n"), 1) if line.strip()]


def load(body: bytes, where: str) -> Any:
    """Return the JSON value that ``body`` is.

    Raises:
        Malformed: it is none; ``where`` begins the message.
        RecursionError: it is nested too deep to be decoded at all.
    """
    try:
        # Decoded here, since json.loads would take UTF-16 as well, in which no secret looks like one.
        return json.loads(body.decode(), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise Malformed(f"{where} is not UTF-8 at byte {error.start}") from None
    except ValueError as error:
        raise Malformed(f"{where} is no JSON: {str(error)[:200]}") from None


def check(reports: list[Any]) -> None:
    """Check the types of every field.

    Raises:
        Malformed: the first field that is wrong, with its place, what is expected there, and what was found.
    """
    for index, report in enumerate(reports):
        if not isinstance(report, dict):
            raise Malformed(f"reports[{index}]: expected an object, got {_shown(report)}")
        for name, value in report.items():
            test = _FIELDS.get(name)
            if test is not None and value is not None and not test[0](value):
                raise Malformed(f"reports[{index}].{name}: expected {test[1]}, got {_shown(value)}")


def client(report: Mapping[str, Any]) -> str:
    """Return the program that a report names, or ``json``."""
    return text(report.get("client"), 60) or CLIENT


def read(report: Mapping[str, Any], delivery: Delivery) -> Report:
    """Return what a checked report tells."""
    told = report.get
    last = _try(report, delivery)
    model, long_context = fold_model(text(told("fallback_from") or told("model"), 80))
    tokens = told("tokens") or {}
    name = text(told("call") or told("id"), 200)
    return Report(
        key=make_key(KIND, name) if name else delivery.key(KIND),
        last=last,
        client=client(report),
        started_at=last.at - dt.timedelta(milliseconds=last.duration_ms or 0),
        model=model,
        long_context=long_context,
        service=text(told("service"), 80),
        team=text(told("team"), 80),
        environment=text(told("environment"), 40),
        user=text(told("user"), 80),
        streamed=told("streamed"),
        input_tokens=whole(tokens.get("input")),
        output_tokens=whole(tokens.get("output")),
    )


def ended_at(report: Mapping[str, Any], delivery: Delivery) -> dt.datetime:
    """Return when what a checked report tells of ended."""
    at = read_time(report["at"]) if report.get("at") is not None else None
    return plausible(at, delivery.received) if at else delivery.received


def _try(report: Mapping[str, Any], delivery: Delivery) -> Try:
    told = report.get
    http_status = told("status")
    result = Try(
        number=told("attempt") or told("attempts") or 1,
        at=ended_at(report, delivery),
        failed=_failed(report),
        duration_ms=whole(told("duration_ms")),
        api_request_id=text(told("request_id"), 80),
        model=fold_model(text(told("model"), 80))[0] if told("fallback_from") else "",
    )
    if result.failed:
        result.http_status = None if http_status is None else int(http_status)
        result.exception = text(told("exception"), 120)
        result.cause_chain = tuple(text(cause, 300) for cause in (told("cause_chain") or ())[:_CHAIN])
        result.raw = report
        _add_error(result, report)
        result.headers = _headers(told("headers") or {})
        result.retry_after = seconds(told("retry_after"))
        if result.retry_after is None:
            result.retry_after = seconds(result.headers.get("retry-after"))
    return result


def _failed(report: Mapping[str, Any]) -> bool:
    if report.get("outcome") is not None:
        return bool(report["outcome"] == "failed")
    if report.get("failed") is not None:
        return bool(report["failed"])
    return bool(report.get("error") or report.get("exception") or (report.get("status") or 0) >= 400)


def _add_error(result: Try, report: Mapping[str, Any]) -> None:
    """Take type, code and message from ``error``, or from the API's error object in ``body``."""
    error, body = report.get("error"), report.get("body")
    if not error and isinstance(body, dict):
        error = body.get("error")
        result.api_request_id = result.api_request_id or text(body.get("request_id"), 80)
    if isinstance(error, dict):
        details = error.get("details")
        code = error.get("code") or (details.get("error_code") if isinstance(details, dict) else None)
        result.error_type = text(error.get("type"), 64)
        result.error_code = text(code, 64)
        result.message = text(error.get("message"), MESSAGE_LENGTH)
    elif isinstance(error, str):
        result.message = text(error, MESSAGE_LENGTH)
    if not result.message and isinstance(body, str):
        result.message = text(body, MESSAGE_LENGTH)


def _headers(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the first headers by lower-case name, without those that carry secrets."""
    shown = ((name.lower(), text(value, 300)) for name, value in list(told.items())[:_HEADERS])
    return {text(name, 80): value for name, value in shown if value and not is_secret_name(name)}


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _shown(value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=True)
    return shown if len(shown) <= 40 else shown[:40] + "…"


def iterate(body: bytes, *, lines: bool) -> Iterator[Mapping[str, Any]]:
    """Yield the reports of a body that was checked when it was accepted."""
    yield from split(body, lines=lines)
