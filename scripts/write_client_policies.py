"""Writes ``triage/client/policies.json``: what of the knowledge a program needs to decide whether to repeat a request.

Run it after a change of the causes or codes; a test fails for as long as the file and the knowledge disagree.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from triage.client.verdicts import fold  # noqa: E402
from triage.knowledge import Cause, Code, Knowledge, RetryPolicy, load  # noqa: E402

TARGET = ROOT / "triage" / "client" / "policies.json"
_SHORTEST = 10  # folded bytes of a pattern; shorter ones stand in too many texts
_DEFAULT = {"first_wait": 0.5, "factor": 2.0, "max_wait": 8.0, "attempts": 3}
"""The SDK's own schedule, for what may be repeated and has none in the knowledge."""


def policies(knowledge: Knowledge) -> dict[str, Any]:
    """Return the file's content: a policy by status, statuses by type, and what each cause is recognised by."""
    codes = {code.slug: {"cause": _cause_of(code), "retry": _retry(code.retry)} for code in knowledge.codes.values()}
    causes = {
        cause.slug: {
            "status": list(cause.seen_with.status),
            "codes": list(cause.seen_with.error_code),
            "exceptions": list(cause.seen_with.exception) if not cause.seen_with.status else [],
            "patterns": _patterns(cause),
            "retry": _retry(cause.retry),
        }
        for cause in knowledge.causes.values()
        if _is_of_a_call(cause)
    }
    return {"codes": codes, "types": _types(knowledge), "causes": causes}


def _types(knowledge: Knowledge) -> dict[str, str]:
    """Return the status that goes with each ``error.type``: an error inside a stream has the type alone."""
    answered = [code for code in knowledge.codes.values() if code.from_api and (code.status or 0) >= 400]
    surest_last = sorted(answered, key=lambda code: -len(code.types))
    return {kind: code.slug for code in surest_last for kind in code.types}


def _cause_of(code: Code) -> str:
    return code.default_cause or (code.causes[0] if len(code.causes) == 1 else "unknown")


def _is_of_a_call(cause: Cause) -> bool:
    """Return whether an SDK's call can fail by it: it was answered so, or it was not answered."""
    return bool(cause.seen_with.status) or cause.category == "network"


def _retry(policy: RetryPolicy) -> dict[str, Any] | None:
    if not policy.retryable:
        return None
    told = policy.model_dump(include=set(_DEFAULT), exclude_none=True) or _DEFAULT
    return {**told, "honour_retry_after": policy.honour_retry_after}


def _patterns(cause: Cause) -> list[list[str]]:
    """Return the patterns as pieces that have to stand in the folded text in this order."""
    split = (
        [piece for piece in map(fold, re.split(r"<[a-z_]+>", pattern.text)) if piece]
        for pattern in cause.patterns
        if pattern.kind in ("message", "fragment")
    )
    return [pieces for pieces in split if len("".join(pieces).encode()) >= _SHORTEST]


def _lines(entries: dict[str, Any]) -> str:
    return ",\n".join(f"{_line(name)}: {_line(entry)}" for name, entry in entries.items())


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def main() -> None:
    """Write the file."""
    document = policies(load())
    parts = (f"{_line(name)}: {{\n{_lines(entries)}\n}}" for name, entries in document.items())
    content = "{\n" + ",\n".join(parts) + "\n}"
    TARGET.write_text(content + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
