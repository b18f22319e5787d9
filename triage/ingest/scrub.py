"""Masks what must never be stored: keys, tokens, passwords and mail addresses, each character by a star.

Prefixes that say what kind of secret stood there (``sk-ant-``, ``Bearer ``) are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

_TOKENS = re.compile(
    r"""
      (?P<p1>sk-ant-)[A-Za-z0-9_\-]{6,}
    | (?P<p2>(?<![A-Za-z0-9])tri_)[A-Za-z0-9_\-]{16,}
    | (?P<p3>(?<![A-Za-z0-9])sk-)[A-Za-z0-9_\-]{20,}
    | (?P<p4>(?:AKIA|ASIA|ABIA|ACCA))[A-Z0-9]{16}
    | (?P<p5>ABSK)[A-Za-z0-9+/=]{20,}
    | (?P<p6>(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|hf_|xox[abeprs]-|glpat-))[A-Za-z0-9_\-]{10,}
    | (?P<p7>(?<![A-Za-z0-9])(?:AIza|ya29\.))[A-Za-z0-9_\-]{20,}
    | (?P<p8>(?<![A-Za-z0-9])eyJ)[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)?
    | (?P<p9>(?<![A-Za-z0-9])[Bb](?:earer|EARER)\s+)(?=[^\s"',;]{0,200}\d)[A-Za-z0-9._~+/=\-]{8,}
    | (?P<p10>://[^/\s:@"']{0,64}:)[^/\s@"']{1,256}(?=@)
    | (?P<p11>-----BEGIN\ [A-Z ]{0,20}PRIVATE\ KEY-----)[^-]+
    | (?P<p12>(?i:(?<![A-Za-z0-9])(?:x-api-key|x-goog-api-key|api[-_]?key|authorization|
        set-cookie|cookie|passwd|password|secret(?:[-_]?access)?(?:[-_]?key)?|client[-_]secret|(?:access|refresh|auth|session|security)[-_]token))
        ["'\\]{0,3}\s{0,3}[:=]\s{0,3}["'\\]{0,3}(?:(?i:basic|bearer)\s+)?)
        (?!\*)(?=[^\s"',;&<>{}()\\]{0,200}\d|[^\s"',;&<>{}()\\]{16,})[^\s"',;&<>{}()\\]{4,}
    """,
    re.VERBOSE,
)
_MAIL_DOMAIN = re.compile(r"@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){0,8}\.[A-Za-z]{2,24}(?![A-Za-z0-9])")
_MAIL_NAME = re.compile(r"[A-Za-z0-9._%+\-]{1,64}\Z")
_PUBLIC_MAIL = re.compile(r"(?:support|sales|privacy|security|usersafety)@(?:mail\.)?(?:anthropic|claude)\.com\Z")
_SECRET_NAME = re.compile(
    r"(?:^|[._\-])(?:x-api-key|api[-_]?key|authorization|cookie|passwd|password|secret|client[-_]secret"
    r"|(?:access|refresh|auth|session|security)[-_]token)\Z",
    re.IGNORECASE,
)
_HINTS = tuple(
    hint.encode()
    for hint in (
        *("@", "sk-", "tri_", "akia", "asia", "abia", "acca", "absk", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
        *("github_pat_", "hf_", "xox", "glpat-", "aiza", "ya29.", "eyj", "bearer", "private key", "authorization"),
        *("api-key", "api_key", "apikey", "cookie", "passw", "secret", "s_token", "h_token", "n_token", "y_token"),
        *("s-token", "h-token", "n-token", "y-token", "://", "\\u00"),
    )
)
"""Lower-case pieces without which no pattern above can match; ``\\u00`` since JSON can spell any of them in escapes."""
_ANY_HINT = re.compile(b"|".join(map(re.escape, _HINTS)))
_SHORT = 4_096


def scrub_text(text: str) -> str:
    """Return ``text`` with its secrets masked; its length, and so every offset into it, stays the same."""
    if not might_hold_secrets(text.encode("utf-8", "replace")):
        return text
    text = _TOKENS.sub(_mask_token, text)
    return _mask_mail(text) if "@" in text else text


def might_hold_secrets(body: bytes) -> bool:
    """Return whether ``body`` has to be searched. A quick look: most reports hold nothing that needs masking."""
    body = body.lower()
    if len(body) > _SHORT:  # one pattern wins on short bodies, one plain search after another on long ones
        return any(hint in body for hint in _HINTS)
    return _ANY_HINT.search(body) is not None


def scrub_json(body: bytes) -> bytes:
    """Return the JSON ``body`` with the secrets in its strings masked; unchanged where it holds none."""
    if not might_hold_secrets(body):
        return body
    return json.dumps(scrub_value(json.loads(body.decode())), separators=(",", ":")).encode()


def scrub_value(value: Any, mask: Callable[[str], str] = scrub_text) -> Any:
    """Return a decoded JSON value with every string masked, and hidden whole where its name says what it is."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, list):
        return [scrub_value(item, mask) for item in value]
    if isinstance(value, dict):
        mask_name = scrub_text if mask is _hide else mask
        # OTLP's form of a named value: {"key": "authorization", "value": ...}
        hidden = {"value"} if is_secret_name(value.get("key")) else {name for name in value if is_secret_name(name)}
        return {mask_name(name): scrub_value(item, _hide if name in hidden else mask) for name, item in value.items()}
    return value


def scrub_message(message: Any) -> None:
    """Mask, in place, the strings of a protobuf message and of all messages inside it."""
    hides = message.DESCRIPTOR.name == "KeyValue" and is_secret_name(message.key)
    _scrub_fields(message, _hide if hides else scrub_text)


def is_secret_name(name: object) -> bool:
    """Return whether a field of this name holds a secret, whatever its value looks like."""
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None


def _scrub_fields(message: Any, mask: Callable[[str], str]) -> None:
    for field, value in message.ListFields():
        if field.cpp_type == field.CPPTYPE_STRING and field.type == field.TYPE_STRING:
            if field.is_repeated:
                value[:] = [mask(item) for item in value]
            elif field.name != "key":
                setattr(message, field.name, mask(value))
        elif field.cpp_type == field.CPPTYPE_MESSAGE:
            for item in value if field.is_repeated else (value,):
                if mask is _hide:
                    _scrub_fields(item, mask)
                else:
                    scrub_message(item)


def _hide(text: str) -> str:
    return "*" * len(text)


def _mask_token(match: re.Match[str]) -> str:
    prefix = next(group for group in match.groups() if group is not None)
    return prefix + "*" * (len(match[0]) - len(prefix))


def _mask_mail(text: str) -> str:
    """Mask mail addresses, from each ``@`` outwards: a pattern that starts at the name would be quadratic."""
    pieces: list[str] = []
    done = 0
    for domain in _MAIL_DOMAIN.finditer(text):
        name = _MAIL_NAME.search(text, max(done, domain.start() - 64), domain.start())
        if name is None or _PUBLIC_MAIL.match(text[name.start() : domain.end()]):
            continue
        pieces += [text[done : name.start()], "*" * (domain.end() - name.start())]
        done = domain.end()
    return "".join([*pieces, text[done:]])
