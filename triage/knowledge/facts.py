"""Dated facts about models and limits, read from ``models.yaml`` and ``limits.yaml``.

A field that is absent says "not known here": who reads the facts has to say so rather than guess.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import Field, StringConstraints, ValidationError, model_validator

from triage.knowledge.loader import HERE, KnowledgeError
from triage.knowledge.schema import Entry, Slug, Source, Text

_YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Endpoint = Literal["messages", "count_tokens", "batches", "bedrock", "vertex"]
"""Where a request goes: three addresses of the API, or InvokeModel of Bedrock and rawPredict of Google Cloud."""

ThinkingType = Literal["enabled", "disabled", "adaptive", "between_tools"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
ModelId = Annotated[str, StringConstraints(pattern=r"^claude-[a-z0-9.-]+$")]


class Model(Entry):
    """What one model accepts. Token counts are tokens; ``None`` always means "not known here"."""

    id: ModelId
    aliases: tuple[ModelId, ...] = ()
    name: Text
    context_window: int | None = Field(default=None, ge=1)
    context_window_with_beta: int | None = Field(default=None, ge=1)
    """The larger window that a beta header opens, which can't be seen in a body."""
    max_output: int | None = Field(default=None, ge=1)
    max_output_with_beta: int | None = Field(default=None, ge=1)
    max_output_in_batches: int | None = Field(default=None, ge=1)
    """The larger output that a beta header opens on the Batches API."""
    thinking_refused: tuple[ThinkingType, ...] | None = None
    """The values of ``thinking.type`` that are answered with a 400; all others are accepted."""
    effort: tuple[Effort, ...] | None = None
    """The accepted levels; empty where the model has no effort parameter."""
    effort_without_thinking: tuple[Effort, ...] | None = None
    """The levels that are left when ``thinking.type`` is disabled."""
    prefill: bool | None = None
    sampling: bool | None = None
    """Whether temperature, top_p and top_k may differ from their defaults."""
    one_sampler: bool | None = None
    """Whether temperature and top_p exclude each other."""
    forced_tool_choice: bool | None = None
    system_messages: bool | None = None
    """Whether a message with the role system may stand within ``messages``."""
    tools_refused: tuple[str, ...] = ()
    """Types of tools that are answered with a 400."""
    advisors_refused: tuple[ModelId, ...] = ()
    """Models that can't advise this one."""
    bound_thinking: bool | None = None
    """Whether a thinking block is bound to everything that stood before it."""
    checks_sum: bool | None = None
    """Whether input plus ``max_tokens`` above the window is refused at once."""
    retires: dt.date | None = None
    """The day from which requests fail, on the platforms that Anthropic runs."""
    successor: ModelId | None = None
    sources: tuple[Source, ...] = Field(min_length=1)


class Limit(Entry):
    """One number that the API enforces, the same everywhere (``value``) or by endpoint."""

    slug: Slug
    title: Text
    unit: Literal["bytes", "count", "pixels", "tokens", "characters", "pages"]
    value: int | None = Field(default=None, ge=0)
    by_endpoint: dict[Endpoint, int] | None = None
    note: Text | None = None
    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_one_kind_of_number(self) -> Limit:
        """Either one number for all endpoints or one for each that has it."""
        if (self.value is None) == (self.by_endpoint is None):
            raise ValueError("a limit has either value or by_endpoint")
        return self

    def at(self, endpoint: Endpoint) -> int | None:
        """Return the number that holds at ``endpoint``; ``None`` where none is known."""
        return self.value if self.by_endpoint is None else self.by_endpoint.get(endpoint)


@dataclass(frozen=True)
class Facts:
    """All models by id and alias, all limits by slug, and the day they were last checked."""

    models: Mapping[str, Model]
    limits: Mapping[str, Limit]
    checked: dt.date = field(init=False)

    def __post_init__(self) -> None:
        """The facts are as old as the newest look at their sources."""
        entries: tuple[Model | Limit, ...] = (*self.models.values(), *self.limits.values())
        object.__setattr__(self, "checked", max(source.checked for entry in entries for source in entry.sources))

    def limit(self, slug: str, endpoint: Endpoint = "messages") -> int | None:
        """Return the number of the limit ``slug`` at ``endpoint``; ``None`` where none is known.

        Raises:
            KeyError: no limit has this slug.
        """
        return self.limits[slug].at(endpoint)


@cache
def load_facts() -> Facts:
    """Return the facts that ship with this package; read once per process.

    Raises:
        KnowledgeError: a file is not valid YAML, or an entry breaks the schema.
    """
    return load_facts_from(HERE)


def load_facts_from(folder: Path) -> Facts:
    """Read and check ``models.yaml`` and ``limits.yaml`` in ``folder``.

    Raises:
        KnowledgeError: as for :func:`load_facts`.
    """
    models: dict[str, Model] = {}
    for model in _entries(folder / "models.yaml", Model):
        for name in (model.id, *model.aliases):
            if name in models:
                raise KnowledgeError(f"models.yaml: {model.id}: {name} stands twice")
            models[name] = model
    for model in models.values():
        if model.successor and model.successor not in models:
            raise KnowledgeError(f"models.yaml: {model.id}: successor: no model {model.successor}")
    limits: dict[str, Limit] = {}
    for limit in _entries(folder / "limits.yaml", Limit):
        if limit.slug in limits:
            raise KnowledgeError(f"limits.yaml: {limit.slug}: slug: stands twice in this file")
        limits[limit.slug] = limit
    return Facts(MappingProxyType(models), MappingProxyType(limits))


Dated = TypeVar("Dated", Model, Limit)


def _entries(path: Path, kind: type[Dated]) -> list[Dated]:
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_YamlLoader)  # noqa: S506 - a safe loader, in C
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KnowledgeError(f"{path.name}: can't be read: {error}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("entries"), list):
        raise KnowledgeError(f"{path.name}: has to hold a list under 'entries'")
    entries = []
    for number, item in enumerate(raw["entries"], start=1):
        name = item.get("id") or item.get("slug") if isinstance(item, dict) else None
        try:
            entries.append(kind.model_validate(item))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "entry"
            raise KnowledgeError(f"{path.name}: {name or f'entry {number}'}: {where}: {first['msg']}") from error
    return entries
