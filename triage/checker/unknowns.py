"""What decides about a request and can't be seen in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from triage.checker.model import Unknown
from triage.checker.pointers import Path, to_api_form
from triage.checker.rules.images import inline_images
from triage.checker.rules.sizes import estimated_tokens
from triage.checker.shapes import OLDER, SAMPLING
from triage.checker.view import View

_ALWAYS = (
    Unknown(
        "credential", "Whether the key or token is accepted, and whether it may use this model and these features."
    ),
    Unknown("money_and_limits", "Whether credits, spend limits and rate limits leave room for this request."),
    Unknown("server", "Whether the API, and whatever stands in between, is up and not overloaded."),
    Unknown("content", "Whether the model or its safeguards refuse what the request asks for."),
)


def unknowns(view: View) -> list[Unknown]:
    """Return what stays open about a request: what always does, and what its parts leave open."""
    return [*_about_parts(view), *_ALWAYS]


def _about_parts(view: View) -> Iterator[Unknown]:
    yield _tokens(view)
    yield from _model(view)
    kinds = view.kinds
    if "thinking" in kinds or "redacted_thinking" in kinds:
        text = "Whether the thinking blocks are as the API sent them: signatures can only be verified there."
        if view.model and view.model.bound_thinking:
            text += " On this model they also hold only while everything before them is unchanged."
        yield Unknown("signatures", text)
    if any(kind.endswith("_tool_result") and kind != "tool_result" for kind in kinds) or "compaction" in kinds:
        yield Unknown("encrypted", "Whether encrypted results and compacted parts belong to this account.")
    if view.continues_thread:
        yield Unknown("thread", "Whether the thread is still stored and can be continued from this message.")
    sources = {_source(block.data) for kind in ("image", "document") for block in view.of_kind(kind)}
    if sources & {"url", "file"} or "container_upload" in kinds:
        yield Unknown("files", "Whether the files exist and the addresses can be fetched, and what is in them.")
    elsewhere = view.facts.limit("image_base64_bytes", "bedrock")
    if view.endpoint == "messages" and elsewhere and any(len(data) > elsewhere for _, _, data in inline_images(view)):
        text = f"Whether a cloud or a gateway stands in between: images above {elsewhere:,} bytes are refused there."
        yield Unknown("image_bytes", text)
    yield from _headers(view)


def _tokens(view: View) -> Unknown:
    estimate = estimated_tokens(view)
    window = view.model.context_window if view.model else None
    room = f"; the window of {view.model.name} has {window:,}" if view.model and window else ""
    text = (
        f"The exact number of input tokens. Roughly {estimate:,} by the length of the texts, images not counted{room}."
    )
    return Unknown("tokens", text)


def _model(view: View) -> Iterator[Unknown]:
    if view.endpoint in ("bedrock", "vertex"):
        yield Unknown(
            "model", "Which model is asked: it stands in the address. Nothing that depends on it was checked."
        )
        return
    model = view.model
    if model is None:
        if isinstance(view.request.get("model"), str):
            yield Unknown("model", "What this model accepts: it isn't among the models known here.")
        return
    if model.retires and model.retires > view.today:
        yield Unknown("retirement", f"{model.name} is announced to be retired on {model.retires.isoformat()}.")
    open_points = [
        words
        for words, value in (
            ("its context window", model.context_window),
            ("its largest output", model.max_output),
            ("the kinds of thinking it takes", model.thinking_refused),
            ("its effort levels", model.effort),
            ("whether it takes system messages within the conversation", model.system_messages),
        )
        if value is None
    ]
    if open_points:
        yield Unknown("model", f"About {model.name} isn't known here: {', '.join(open_points)}.")


def _headers(view: View) -> Iterator[Unknown]:
    if betas := view.shape.betas:
        names = ", ".join(f"`{name}` ({_where(view, path)})" for name, path in sorted(betas.items()))
        text = f"Whether the anthropic-beta header names the betas that these parts belong to: {names}."
        yield Unknown("beta_headers", text)
    older = sorted(name for name in (*SAMPLING, *OLDER) if name in view.request)
    if older:
        names = ", ".join(f"`{name}`" for name in older)
        yield Unknown("version_header", f"Which anthropic-version is sent: 2026-10-21 and later refuse {names}.")


def _where(view: View, path: Path) -> str:
    return to_api_form(view.request, path) or "the request"


def _source(block: dict[str, Any]) -> str | None:
    source = block.get("source")
    kind = source.get("type") if isinstance(source, dict) else None
    return kind if isinstance(kind, str) else None
