"""Reads the part of the request that an error names, when a limit ends, and which credential was used."""

from __future__ import annotations

import datetime as dt
import re

from triage.diagnosis.findings import Credential, CredentialKind, Pointer, Reset, Span
from triage.diagnosis.folding import Folded
from triage.diagnosis.reading.evidence import Fact

_STEP = r"(?:\.[a-z_$][\w$-]{0,60}|\.\d{1,6}|\[\d{1,6}\])"
_PATH = re.compile(
    r"(?:requests[.\[]\d{1,6}\]?\.(?:params\.)?)?(?:messages|tools|system|fallbacks|mcp_servers|stop_sequences)"
    rf"(?:\.\d{{1,6}}|\[\d{{1,6}}\]){_STEP}{{0,12}}"
)
_UNBROKEN = re.compile(r"(?:\S|[ \t│|]*\n[ \t│|⎿]*)+")
"""A path as a terminal breaks it: over lines, but not at a space."""
_LEADING = re.compile(
    r"^((?:max_tokens|temperature|top_p|top_k|thinking|output_config|output_format|tool_choice|metadata|system|tools|"
    r"messages|model|stream|stop_sequences|context_management|mcp_servers|service_tier|container|betas?|cache_control)"
    r"(?:\.[A-Za-z_$][\w$-]{0,60}|\.\d{1,6}){0,10}): "
)
_MOST_POINTERS = 20
_EDGE = ".:,;-"

_ZONE = r"(?: ?\([A-Za-z]{2,20}(?:/[A-Za-z_+-]{2,30}){0,2}\)| (?:UTC|GMT|[A-Z]{2,4}T)\b)?"
_CLOCK = rf"\d{{1,2}}(?::\d\d)?(?: ?[ap]\.?m\.?)?{_ZONE}"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.? \d{1,2}(?:, ?\d{4})?"
_DAY = r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?|tomorrow|midnight|today)"
_ISO = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d{1,9})?Z?)?"
_WHEN = rf"(?:{_ISO}(?: at {_CLOCK})?|{_MONTH}(?:,? (?:at )?{_CLOCK})?|{_DAY}(?: (?:at )?{_CLOCK})?|{_CLOCK})"
_AGAIN = r"(?:resets?(?: at| on)?|regain access on|available again (?:at|on)|try again (?:at|on))"
_WAIT = r"(?:resets? (?:after|in)|(?:try|retry) again in|please wait|retry after|wait for)"
_TIME = r"\d{1,6}(?:\.\d{1,3})? ?(?:ms|millisec\w{0,5}|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)\b ?"
_MOMENT, _EPOCH, _SPAN_OF_TIME = (
    re.compile(rf"(?i)\b{_AGAIN} ({_WHEN})"),
    re.compile(r"usage limit reached\|(\d{10})\b"),
    re.compile(rf"(?i)\b{_WAIT} ((?:{_TIME}){{1,4}})"),
)
_RESET_SIGNS = ("reset", "again", "wait", "retry after", "regain", "limit reached|")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]+)")
_ISO_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)| at (\d\d:\d\d) UTC)?")

_VARIABLES: tuple[tuple[str, CredentialKind], ...] = (
    ("ANTHROPIC_FOUNDRY_API_KEY", "azure_key"),
    ("AWS_BEARER_TOKEN_BEDROCK", "bedrock_api_key"),
    ("CLAUDE_CODE_OAUTH_TOKEN", "oauth_login"),
    ("ANTHROPIC_AUTH_TOKEN", "bearer_token"),
    ("ANTHROPIC_API_KEY", "api_key"),
    ("AWS_SESSION_TOKEN", "aws_credentials"),
    ("AWS_ACCESS_KEY_ID", "aws_credentials"),
    ("GOOGLE_APPLICATION_CREDENTIALS", "google_credentials"),
)
_PROFILE = re.compile(r"(?:AWS_PROFILE\s{0,2}[=:]\s{0,2}|config profile \(|--profile )[\"']?([\w.@-]{1,64})")
_WORDS: tuple[tuple[CredentialKind, tuple[str, ...]], ...] = (
    ("key_helper", ("apikeyhelper",)),
    ("oauth_login", ("sk-ant-oat", "oauth token", "oauth access token", "oauth authentication", "claude.ai login",
                     "login expired")),
    ("api_key", ("sk-ant-api", "x-api-key", "invalid api key", "anthropic api key")),
    ("bearer_token", ("bearer token", "authorization: bearer")),
    ("aws_credentials", ("security token", "aws credentials", "sso session", "unable to locate credentials",
                         "aws_access_key")),
    ("google_credentials", ("default credentials", "google cloud credentials", "gcloud auth", "invalid_rapt")),
    ("azure_key", ("subscription key", "azure_ad_token")),
)  # fmt: skip
"""Words (lower case) that tell a kind of credential."""


def read_pointers(folded: Folded, messages: list[Fact[str]]) -> tuple[Pointer, ...]:
    """Return the parts of the request that the text names, in its order, each once.

    Paths are looked for in the folded text, since terminals break them in two.
    """
    found: dict[str, Pointer] = {}
    for match in _PATH.finditer(folded.text):
        if len(found) >= _MOST_POINTERS:
            break
        end = match.end() - (len(match.group()) - len(match.group().rstrip(_EDGE)))
        span = Span(*folded.span(match.start(), end))
        whole = _UNBROKEN.match(folded.original, span.start, span.end)
        span = Span(span.start, whole.end() if whole else span.end)
        path = re.sub(r"[\s\\\"'`│|⎿]+", "", folded.original[span.start : span.end]).rstrip(_EDGE)
        found.setdefault(path, Pointer(path, span))
    for fact in messages:
        leading = _LEADING.match(fact.value)
        if leading and leading.group(1) not in found:
            at = folded.original.find(leading.group(1), fact.span.start, fact.span.end)
            if at >= 0:
                path = leading.group(1)
                found[path] = Pointer(path, Span(at, at + len(path)))
    return tuple(sorted(found.values(), key=lambda pointer: pointer.span))


def read_reset(text: str, lowered: str) -> Reset | None:
    """Return when a limit ends, where the text says it: a moment before a mere wait, the first place of each."""
    if not any(sign in lowered for sign in _RESET_SIGNS):
        return None
    for form in (_MOMENT, _EPOCH, _SPAN_OF_TIME):
        match = form.search(text)
        if match:
            words = match.group(1).strip()
            span = Span(match.start(1), match.start(1) + len(words))
            if form is _EPOCH:
                return Reset(words, span, at=_of_epoch(int(words)))
            return Reset(words, span, at=_of_iso(words), seconds=_seconds(words) if form is _SPAN_OF_TIME else None)
    return None


def _of_epoch(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).isoformat()


def _of_iso(words: str) -> str | None:
    match = _ISO_DAY.match(words)
    if not match:
        return None
    clock = match.group(2) or match.group(3)
    try:
        moment = dt.datetime.fromisoformat(f"{match.group(1)}T{clock}" if clock else match.group(1))
    except ValueError:  # digits that are no date
        return None
    return moment.replace(tzinfo=dt.UTC).isoformat() if clock else moment.date().isoformat()


def _seconds(words: str) -> float:
    return sum(float(number) * _unit(unit) for number, unit in _AMOUNT.findall(words.lower()))


def _unit(name: str) -> float:
    if name == "ms" or name.startswith("milli"):
        return 0.001
    return _UNITS[name[0]]


def read_credential(text: str, lowered: str, place: Fact[str] | None) -> Credential | None:
    """Return the credential that the request was sent with, where the text names it; a variable before mere words."""
    profile = _PROFILE.search(text) if "profile" in lowered else None
    if profile:
        return Credential("aws_profile", Span(*profile.span()), profile.group(1))
    for name, kind in _VARIABLES:
        at = text.find(name)
        if at >= 0:
            return Credential(kind, Span(at, at + len(name)), name)
    for kind, words in _WORDS:
        for word in words:
            at = lowered.find(word)
            if at >= 0 and not (kind == "api_key" and place is not None and place.value == "bedrock"):
                return Credential(kind, Span(at, at + len(word)))
    return None
