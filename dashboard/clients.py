"""The clients that report, in words for people: their names, and what each of them can't tell by its nature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Client:
    """A kind of client; ``prefix`` is how the names of its sources begin, as read off what it sends."""

    prefix: str
    title: str
    cannot: str | _StrPromise = ""
    """What its telemetry leaves out, where a reader would otherwise conclude wrongly."""
    always: bool = False
    """Whether that is so as well where it is told try by try."""


_SAMPLED = _("Can't report successes unless it traces every transaction.")
CLIENTS = (
    Client("claude-code", "Claude Code", _("Can't report retries that helped: such a call counts as a success.")),
    Client("anthropic-python", "anthropic (Python)", _("Its spans can't report an error's message.")),
    Client("anthropic-typescript", "@anthropic-ai/sdk", _("Its spans can't report an error's message.")),
    Client("openllmetry", "OpenLLMetry", _("Can't report retries, or a stream that fails before it begins.")),
    Client("openinference", "OpenInference", _("Can't report retries or statuses.")),
    Client("logfire", "Logfire", _("Can't report retries, or a stream that fails midway.")),
    Client("vercel-ai", "Vercel AI SDK"),
    Client("claude-platform", "Claude platform"),
    Client("sentry.python", "Sentry SDK (Python)", _SAMPLED),
    Client("sentry.javascript", "Sentry SDK (JavaScript)", _SAMPLED),
    Client("sentry", "Sentry SDK", _SAMPLED),
    Client("error-log", "Error log", _("Tells failures only: no rate can be read from it."), always=True),
    Client("litellm", "LiteLLM"),
)


def client_of(name: str) -> Client | None:
    """Return the kind of client that a source's name stands for, or ``None`` for one that names itself."""
    return next((each for each in CLIENTS if name.startswith(each.prefix)), None)


def shown_client(name: str) -> str:
    """Return a source's name for people: ``Claude Code 2.1.197`` for ``claude-code/2.1.197``."""
    client = client_of(name)
    bare, _slash, version = name.partition("/")
    return " ".join(part for part in (client.title if client else bare, version) if part)


def cannot_tell(name: str, *, direct: bool) -> str | _StrPromise:
    """Return what a source can't tell, or empty text; ``direct`` says that it posts each try itself."""
    client = client_of(name)
    return client.cannot if client is not None and (client.always or not direct) else ""
