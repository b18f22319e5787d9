"""Which reports are kept whole, and what of them: a bounded number an issue and minute, without prompts or answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import redis
from django.conf import settings

from triage.ingest.report import text
from triage.ingest.scrub import scrub_value

Slot = tuple[int, str, str]
"""Project, fingerprint of the issue, minute."""

_REMEMBERED = 2 * 60 * 60  # seconds
_LONGEST_VALUE = 2_000
_LONGEST_BODY = 16_000
_CONTENT = (
    *("prompt", "response", "user_prompt", "messages", "request_data", "response_data", "system", "completion"),
    *("gen_ai.prompt", "gen_ai.completion", "gen_ai.input", "gen_ai.output", "gen_ai.system_instructions"),
    *("gen_ai.tool", "llm.input_messages", "llm.output_messages", "llm.prompts", "llm.completions", "input.value"),
    *("output.value", "traceloop.entity.input", "traceloop.entity.output", "ai.prompt", "ai.response.text"),
    *("ai.response.object", "ai.response.reasoning", "ai.response.toolCalls", "ai.toolCall"),
    *("pydantic_ai.all_messages", "all_messages_events", "final_result"),
)
"""Names of fields, and beginnings of dotted names, that hold what people and models wrote."""


def slots_to_keep(valkey: redis.Redis, wanted: Counter[Slot]) -> Counter[Slot]:
    """Return how many of the ``wanted`` reports of each slot are still within ``TRIAGE_BODIES_PER_ISSUE_MINUTE``.

    All workers share the tally. It is a bound on disk, not a count: where Valkey fails, nothing is kept.
    """
    most = settings.TRIAGE_BODIES_PER_ISSUE_MINUTE
    slots = list(wanted)
    try:
        with valkey.pipeline(transaction=False) as pipeline:
            for slot in slots:
                name = "triage:kept:{}:{}:{}".format(*slot)
                pipeline.incrby(name, min(wanted[slot], most))
                pipeline.expire(name, _REMEMBERED)
            tallies = pipeline.execute()[::2]
    except redis.RedisError:
        return Counter()
    asked = ((slot, min(wanted[slot], most), tally) for slot, tally in zip(slots, tallies, strict=True))
    return Counter({slot: max(0, most - (tally - count)) for slot, count, tally in asked})


def kept_text(raw: Mapping[str, Any]) -> str:
    """Return what is kept of a record: JSON text without prompts and answers, masked and of bounded length."""
    shown = {text(name, 200): _shortened(value) for name, value in raw.items() if not _is_content(name)}
    body = raw.get("body")
    if isinstance(body, dict) and "error" not in body:  # an answer that is no error is what a model wrote
        del shown["body"]
    return json.dumps(scrub_value(shown), ensure_ascii=False, indent=1)[:_LONGEST_BODY]


def _is_content(name: str) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in _CONTENT)


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return text(value, _LONGEST_VALUE)
    if isinstance(value, int | float | bool) or value is None:
        return value
    return text(json.dumps(value), _LONGEST_VALUE)
