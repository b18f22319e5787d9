"""Keeps unknown failures useful: the template that groups equal ones, and a draft of the entry that is missing."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import yaml

from triage.diagnosis.model import Diagnosis

_MOST = 300
_FOLDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"https?://[^\s\"'`<>)\]}，。]{1,300}"), "<url>"),
    (re.compile(r"(?<![\w.])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"), "<email>"),
    (re.compile(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b(?:req|msg|toolu|srvtoolu|file|msgbatch|call|sk|org|key|ses|thread)_[A-Za-z0-9_-]{4,80}"), "<id>"),
    (re.compile(r"\bsk-[A-Za-z0-9_-]{6,160}"), "<id>"),
    (re.compile(r"(?i)\b(?:(?:us|eu|apac|global|jp|au)\.)?(?:anthropic[./])?claude-[\w.@:-]{0,60}[\w\]]"), "<model>"),
    (re.compile(r"(?:[A-Za-z]:)?(?:[\\/][\w.@+~-]{1,80}){2,20}[\\/]?"), "<path>"),
    (re.compile(r"(?i)\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,64}\b"), "<id>"),
    (re.compile(r"\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16,80}\b"), "<id>"),
    (re.compile(r"\b0x[0-9a-fA-F]{1,16}\b"), "<id>"),
    (re.compile(r"(?<![A-Za-z_])(?:\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)*)"), "<n>"),
    (re.compile(r"\s+"), " "),
)
_TELLING = re.compile(
    r"(?i)error|exception|fail|denied|invalid|refus|timed? ?out|错误|失败|报错|エラー|오류|ошибка|fehler"
)


def make_template(message: str | None, text: str) -> str | None:
    """Return ``message`` (else the most telling line of ``text``) with ids, numbers, paths and models folded.

    Two failures that differ in nothing else have the same template; None where there are no words at all.
    """
    words = message or _line(text)
    if not words:
        return None
    words = words[: 4 * _MOST]
    for form, name in _FOLDS:
        words = form.sub(name, words)
    return words.strip()[:_MOST] or None


def _line(text: str) -> str:
    lines = [line.strip() for line in text[:20_000].splitlines() if line.strip()]
    return next((line for line in reversed(lines) if _TELLING.search(line)), lines[0] if lines else "")


def draft_entry(diagnosis: Diagnosis, checked: dt.date | None = None) -> str:
    """Return a YAML draft of a cause entry for what ``diagnosis`` couldn't name, for a maintainer to complete.

    Fields of the schema are all there, those that only a person can fill say so. ``checked`` dates the source; without
    it the draft holds a date that the loader refuses until somebody fills it in.
    """
    template = diagnosis.template or "words of the message"
    entry: dict[str, Any] = {
        "slug": _slug(template),
        "title": "TITLE: what happened, in one line",
        "category": diagnosis.category,
        "who_acts": "developer",
        "fault": diagnosis.fault.line if diagnosis.fault else "unknown",
        "seen_with": _seen_with(diagnosis),
        "meaning": "MEANING: what it says and why it comes",
        "retry": {"retryable": bool(diagnosis.retryable), "note": "NOTE: whether sending it again helps"},
        "likely_causes": ["CAUSE: the most frequent reason first"],
        "fixes": [{"do": "FIX: what to do first"}],
        "verify": "VERIFY: how one sees that it is mended",
        "patterns": [{"text": template}],
        "examples": [diagnosis.message or template],
        "sources": [{"name": "SOURCE: where it was seen", "checked": checked.isoformat() if checked else "YYYY-MM-DD"}],
    }
    near = [one.cause for one in diagnosis.candidates[:3]]
    if near:
        entry["neighbours"] = [{"slug": slug, "difference": "DIFFERENCE: what tells the two apart"} for slug in near]
    if checked:
        entry["sources"][0]["checked"] = checked
    return yaml.safe_dump([entry], sort_keys=False, allow_unicode=True, width=110)


def _seen_with(diagnosis: Diagnosis) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    if diagnosis.http_status:
        seen["status"] = [diagnosis.http_status]
    if diagnosis.error_type:
        seen["type"] = [diagnosis.error_type]
    if diagnosis.error_code and re.fullmatch(r"[a-z][a-z0-9_]{0,63}", diagnosis.error_code):
        seen["error_code"] = [diagnosis.error_code]
    return seen


def _slug(template: str) -> str:
    words = re.findall(r"[a-z]{2,}", re.sub(r"<\w+>", " ", template.lower()))
    return "_".join(words[:5])[:64].strip("_") or "unnamed_cause"
