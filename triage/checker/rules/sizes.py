"""Bytes of the whole request, tokens for the model's window, and text that can't be sent at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from triage.checker.model import Edit, Mend
from triage.checker.pointers import Path
from triage.checker.registry import Found, rule
from triage.checker.view import View

_HALF = re.compile("[\ud800-\udfff]")

CHARACTERS_PER_TOKEN = 4
"""A rough average for English text; only for the estimate that is shown, never for a finding."""


@rule("request_too_large")
def the_body_is_small_enough(view: View) -> Iterator[Found]:
    """The request stays below the bytes that its endpoint takes."""
    limit = view.limit("body_bytes")
    if limit is not None and view.endpoint != "batches" and view.size > limit:
        yield Found((), f"The request has {view.size:,} bytes; {limit:,} are taken here.")


def prompt_texts(view: View) -> Iterator[str]:
    """Yield the texts that the model reads: system, tools and messages, without pictures and files."""
    for part in ("system", "tools", "messages"):
        yield from _texts(view.request.get(part))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        encoded = value.get("type") == "base64"
        for key, item in value.items():
            if not (encoded and key == "data") and key not in ("signature", "encrypted_content", "type"):
                yield from _texts(item)


def estimated_tokens(view: View) -> int:
    """Return a rough number of input tokens, from the characters alone."""
    return sum(len(text) for text in prompt_texts(view)) // CHARACTERS_PER_TOKEN


@rule("prompt_too_long")
def the_prompt_fits_the_window(view: View) -> Iterator[Found]:
    """More words than the window has tokens can't fit: a word is at least one token."""
    if view.model is None or view.model.context_window is None:
        return
    window = max(view.model.context_window, view.model.context_window_with_beta or 0)
    if view.size < 2 * window:  # every word needs a letter and a space, so that no smaller body can overflow
        return
    words = sum(len(text.split()) for text in prompt_texts(view))
    if words > window:
        yield Found(
            ("messages",),
            f"The prompt has {words:,} words, so at least as many tokens; {view.model.name} takes {window:,}.",
        )


@rule("invalid_unicode")
def no_text_holds_half_a_character(view: View) -> Iterator[Found]:
    """A lone half of a surrogate pair can't be written as UTF-8."""
    for path, text, is_key in _strings(view.request, ()) if view.may_hold_halves else ():
        if text.isascii() or not _HALF.search(text):
            continue
        mend = None
        if not is_key:
            whole = _HALF.sub("\ufffd", text)
            mend = Mend("puts U+FFFD in the place of the half", (Edit("replace", path, whole),), "half of a character")
        yield Found(
            path, "This text holds half of a character (a lone surrogate), mostly from a cut through an emoji.", mend
        )


def _strings(value: Any, path: Path) -> Iterator[tuple[Path, str, bool]]:
    if isinstance(value, str):
        yield path, value, False
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield path, key, True
            yield from _strings(item, (*path, key))
