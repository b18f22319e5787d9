"""Recognises names: exception classes, the client that printed the text, wrappers around the error, the cloud."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from triage.diagnosis.findings import Span
from triage.diagnosis.reading.evidence import Fact

_CLASS = re.compile(
    r"(?<![\w@/-])((?:API|[A-Z])[A-Za-z]{2,60}(?:Error|Exception|Timeout|Failure)|CancelledError|AI_[A-Za-z]{3,40}Error)(?![\w])"
)
_ERRNO = re.compile(
    r"(?<![A-Za-z_])(E(?:CONN(?:RESET|REFUSED|ABORTED)|PIPE|NOTFOUND|AI_AGAIN|REFUSED|TIMEDOUT|HOSTUNREACH|NETUNREACH|"
    r"NETDOWN|HOSTDOWN|SOCKETTIMEDOUT|PROTO|ADDRNOTAVAIL)|UND_ERR_[A-Z_]{3,30}|ERR_[A-Z0-9_]{3,40}|"
    r"(?:DEPTH_ZERO_|)SELF_SIGNED_CERT(?:_IN_CHAIN)?|UNABLE_TO_[A-Z_]{5,40}|CERT_[A-Z_]{3,40}|CERTIFICATE_[A-Z_]{3,40}|"
    r"Connection(?:Refused|Reset|Closed|Aborted)|FailedToOpenSocket|net::ERR_[A-Z_]{3,40})(?![A-Za-z])"
)
_WORD = re.compile(r"\w+", re.ASCII)
_MOST_NAMES = 500
_GENERAL = frozenset(
    {"Error", "Exception", "TypeError", "ValueError", "KeyError", "RuntimeError", "AttributeError", "HTTPError",
     "ExceptionGroup", "SyntaxError", "ReferenceError", "FetchError", "AxiosError", "HTTPStatusError"}
)  # fmt: skip
_WRAPPERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("litellm", ("litellm", "received model group=", "anthropicexception - ")),
    ("openrouter", ("openrouter", "provider returned error")),
    ("langchain", ("langchain",)),
    ("openai-compatible", ("oai compatible api error", "openai api error", "openai.badrequesterror", "openai.apierror",
                           "openai.notfounderror", "openai.ratelimiterror", "openai.authenticationerror",
                           "openai.internalservererror", "openai.permissiondeniederror", "openai.apistatuserror")),
    ("n8n", ("n8ndetails", "n8n-nodes", "n8nversion")),
    ("vercel-ai", ("ai_apicallerror", "ai_retryerror")),
    ("openhands", ("openhands",)),
    ("aider", ("aider",)),
    ("continue", ("**error output**",)),
    ("cline", ("cline", "\"providerid\":\"")),
    ("roo", ("roo code", "roo-code", "roocode")),
    ("zed", (" zed ", "zed.dev")),
    ("copilot", ("gh request id:", "copilot")),
    ("claude-relay-service", ("claude-relay-service",)),
    ("new-api", ("new_api_error", "one_api_error", "(request id: 20")),
)  # fmt: skip
"""Programs that stand between the caller and the API, with words (lower case) that give them away."""
_CLIENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("claude-code", ("api error: ", "api error (", "claude code", "claude-code", "⎿", "entrypoints/cli.js",
                     "bunfs/root/cl", "~bun/root/cl",
                     "please run /login", "claude -p")),
    ("litellm", ("litellm",)),
    ("langchain", ("langchain",)),
    ("openhands", ("openhands",)),
    ("aider", ("aider",)),
    ("n8n", ("n8ndetails", "n8n-nodes", "n8nversion")),
    ("vercel-ai", ("ai_apicallerror", "ai_retryerror")),
    ("anthropic-typescript", ("@anthropic-ai/sdk", "requestid: '", "\"requestid\":")),
    ("anthropic-python", ("site-packages/anthropic/", "anthropic.badrequesterror", "anthropic.apistatuserror",
                          "anthropic.api", "anthropic.ratelimiterror", "anthropic.authenticationerror",
                          "anthropic.notfounderror", "anthropic.permissiondeniederror", "anthropic.overloadederror",
                          "anthropic.internalservererror", "error code: ")),
    ("bedrock", ("botocore", "client-bedrock-runtime", "bedrock")),
    ("curl", ("curl ", "\n< http/", "http/1.1 ", "http/2 ")),
)  # fmt: skip
"""Programs that print errors in a way of their own, most telling first."""
_PLACES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("bedrock", ("bedrock", "botocore", "throttlingexception", "validationexception", "accessdeniedexception",
                 "arn:aws:")),
    ("vertex", ("aiplatform", "vertex ai", "vertex_ai", "vertexai", "vertex-ai", "anthropicvertex", "anthropic_vertex",
                "publishers/anthropic", "resource_exhausted", "gcloud ", "_vertex", "req_vrtx")),
    ("foundry", ("foundry", ".services.ai.azure.com", "deploymentnotfound")),
)  # fmt: skip
_STREAMED = re.compile(
    r"(?m)event: ?error\b|\bSSE [Ee]rror\b|\banthropic\.APIStatusError: \{|^(?:\W{0,4})APIError: \{\"type\":\"error\"|"
    r"repr: APIStatusError\([\"']\{|\bMidStreamFallbackError\b"
)
_STREAM_SIGNS = ("event:", "SSE ", "APIStatusError", "APIError: {", "MidStream")
_STREAM_FRAMES = re.compile(r"anthropic/_streaming\.py|sdk/(?:core/)?streaming\.(?:m?js|ts)")
_EMPTY = re.compile(r"(?<!\d)([2-5]\d\d) status code \(no body\)")


def read_exceptions(text: str, known: Iterable[str]) -> list[Fact[str]]:
    """Return exception class names and errno codes; those that the knowledge names rank highest."""
    names = frozenset(known)
    found: dict[int, Fact[str]] = {}
    for match in (*_CLASS.finditer(text), *_ERRNO.finditer(text)):
        name = match.group(1)
        rank = 3 if name in names else 1 if name in _GENERAL else 2
        found.setdefault(match.start(1), Fact(name, Span(match.start(1), match.end(1)), rank))
    by_word = _by_longest_word(names)
    for name in (name for word in by_word.keys() & set(_WORD.findall(text)) for name in by_word[word]):
        at = text.find(name)
        while at >= 0 and len(found) < _MOST_NAMES:
            end = at + len(name)
            if at not in found and not _in_word(text, at - 1) and not _in_word(text, end):
                found[at] = Fact(name, Span(at, end), 3)
            at = text.find(name, end)
    return [found[at] for at in sorted(found)]


@lru_cache(maxsize=4)
def _by_longest_word(names: frozenset[str]) -> dict[str, list[str]]:
    """Return the names by the longest word in each: a text without the word can't hold the name."""
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        found.setdefault(max(_WORD.findall(name), key=len, default=""), []).append(name)
    return found


def _in_word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and (text[at] == "_" or (text[at].isascii() and text[at].isalnum()))


def read_client(lowered: str) -> str | None:
    """Return the program that printed the (lower-cased) text, where its way of printing gives it away."""
    return next((name for name, words in _CLIENTS if any(word in lowered for word in words)), None)


def read_wrappers(lowered: str) -> tuple[str, ...]:
    """Return the programs between the caller and the API that wrapped the error of the (lower-cased) text."""
    return tuple(name for name, words in _WRAPPERS if any(word in lowered for word in words))


def read_place(lowered: str) -> Fact[str] | None:
    """Return the cloud whose words stand in the (lower-cased) text, if any."""
    for name, words in _PLACES:
        for word in words:
            at = lowered.find(word)
            if at >= 0:
                return Fact(name, Span(at, at + len(word)))
    return None


def read_streamed(text: str) -> Fact[str] | None:
    """Return the words that show an error inside a stream."""
    match = _STREAMED.search(text) if any(sign in text for sign in _STREAM_SIGNS) else None
    return Fact(match.group(0), Span(*match.span())) if match else None


def shows_stream_frames(text: str) -> bool:
    """Whether a traceback went through an SDK's stream reader, which only runs after a status 200."""
    return bool(_STREAM_FRAMES.search(text))


def read_empty_body(text: str) -> Fact[int] | None:
    """Return the status of which an SDK says that the answer had no body."""
    match = _EMPTY.search(text) if "(no body)" in text else None
    return Fact(int(match.group(1)), Span(*match.span()), 4) if match else None
