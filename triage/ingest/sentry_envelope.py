"""Sentry's envelopes as they come in: taken apart, with all but what tells of Claude API calls left out.

As sent by sentry-sdk 2.75.0 (Python) and @sentry/node 11.12.0; the form is
https://develop.sentry.dev/sdk/data-model/envelopes/. Stack frames carry local variables, and with them prompts,
whatever ``send_default_pii`` says; spans and breadcrumbs tell of all that a program does. So only the fields named here
go on to the inbox.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from triage.ingest.attempts_json import load
from triage.ingest.limits import BeyondLimit, Limits, Malformed
from triage.ingest.report import text, whole

NOT_CLAUDE = "not a Claude API call"
MESSAGE_LENGTH = 16_000
"""Characters of an exception's words that go on; an edge's page stands in them whole."""

_EVENTS, _SPANS, _REPORTS = ("event", "error"), "span", "client_report"
_CHAIN = 12  # exceptions of one event
_MOST_REASONS = 10
_MOST_DISCARDED = 1_000_000
_TRACE = ("trace_id", "span_id", "parent_span_id", "op", "description")
_TAGS = ("service", "service.name", "team", "team.id")
_MECHANISM = ("type", "exception_id", "parent_id")
_DATA = (
    *("gen_ai.system", "gen_ai.provider.name", "gen_ai.operation.name", "gen_ai.request.model"),
    *("gen_ai.response.model", "gen_ai.response.streaming", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"),
    *("ai.model_id", "ai.streaming", "error.type", "http.response.status_code", "sentry.status.message"),
    *("sentry.release", "sentry.environment", "user.id", *_TAGS),
)
_CALLS = ("chat", "messages", "text_completion", "completion", "generate_content", "generate_text", "stream_text")
"""Operations of ``gen_ai`` spans that are a call; agents and tools are what calls happen in."""
_OLD_CALL = "ai.chat_completions.create.anthropic"
_CALL_PATH = re.compile(
    r"/v1/(?:messages|complete)(?![^/?#\s])"
    r"|:(?:streamR|r)awPredict"  # Vertex AI
    r"|/model/[^/\s]+/(?:invoke|converse)"  # Amazon Bedrock
)
_EMPTY_LINES = re.compile(rb"[\r\n]+")
_API_HOST = re.compile(r"https?://[^/\s?#]*\banthropic\.com(?=[:/]|$)")


@dataclass(slots=True)
class Kept:
    """What of an envelope goes on to the digest."""

    event_id: str = ""
    release: str = ""
    """Of whatever the envelope tells of, Claude's or not: it names the service that is heard."""
    events: list[dict[str, Any]] = field(default_factory=list)
    spans: list[dict[str, Any]] = field(default_factory=list)
    drops: Counter[str] = field(default_factory=Counter)
    records: int = 0
    """Events and spans that the envelope held."""

    def to_json(self, client: str) -> bytes:
        """Return what goes into the inbox; ``client`` is the SDK and its version."""
        document = {"client": client, "release": self.release, "drops": self.drops}
        return json.dumps({**document, "events": self.events, "spans": self.spans}, separators=(",", ":")).encode()

    def __bool__(self) -> bool:
        return bool(self.records or self.drops)


def split(body: bytes, limits: Limits) -> tuple[dict[str, Any], list[tuple[str, bytes]]]:
    """Return an envelope's header, and its items as type and payload.

    The rest is never copied: the work grows with the body's size alone.

    Raises:
        BeyondLimit: it has more items than TRIAGE_MAX_RECORDS.
        Malformed: it is no envelope; the message names the item that is wrong.
    """
    line, at = _line(body, 0)
    header = _header(line, "the envelope's first line")
    items: list[tuple[str, bytes]] = []
    while (at := _after_empty_lines(body, at)) < len(body):
        if len(items) == limits.records:
            raise BeyondLimit("TRIAGE_MAX_RECORDS", limits.records, "the body holds more")
        line, at = _line(body, at)
        told = _header(line, f"the header of item {len(items) + 1}")
        size = told.get("length")
        if size is None:
            payload, at = _line(body, at)
        else:
            left = len(body) - at
            if not isinstance(size, int) or whole(size) != size or size > left:
                shown = f"is {size:,} bytes long" if isinstance(size, int) else "has a length that is no whole number"
                raise Malformed(f"item {len(items) + 1} {shown}; {left:,} bytes follow its header")
            payload, at = body[at : at + size], at + size
        items.append((text(told.get("type"), 40), payload))
    return header, items


def keep(header: Mapping[str, Any], documents: list[tuple[str, Any]]) -> Kept:
    """Return what tells of Claude API calls in an envelope's decoded items; other kinds of items tell nothing."""
    kept = Kept(event_id=text(header.get("event_id"), 36))
    spans: list[dict[str, Any]] = []
    for kind, document in documents:
        if kind in _EVENTS:
            _keep_event(kept, document)
        elif kind == "transaction":
            spans += _spans_of_transaction(document)
            kept.event_id = kept.event_id or text(document.get("event_id"), 36)
        elif kind == _SPANS:
            spans += map(_span_of_item, _dicts(document.get("items")))
        elif kind == _REPORTS:
            _keep_drops(kept, document)
        kept.release = kept.release or text(document.get("release"), 200)
    kept.records += len(spans)
    kept.release = kept.release or next((text(each["data"].get("sentry.release"), 200) for each in spans), "")
    kept.spans = _claudes(spans)
    return kept


def decode(items: list[tuple[str, bytes]]) -> list[tuple[str, Any]]:
    """Return the items that may tell something, decoded.

    Raises:
        Malformed: one of them is no JSON object.
        RecursionError: one is nested too deep to be decoded at all.
    """
    decoded = []
    for number, (kind, payload) in enumerate(items, 1):
        if kind in (*_EVENTS, "transaction", _SPANS, _REPORTS):
            document = load(payload, f"item {number} ({kind})")
            if not isinstance(document, dict):
                raise Malformed(f"item {number} ({kind}): expected an object")
            decoded.append((kind, document))
    return decoded


def _line(body: bytes, at: int) -> tuple[bytes, int]:
    """Return the line that begins at ``at``, and where the next one does."""
    end = body.find(b"\n", at)
    return (body[at:], len(body)) if end < 0 else (body[at:end], end + 1)


def _after_empty_lines(body: bytes, at: int) -> int:
    found = _EMPTY_LINES.match(body, at)
    return found.end() if found else at


def _header(line: bytes, where: str) -> dict[str, Any]:
    header = load(line, where)
    if not isinstance(header, dict):
        raise Malformed(f"{where}: expected an object")
    return header


def _keep_event(kept: Kept, event: Mapping[str, Any]) -> None:
    kept.records += 1
    kept.event_id = kept.event_id or text(event.get("event_id"), 36)
    told = _dict(event.get("exception"))
    listed = event["exception"] if isinstance(event.get("exception"), list) else told.get("values")
    values = [_exception(each) for each in _dicts(listed)[-_CHAIN:]]
    if not any(value["claude"] for value in values):
        kept.drops[NOT_CLAUDE] += 1
        return
    kept.events.append(
        {
            **_labels(event, ("event_id", "transaction", "release", "environment")),
            "timestamp": event.get("timestamp"),
            "user": _labels(_dict(event.get("user")), ("id",)),
            "tags": _labels(_tags(event.get("tags")), _TAGS),
            "trace": _labels(_dict(_dict(event.get("contexts")).get("trace")), _TRACE),
            "exceptions": values,
        }
    )


def _tags(told: object) -> dict[str, Any]:
    """Return an event's tags, which come as an object or as a list of pairs."""
    if not isinstance(told, list):
        return _dict(told)
    return dict(pair for pair in told if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str))


def _exception(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is read of one exception: a frame only to see whose code raised it."""
    mechanism = _dict(value.get("mechanism"))
    frames = _dicts(_dict(value.get("stacktrace")).get("frames"))
    raised_in = frames[-1] if frames else {}
    integrated = "anthropic" in text(mechanism.get("type"), 80).split(".")
    module = text(value.get("module"), 120)
    return {
        "type": text(value.get("type"), 120),
        "module": module,
        "value": text(value.get("value"), MESSAGE_LENGTH),
        "mechanism": {name: mechanism[name] for name in _MECHANISM if isinstance(mechanism.get(name), int | str)},
        "integrated": integrated,
        # Python names the class's module; JavaScript has none, but its errors are made inside of the SDK.
        "claude": module.partition(".")[0] == "anthropic"
        or any("@anthropic-ai" in text(raised_in.get(name), 1_000) for name in ("module", "filename", "abs_path"))
        or (integrated and module.partition(".")[0] in ("", "anthropic")),
    }


def _keep_drops(kept: Kept, report: Mapping[str, Any]) -> None:
    """Count what the SDK says that it discarded itself: repetitions, samples, what no room or no limit was left for."""
    for each in _dicts(report.get("discarded_events"))[:_MOST_REASONS]:
        category = text(each.get("category"), 20)
        if category in ("error", "span", "transaction"):
            reason = f"discarded by the Sentry SDK: {category}, {text(each.get('reason'), 30)}"
            kept.drops[reason] += min(whole(each.get("quantity")) or 0, _MOST_DISCARDED)


def _spans_of_transaction(transaction: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the transaction's own span and those inside of it, in the form of those that come alone."""
    own = _dict(_dict(transaction.get("contexts")).get("trace"))
    told = {
        **_labels(_dict(transaction.get("tags")), _TAGS),
        "sentry.release": transaction.get("release"),
        "sentry.environment": transaction.get("environment"),
        "user.id": _dict(transaction.get("user")).get("id"),
    }
    times = _labels(transaction, ("start_timestamp", "timestamp"))
    for each in ({**own, **times}, *_dicts(transaction.get("spans"))):
        data = _dict(each.get("data"))
        shown = f"{text(each.get('description'), 500)} {text(data.get('url') or data.get('url.full'), 500)}"
        yield _span(each, shown, each.get("timestamp"), {**told, **data}, text(each.get("op"), 60))


def _span_of_item(item: Mapping[str, Any]) -> dict[str, Any]:
    attributes = _dict(item.get("attributes"))
    data = {name: value.get("value") for name, value in attributes.items() if isinstance(value, dict)}
    shown = f"{text(item.get('name'), 500)} {text(data.get('url.full') or data.get('url'), 500)}"
    return _span(item, shown, item.get("end_timestamp"), data, text(data.get("sentry.op"), 60))


def _span(told: Mapping[str, Any], shown: str, end: object, data: Mapping[str, Any], op: str) -> dict[str, Any]:
    """``shown`` is where an address may stand; of it only that it is the API's goes on."""
    return {
        **_labels(told, ("trace_id", "span_id", "parent_span_id", "status")),
        "op": op,
        "start": told.get("start_timestamp"),
        "end": end,
        "path": _CALL_PATH.search(shown) is not None,
        "host": _API_HOST.search(shown) is not None
        or text(data.get("user_agent.original"), 20).startswith("Anthropic/"),
        "data": {name: value for name, value in data.items() if name in _DATA and isinstance(value, str | int | float)},
    }


def _claudes(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the spans of calls and of their tries.

    A library's span around the SDK's is the same call. A try is known by the call's span that it is a child of, or,
    where that came in another envelope or not at all, by the API's host.
    """
    calls = [each for each in spans if _is_call(each)]
    outer = {each.get("parent_span_id") for each in calls}
    calls = [each for each in calls if each.get("span_id") not in outer]
    inside = {each.get("span_id") for each in calls}
    tries = [
        each
        for each in spans
        if each["op"] == "http.client" and (each["host"] or (each["path"] and each.get("parent_span_id") in inside))
    ]
    return calls + tries


def _is_call(span: Mapping[str, Any]) -> bool:
    op, data = span["op"], span["data"]
    if op == _OLD_CALL:
        return True
    if not op.startswith("gen_ai.") or text(data.get("gen_ai.operation.name") or op[7:], 40) not in _CALLS:
        return False
    provider = text(data.get("gen_ai.provider.name") or data.get("gen_ai.system"), 40)
    model = text(data.get("gen_ai.response.model") or data.get("gen_ai.request.model"), 80)
    return provider == "anthropic" or "claude" in model.lower()


def _labels(told: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    shown = ((name, text(told.get(name), 200)) for name in names)
    return {name: value for name, value in shown if value}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
