"""The ways in which programs report here, and how to see that one of them arrived, or was refused and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dashboard.clients import shown_client
from triage.ingest.refusals import Refusal
from triage.models import Source

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_OTLP = ("logs", "traces", "metrics")
_ATTEMPTS = ("attempts",)
_JAVASCRIPT, _PYTHON = "OTel-OTLP-Exporter-JavaScript", "OTel-OTLP-Exporter-Python"
_LIBRARIES = ("openllmetry", "openinference", "logfire", "vercel-ai", "gen_ai", "opentelemetry")
_FILES = ("error-log", "litellm", "claude-code")
_SHOWN = 3


@dataclass(frozen=True)
class Way:
    """A kind of client. Its sources are told by signal and name, its refused reports by wire format and User-Agent.

    The names are beginnings; where there are none, whatever is not among ``others`` belongs to the way.
    """

    slug: str
    title: str | _StrPromise
    signals: tuple[str, ...]
    clients: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    wire: str = ""
    agents: tuple[str, ...] = ()
    other_agents: tuple[str, ...] = ()

    @property
    def template(self) -> str:
        """The partial with the lines to paste."""
        return f"connect/ways/{self.slug}.html"

    def brought(self, source: Source) -> bool:
        """Tell whether ``source`` reports in this way."""
        return source.signal in self.signals and _is_among(source.client, self.clients, self.others)

    def lost(self, refusal: Refusal) -> bool:
        """Tell whether a refused report was probably sent in this way."""
        return refusal.wire == self.wire and _is_among(refusal.client, self.agents, self.other_agents)


def _is_among(name: str, beginnings: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return name.startswith(beginnings) if beginnings else not (others and name.startswith(others))


WAYS = (
    Way("claude-code", "Claude Code", _OTLP, ("claude-code",), wire="otlp", agents=(_JAVASCRIPT,)),
    Way("client", "triage.client", _ATTEMPTS, ("anthropic-python",), wire="attempts", agents=("triage-client",)),
    Way("python", "Python SDK", _OTLP, ("anthropic-python",), wire="otlp", agents=(_PYTHON,)),
    Way("typescript", "TypeScript SDK", _OTLP, ("anthropic-typescript",), wire="otlp", agents=(_JAVASCRIPT,)),
    Way(
        "libraries",
        gettext_lazy("OpenTelemetry libraries"),
        _OTLP,
        _LIBRARIES,
        wire="otlp",
        agents=(_JAVASCRIPT, _PYTHON),
    ),
    Way(
        "collector",
        "OpenTelemetry Collector",
        _OTLP,
        wire="otlp",
        other_agents=(_JAVASCRIPT, _PYTHON),
    ),
    Way("sentry", "Sentry SDK", ("sentry",), wire="sentry"),
    Way(
        "curl",
        "curl",
        _ATTEMPTS,
        others=("anthropic-python", *_FILES),
        wire="attempts",
        other_agents=("triage-client",),
    ),
    Way("log-file", gettext_lazy("A log file"), _ATTEMPTS, _FILES),
)


@dataclass(frozen=True)
class Light:
    """A way with what it brought so far, and what of it was refused since."""

    way: Way
    sources: list[Source]
    refused: list[Refusal]

    @property
    def newest(self) -> Source | None:
        """The source heard last."""
        return self.sources[0] if self.sources else None

    @property
    def state(self) -> str:
        """``refused`` where the last that came was refused, ``live`` where it arrived, ``waiting`` where none came."""
        if self.refused:
            return "refused"
        return "live" if self.sources else "waiting"

    @property
    def arrivals(self) -> list[tuple[str, Source, int]]:
        """The sources heard last: the client's name, the source, and how many of its attempts succeeded."""
        return [(shown_client(each.client), each, each.attempts - each.failures) for each in self.sources[:_SHOWN]]

    @property
    def refusals(self) -> list[tuple[Refusal, str]]:
        """The last refused reports, each with what to change."""
        return [(each, advice(each)) for each in self.refused[:_SHOWN]]


def lights(sources: Iterable[Source], refusals: Iterable[Refusal] = ()) -> list[Light]:
    """Return a light for every way; ``sources`` and ``refusals`` come last heard first.

    One exporter serves several ways. A refusal goes out in all of them when a good report arrives after it in one.
    """
    told = list(sources)
    brought = {way: [source for source in told if way.brought(source)] for way in WAYS}
    standing = [each for each in refusals if not _is_mended(each, brought)]
    return [Light(way, brought[way], [each for each in standing if way.lost(each)]) for way in WAYS]


def _is_mended(refusal: Refusal, brought: Mapping[Way, list[Source]]) -> bool:
    newest = (sources[0].last_seen_at for way, sources in brought.items() if sources and way.lost(refusal))
    return any(at >= refusal.last_at for at in newest)


def advice(refusal: Refusal) -> str:
    """Return what to change at the client so that its reports are taken."""
    return _ADVICE.get(refusal.status, _right_format)(refusal)


def _good_key(refusal: Refusal) -> str:
    if refusal.key:
        told = {"key": refusal.key}
        return _("This server knows no key %(key)s. Compare it, or make a new one and put it in its place.") % told
    if refusal.wire == "sentry":
        return _("Take the DSN from this page as it stands: the key is the part before the @.")
    return _("Send the header “Authorization: Bearer KEY”. In OTEL_EXPORTER_OTLP_HEADERS: Authorization=Bearer KEY.")


def _new_key(refusal: Refusal) -> str:
    return _("The key %(key)s was revoked. Make a new one and put it in its place.") % {"key": refusal.key}


def _right_address(refusal: Refusal) -> str:
    if refusal.wire == "attempts":
        return _("Post to /api/v1/attempts.")
    if refusal.wire == "sentry":
        return _("Take the DSN from this page as it stands, with the number at its end.")
    if refusal.path.startswith("/opentelemetry.proto"):
        return _("This is OTLP over gRPC. Set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf.")
    return _(
        "Let OTEL_EXPORTER_OTLP_ENDPOINT end with /otlp; a client that takes the whole address gets /otlp/v1/traces."
    )


def _right_type(refusal: Refusal) -> str:
    if refusal.wire == "sentry":
        return _("Have the SDK pack with gzip: _experiments={“transport_compression_algo”: “gzip”} in sentry_sdk.init.")
    if refusal.wire == "attempts":
        return _("Send the header “Content-Type: application/json”, or application/x-ndjson for an object a line.")
    return _("Set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf or http/json, and pack with gzip or not at all.")


def _smaller(_refusal: Refusal) -> str:
    return _("Have the client send less at a time, or raise that setting where this server runs.")


def _faster(_refusal: Refusal) -> str:
    return _("The connection is too slow, or something between the client and here holds the body back.")


def _right_format(_refusal: Refusal) -> str:
    return _("The client sends another format than its address is for, or something on the way changes the body.")


_ADVICE = {401: _good_key, 403: _new_key, 404: _right_address, 408: _faster, 413: _smaller, 415: _right_type}
