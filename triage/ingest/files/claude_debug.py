"""Claude Code's debug logs (``--debug-file``, ``~/.claude/debug/*.txt``), as written by 2.1.197.

They tell every failed try with its status, words and request id, and each stream that began. Of requests that run at
the same time nothing tells the lines apart: their number is right, which of them a try belongs to may not be. Whether
the fallback without streaming went well they don't say: such a call stands as lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from triage.ingest.files.form import Identities, Told, without_empty
from triage.ingest.report import MESSAGE_LENGTH

NAME = "claude-debug"
_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z) \[(?:DEBUG|INFO|WARN|ERROR)\] (.*)")
_OURS = re.compile(r"\[API:(?:request|auth|timing)\]|API error \(attempt \d+/\d+\)|Stream started - |\[API REQUEST\]")
_FAILED = re.compile(r"API error \(attempt (\d{1,4})/(\d{1,4})\)(?:: ?(.*))?")
_STATUS = re.compile(r"(?:(\d{3})|undefined) (?=.)")
_MODEL = re.compile(r"\[API:timing\] dispatching to \S+ model=(\S+)")
_BROKEN = "Error streaming, falling back to non-streaming mode: "
_DETAILS = re.compile(r"Connection error details: code=(\w+)")
_LOST = "Error in API request"
_ASKS = "[API:request]"
_BEGAN = "Stream started - received first chunk"


@dataclass(slots=True)
class _Call:
    """The call that the log is about, as far as it is known."""

    name: str = ""
    tries: int = 0
    over: bool = False
    last: Told = field(default_factory=dict)


def claims(text: str) -> bool:
    """Return whether the line is one that Claude Code writes about its requests."""
    found = _LINE.search(text[:400])
    return found is not None and _OURS.match(found[2]) is not None


class Reader:
    """Follows the requests of one log. Words that go on over several lines are held back until the next one begins."""

    def __init__(self) -> None:
        self._names = Identities()
        self._call = _Call()
        self._model = ""
        self._held: Told | None = None

    def read(self, text: str) -> Iterator[Told]:
        """Yield what the line, or one before it, tells of a try."""
        found = _LINE.search(text)
        if found is None:
            self._go_on(text)
            return
        at, words = found[1], found[2]
        if (model := _MODEL.match(words)) is not None:
            yield from self.end()
            self._model = model[1]
        elif (failed := _FAILED.match(words)) is not None:
            yield from self.end()
            if failed[1] == "1" and not self._call.last.get("streamed"):
                self._call = _Call()
            self._call.tries = max(self._call.tries, int(failed[1]) - 1)
            self._hold(at, text, **_failure(failed[3] or ""))
        elif words.startswith(_BROKEN):
            self._held = None  # what began well ended so
            self._call.tries -= bool(self._call.last.get("outcome") == "succeeded")
            self._hold(at, text, outcome="failed", status=200, streamed=True, error=words.removeprefix(_BROKEN))
        elif words.startswith(_BEGAN):
            yield from self.end()
            self._hold(at, text, outcome="succeeded", streamed=True)
        elif (details := _DETAILS.match(words)) is not None and self._call.last.get("outcome") == "failed":
            yield from self.end()
            yield self._call.last | {"cause_chain": [details[1]]}
        elif words.startswith((_LOST, _ASKS)):
            yield from self.end()
            self._call.over = self._call.over or words.startswith(_LOST)

    def end(self) -> Iterator[Told]:
        """Yield the try that was held back."""
        if self._held is not None:
            told, self._held = self._held, None
            yield told
            self._call.over = told["outcome"] == "succeeded"

    def _hold(self, at: str, text: str, **told: Any) -> None:
        if self._call.over:
            self._call = _Call()
        call = self._call
        call.name = call.name or self._names.name(text)
        call.tries += 1
        call.last = without_empty(
            {
                "call": call.name,
                "at": at,
                "attempt": call.tries,
                "model": self._model,
                "service": "claude-code",
                "client": "claude-code",
                **told,
            }
        )
        self._held = call.last

    def _go_on(self, text: str) -> None:
        if self._held is not None and isinstance(self._held.get("error"), str):
            self._held["error"] = f"{self._held['error']}\n{text}"[:MESSAGE_LENGTH]


def _failure(words: str) -> Told:
    """Return status and words of ``529 529 {"type":"error",...}``; no answer is written as ``undefined``."""
    found = _STATUS.match(words)
    rest = words[found.end() :] if found else words
    return {"outcome": "failed", "status": int(found[1]) if found and found[1] else None, "error": rest or "API error"}
