"""Parameters that exclude each other, and parameters that the model doesn't take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from triage.checker.model import Edit, Mend
from triage.checker.pointers import Path
from triage.checker.registry import Found, rule
from triage.checker.view import View, number

_NEUTRAL: dict[str, tuple[float, ...]] = {"temperature": (1.0,), "top_p": (1.0,), "top_k": ()}
"""The values that change nothing, which newer models still take."""


def _set(view: View, name: str) -> bool:
    value = number(view.request.get(name))
    return value is not None and value not in _NEUTRAL[name]


def _take_out(path: Path, costs: str | None = "what it asked for doesn't happen") -> Mend:
    return Mend(f"takes {path[-1]} out", (Edit("remove", path),), costs)


@rule("parameter_not_supported")
def the_model_takes_sampling_parameters(view: View) -> Iterator[Found]:
    """From Claude 4.7 on, temperature, top_p and top_k can't be changed."""
    if view.model and view.model.sampling is False:
        for name in _NEUTRAL:
            if _set(view, name):
                yield Found((name,), f"{view.model.name} doesn't take `{name}`.", _take_out((name,)))


@rule("parameter_conflict")
def sampling_parameters_agree(view: View) -> Iterator[Found]:
    """Temperature excludes top_p on newer models, and thinking excludes both and top_k."""
    if view.model and view.model.sampling is False:
        return
    thinks = view.thinking in ("enabled", "adaptive")
    if thinks:
        if _set(view, "temperature"):
            mend = _take_out(("temperature",), "sampling goes back to the default")
            yield Found(("temperature",), "With thinking, `temperature` can only be 1.", mend)
        top_p = number(view.request.get("top_p"))
        if top_p is not None and top_p < 0.95:
            yield Found(("top_p",), "With thinking, `top_p` can't be below 0.95.", _take_out(("top_p",)))
        if number(view.request.get("top_k")) is not None:
            yield Found(("top_k",), "`top_k` can't be set together with thinking.", _take_out(("top_k",)))
    both = number(view.request.get("temperature")) is not None and number(view.request.get("top_p")) is not None
    if both and view.model and view.model.one_sampler and not (thinks and _set(view, "temperature")):
        yield Found(
            ("top_p",),
            f"{view.model.name} takes `temperature` or `top_p`, not both.",
            _take_out(("top_p",), "only temperature steers the sampling"),
        )


def _forced(view: View) -> str | None:
    choice = view.request.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, dict) else None
    return kind if kind in ("any", "tool") else None


@rule("parameter_conflict", "parameter_not_supported")
def a_forced_tool_fits(view: View) -> Iterator[Found]:
    """A thinking budget excludes a forced tool, and some models take no forced tool at all."""
    kind = _forced(view)
    if kind is None:
        return
    choice: Any = view.request["tool_choice"]
    free = {"type": "auto"} | {key: choice[key] for key in ("disable_parallel_tool_use",) if key in choice}
    mend = Mend(
        "changes tool_choice to auto", (Edit("replace", ("tool_choice",), free),), "the model may answer without a tool"
    )
    if view.model and view.model.forced_tool_choice is False:
        message = f"{view.model.name} takes no forced tool (tool_choice {kind})."
        yield Found(("tool_choice", "type"), message, mend, cause="parameter_not_supported")
    elif view.thinking == "enabled":
        message = f"With a thinking budget no tool can be forced (tool_choice {kind})."
        yield Found(("tool_choice", "type"), message, mend, cause="parameter_conflict")


@rule("parameter_conflict")
def domains_are_allowed_or_blocked(view: View) -> Iterator[Found]:
    """A web tool takes allowed_domains or blocked_domains."""
    for tool in view.tools:
        if tool.data.get("allowed_domains") and tool.data.get("blocked_domains"):
            path = (*tool.path, "blocked_domains")
            mend = _take_out(path, "domains that were blocked are only kept out by not being allowed")
            yield Found(path, "`allowed_domains` and `blocked_domains` can't be set together.", mend)


@rule("fallback_param_invalid")
def fallbacks_fit(view: View) -> Iterator[Found]:
    """Fallbacks excludes fallback and fallback_credit_token."""
    if view.request.get("fallbacks") is None:
        return
    for other, why in (
        ("fallback", "`fallback` and `fallbacks` can't both be set."),
        ("fallback_credit_token", "`fallback_credit_token` can't be combined with `fallbacks`."),
    ):
        if view.request.get(other) is not None:
            yield Found((other,), why, _take_out((other,), "the credit is not used" if "credit" in other else None))


@rule("advisor_incompatible")
def the_advisor_fits_the_model(view: View) -> Iterator[Found]:
    """Some models refuse others as their advisor."""
    for tool in view.tools:
        advisor = tool.data.get("model")
        if not (tool.data.get("name") == "advisor" and isinstance(advisor, str) and view.model):
            continue
        known = view.facts.models.get(advisor)
        if known and known.id in view.model.advisors_refused:
            mend = Mend("drops the advisor", (Edit("remove", tool.path),), "the model works without advice")
            message = f"{known.name} can't be the advisor when the request goes to {view.model.name}."
            yield Found((*tool.path, "model"), message, mend)


@rule("streaming_required")
def long_answers_are_streamed(view: View) -> Iterator[Found]:
    """The SDK refuses a call without streaming that could take more than ten minutes."""
    limit = view.limit("nonstreaming_tokens")
    if view.endpoint != "messages" or view.max_tokens is None or limit is None or view.request.get("stream") is True:
        return
    most = view.model.max_output if view.model else None
    if view.max_tokens > limit and not (most and view.max_tokens > most):
        op = Edit("replace" if "stream" in view.request else "add", ("stream",), True)
        yield Found(
            ("max_tokens",),
            f"Without streaming the SDKs send at most {limit:,} max_tokens unless a timeout is set; "
            "the call could take more than ten minutes.",
            Mend("switches streaming on", (op,), "the answer comes as events, which the caller has to read"),
        )
