"""The model: that it exists, isn't retired, and can write as much as is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from triage.checker.model import Edit, Mend
from triage.checker.pointers import Path
from triage.checker.registry import Found, rule
from triage.checker.view import View

_ELSEWHERE = re.compile(
    r"^(?:[a-z]{2,6}\.)?anthropic\.|@\d{8}$|-v\d+(?::\d+)?$|^anthropic/|^vertex|^bedrock", re.IGNORECASE
)
_WELL_FORMED = re.compile(r"claude-[a-z0-9][a-z0-9.-]*")


def _named(view: View) -> Iterator[tuple[Path, str]]:
    """Yield every model that the request names, with its place."""
    model = view.request.get("model")
    if isinstance(model, str):
        yield ("model",), model
    fallbacks = view.request.get("fallbacks")
    for index, entry in enumerate(fallbacks if isinstance(fallbacks, list) else ()):
        if isinstance(entry, dict) and isinstance(entry.get("model"), str):
            yield ("fallbacks", index, "model"), entry["model"]


@rule("model_retired")
def no_model_is_retired(view: View) -> Iterator[Found]:
    """A model past its retirement date fails like an unknown one."""
    if view.endpoint in ("bedrock", "vertex"):
        return
    for path, name in _named(view):
        known = view.facts.models.get(name)
        if known and known.retires and known.retires <= view.today:
            mend = None
            if known.successor:
                costs = "another model answers: other prices, other limits, maybe other parameters"
                mend = Mend(f"changes the model to {known.successor}", (Edit("replace", path, known.successor),), costs)
            yield Found(path, f"{known.name} was retired on {known.retires.isoformat()}.", mend)


@rule("model_not_found")
def every_model_is_known(view: View) -> Iterator[Found]:
    """An id that isn't in the list is misspelt, another platform's, or newer than the list."""
    if view.endpoint in ("bedrock", "vertex"):
        return
    meant_by: dict[str, str | None] = {}
    for path, name in _named(view):
        if not name or name in view.facts.models:
            continue
        if name not in meant_by:
            meant_by[name] = _meant(view, name)
        meant = meant_by[name]
        mend = Mend(f"changes it to {meant}", (Edit("replace", path, meant),)) if meant else None
        if meant:
            yield Found(path, f"There is no model `{name[:100]}`; `{meant}` is meant, it seems.", mend)
        elif _ELSEWHERE.search(name) or not _WELL_FORMED.fullmatch(name):
            yield Found(path, f"`{name[:100]}` is no model id of the API (it may be one of another platform).")
        else:
            day = view.facts.checked.isoformat()
            message = f"`{name[:100]}` is not among the models known here on {day}; it may be newer."
            yield Found(path, message, None, "warning")


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _meant(view: View, name: str) -> str | None:
    """Find the model whose id has the same letters and digits, with or without what other platforms add."""
    stripped = re.sub(r"-v\d+(?::\d+)?$", "", re.sub(r"^(?:[a-z]{2,6}\.)?anthropic[./]", "", name.strip(), flags=re.I))
    wanted = {_bare(name), _bare(stripped), _bare(re.sub(r"[-@]\d{8}$", "", stripped))}
    for known, model in view.facts.models.items():
        alive = model.retires is None or model.retires > view.today
        if alive and (_bare(known) in wanted or _bare(model.name) in wanted or "claude" + _bare(name) == _bare(known)):
            return known
    return None


@rule("max_tokens_too_large")
def the_model_can_write_that_much(view: View) -> Iterator[Found]:
    """max_tokens stays within what the model can write in one answer."""
    model, wanted = view.model, view.max_tokens
    if model is None or wanted is None or model.max_output is None:
        return
    most = max(model.max_output, model.max_output_with_beta or 0)
    if view.endpoint == "batches":
        most = max(most, model.max_output_in_batches or 0)
    if wanted > most:
        edit = Edit("replace", ("max_tokens",), model.max_output)
        mend = Mend(f"lowers max_tokens to {model.max_output:,}", (edit,), "answers can't get longer than that")
        yield Found(("max_tokens",), f"max_tokens is {wanted:,}; {model.name} writes at most {most:,}.", mend)
