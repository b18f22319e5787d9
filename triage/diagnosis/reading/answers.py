"""Reads what surrounds a body: response headers, and web pages that came instead of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from triage.diagnosis.findings import Span
from triage.diagnosis.reading.evidence import Fact

_HEADER = re.compile(
    r"(?im)(?:^[<\s]{0,8}|[{,(]\s{0,12}|\s)\\*[\"']?"
    r"(retry-after(?:-ms)?|request-id|x-request-id|x-should-retry|server|via|cf-ray|content-type|x-deny-reason|"
    r"x-amzn-requestid|x-amzn-errortype|www-authenticate|proxy-authenticate|"
    r"anthropic-(?:organization-id|workspace-id|ratelimit-[a-z0-9-]{3,50}|fast-[a-z0-9-]{3,50}|"
    r"priority-[a-z0-9-]{3,50}|thinking-prefix-mismatch)|x-litellm-[a-z-]{3,40})"
    r"\\*[\"']?\s{0,2}[:=]\s{0,3}\\*[\"']?([^\s\"'\\,}][^\n\"'\\}]{0,120})"
)
_HEADER_PARTS = ("retry-", "request-id", "requestid", "server", "via", "cf-ray", "content-type", "x-deny", "x-amzn",
                 "authenticate", "anthropic-", "x-litellm-")  # fmt: skip
"""Lower-case words of which each header that is looked for holds one."""
_PAGE = re.compile(
    r"<(?:!doctype html|html[\s>]|head>|body[\s>]|title>|div class=\\?\"cf-|/(?:h1|p|center|div)>)", re.IGNORECASE
)
_TITLE = re.compile(
    r"(?is)<title[^>]{0,60}>(.{0,200}?)</title|<h1[^>]{0,60}>(.{0,200}?)</h1|<title[^>]{0,60}>([^<]{1,120})"
)


def read_headers(text: str, lowered: str) -> tuple[Mapping[str, str], Mapping[str, Span]]:
    """Return response headers by lower-case name, and where each value stands; the last one of a name counts."""
    values: dict[str, str] = {}
    spans: dict[str, Span] = {}
    for match in _HEADER.finditer(text) if any(part in lowered for part in _HEADER_PARTS) else ():
        name = match.group(1).lower()
        values[name] = match.group(2).rstrip(" ,;")
        spans[name] = Span(match.start(1), match.end(2))
    return MappingProxyType(values), MappingProxyType(spans)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of ``retry-after-ms`` or ``retry-after``; None for an HTTP date, as no clock is read."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    return None


def read_page(text: str) -> Fact[str] | None:
    """Return the title of a web page in the text (empty words where it has none)."""
    page = _PAGE.search(text)
    if not page:
        return None
    title = _TITLE.search(text, max(0, page.start() - 10))
    if not title:
        return Fact("", Span(*page.span()))
    number = next(index for index in (1, 2, 3) if title.group(index) is not None)
    words = re.sub(r"<[^<>]{0,80}>|\s+", " ", title.group(number)).strip()
    return Fact(words, Span(*title.span(number)))
