"""Reads HTTP statuses in the many forms in which programs print them."""

from __future__ import annotations

import re
from itertools import islice

from triage.diagnosis.findings import Span
from triage.diagnosis.reading.evidence import Fact

_NUMBER = re.compile(r"[2-5](?:(?<![\w.#/-].)\d\d(?![\d_a-zA-Z]|[.,]\d|-\d)|(?<=[/_ .\u2e80-\uffef].)\d\d(?![\w.,/-]))")
_BEFORE, _AFTER = 64, 48
"""Characters around a number that tell whether it is a status."""
_WORDS = (
    r"Bad Request|Unauthori[sz]ed|Payment Required|Forbidden|Not Found|Method Not Allowed|"
    r"Proxy Authentication Required|"
    r"Request Time-?out|Conflict|Precondition Failed|Request Entity Too Large|Payload Too Large|Content Too Large|"
    r"Unprocessable (?:Entity|Content)|Too Many Requests|Unavailable For Legal Reasons|Client Closed Request|"
    r"Internal Server Error|Not Implemented|Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time-?out|"
    r"Overloaded|Web server is|Origin is unreachable|A timeout occurred|Connection timed out|Invalid SSL"
)
_PHRASE = (
    r"(?:invalid_request|authentication|permission|not_found|rate_limit|api|overloaded|billing|timeout)_error|"
    r"[A-Z]{3,30}_[A-Z]{3,30}(?:_[A-Z]{3,30})?\b"
)
_COUNTED = r"(?!\s{0,2}(?:ms|s|sec|secs|seconds|minutes|tokens|bytes|times|lines|items|files|chars|%|MB|KB|x\d)\b)"
_LEFT: tuple[tuple[int, re.Pattern[str]], ...] = (
    (4, re.compile(r"(?i)\bAPI[ _]?(?:call )?Error\b[^\S\n]*[:：]?\s{0,12}(?:[(（\[][^\S\n]{0,4}){0,2}$")),
    (4, re.compile(r"(?i)\b(?:Error code|Request rejected)\W{1,6}$|HTTP/[\d.]{1,3}\\*[\"']? $")),
    (4, re.compile(r"\b(?:Client|Server) error \\*'$")),
    (3, re.compile(
        r"(?i)(?<!exit)(?<!exit )(?:\b|_)(?:http[_ ]?)?(?:response[_ ]?)?status(?:[_ ]?code)?_?\\*[\"'`*]{0,4}"
        r"\s{0,3}(?:[:=：]|is|of|was)?\s{0,3}\\*[\"'`*(（]{0,3}$|"
        r"\bHTTP(?:[ _-]?(?:Error|Status|Code))*\W{0,4}$"
    )),
    (2, re.compile(
        r"(?i)(?:\berror|\bfailed|\brejected|\breturned|\bresponse|\bresponded(?: with)?|\bgot an?|\bgot|\breceived|"
        r"错误码?|状态码?|失败|报错|返回|エラー(?:コード)?|ステータス(?:コード)?|오류|에러|ошибка|Fehler|erreur|erro)"
        r"[^\S\n]{0,3}[:：=]?[^\S\n]{0,3}[(（\[【]?[^\S\n]{0,2}$|"
        r"\[$|(?<!exit )\\*[\"'](?:error_?|status_?)?code\\*[\"']\s{0,3}:\s{0,3}\\*[\"']?$"
    )),
    (3, re.compile(r"[A-Za-z](?:Error|Exception)\\*[\"']?: ?$|(?i:http_?code)\\*[\"'`]?\s{0,3}[:=]\s{0,3}\\*[\"'`]?$")),
    (2, re.compile(r"(?i)\b(?:" + _WORDS + r") ?[(（\[]$")),
    (2, re.compile(r"(?:出现|报错?|提示|[\u2e80-\ufeff][，：、]) ?$")),
    (1, re.compile(
        r"(?i)(?<!exit )(?<!exited with )(?<!process )\bcode[ :=]{1,3}$|(?:^|\n)[^\S\n]{0,8}[*_\"'`]{0,3}$"
    )),
)  # fmt: skip
_RIGHT: tuple[tuple[int, re.Pattern[str]], ...] = (
    (4, re.compile(r"(?:[:：]?| [-–])\s{0,6}(?:\\*[\"'`])?b?\\*[\"'`]?\{\s{0,20}\\*[\"']| status code \(no body\)")),
    (3, re.compile(r"[)\]）】]?[ :：·-]{1,3}(?:" + _PHRASE + r"|(?i:" + _WORDS + r"))")),
    (2, re.compile(r"(?i)[^\S\n]{0,2}(?:errors?\b|error code|错误|エラー|에러|오류|ошибка)")),
    (2, re.compile(r"(?i) too many (?:tokens|requests)\b")),
)
_REQUEST = re.compile(
    r"\b(?:POST|GET|PUT|DELETE|HEAD|PATCH) (\S{1,300})[ ](?:HTTP/[\d.]{1,3}\S?[ ])?(?P<n>[2-5]\d\d)(?!\d)"
)
_TITLE = re.compile(r"(?i)<title>[^<\d]{0,60}(?P<n>[2-5]\d\d)(?!\d)")
_TOWARDS_API = re.compile(r"(?i)/v1/|anthropic|claude|/messages|/chat/|/model/")
_INSIDE_COUNT = re.compile(_COUNTED)
_LAST_WORD_REVERSED = re.compile(r"[\W\d_]{0,16}([A-Za-z]+)|\W{0,6}([\u3040-\uffdc\u0400-\u04ff]+)")
"""The last word of a text that is read backwards, which spares trying every place of it."""
_OPENS = re.compile(r"(?:^|[\n\[])[^\S\n]{0,8}[*_\"'`]{0,3}$")
_HINTS = frozenset(
    {"error", "code", "status", "statuscode", "http", "rejected", "failed", "returned", "response", "responded", "with",
     "got", "an", "received", "is", "of", "was", "fehler", "erreur", "erro", "httpstatuscode", "httpstatus",
     "forbidden", "unauthorized", "request", "requests", "required", "found", "gateway", "unavailable", "overloaded"}
)  # fmt: skip
_SENTENCES = {
    "bad request - please check your parameters": 400,
    "authorization failed - please check your credentials": 401,
    "payment required - perhaps check your payment details": 402,
    "forbidden - perhaps check your credentials": 403,
    "the resource you are requesting could not be found": 404,
    "the service is receiving too many requests from you": 429,
    "the service was not able to process your request": 500,
    "bad gateway - the service failed to handle your request": 502,
    "service unavailable - try again later or consider": 503,
    "gateway timed out - perhaps try again later": 504,
}
"""What n8n prints instead of a number (NodeApiError of n8n-workflow)."""
OWN_BODY = 4
"""Rank of a status that stands in front of its own answer, or in a client's own form."""
_MOST_NUMBERS = 2000
"""Numbers that are looked at in one text."""
_NO_STATUS = frozenset(
    {"line", "lines", "column", "port", "pid", "attempt", "took", "in", "after", "of", "max", "level", "step", "size",
     "version"}
)  # fmt: skip
"""Words right before a number that is no status."""


def read_statuses(text: str) -> list[Fact[int]]:
    """Return the HTTP statuses of ``text`` in its order, each place once, with how plainly it is one.

    Successes count only where the form leaves no doubt (a status line, a ``status`` field).
    """
    found: dict[int, Fact[int]] = {}
    for form in (_REQUEST, _TITLE):
        for match in form.finditer(text):
            foreign = form is _REQUEST and not _TOWARDS_API.search(match.group(1))
            _note(found, text, match.start("n"), 0 if foreign else 3)
    for number in islice(_NUMBER.finditer(text), _MOST_NUMBERS):
        at = number.start()
        if at not in found:
            rank = _rank(text, at)
            if rank:
                _note(found, text, at, rank)
    if not any(fact.value >= 400 for fact in found.values()):
        found.update(_said(text.lower()))
    return [found[at] for at in sorted(found)]


def _said(lowered: str) -> dict[int, Fact[int]]:
    places = {lowered.find(sentence): (sentence, status) for sentence, status in _SENTENCES.items()}
    return {at: Fact(status, Span(at, at + len(words)), 3) for at, (words, status) in places.items() if at >= 0}


def _note(found: dict[int, Fact[int]], text: str, at: int, rank: int) -> None:
    status = int(text[at : at + 3])
    if status >= 400 or (rank >= 3 and status < 300):
        found[at] = Fact(status, Span(at, at + 3), rank)


def _hints(word: str) -> bool:
    return word in _HINTS or word.endswith(("error", "code", "status", "exception"))


def _rank(text: str, at: int) -> int:
    before, after = text[max(0, at - _BEFORE) : at], text[at + 3 : at + 3 + _AFTER]
    if not _INSIDE_COUNT.match(after):
        return 0
    word = _LAST_WORD_REVERSED.match(before[:-41:-1])
    if word and word.start(1) == 1 and before.endswith(" ") and word.group(1)[::-1].lower() in _NO_STATUS:
        return 0
    best = 0
    for rank, form in _RIGHT:
        if form.match(after):
            best = rank
            break
    if word is None and not _OPENS.search(before):
        return best
    if word and word.group(1) and not _hints(word.group(1)[::-1].lower()) and "\n" not in word.group(0):
        return best
    for rank, form in _LEFT:
        if rank <= best:
            break
        if form.search(before):
            if rank == 1 and after[:1] not in (" ", ":", "*", "\n", "", "-", "·", "`", "'", '"', ",", ")", "}"):
                continue
            return rank
    return best
