"""The ways in which programs report here, and how to see that one of them arrived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from triage.models import Source

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

OTLP_SIGNALS = ("logs", "traces", "metrics")


@dataclass(frozen=True)
class Way:
    """A kind of client. ``clients`` are beginnings of the names by which its reports are told from others.

    A way without ``clients`` and ``signals`` is not offered yet; its page says so.
    """

    slug: str
    title: str | _StrPromise
    clients: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()

    @property
    def offered(self) -> bool:
        """Whether reports of this kind are understood."""
        return bool(self.clients or self.signals)

    @property
    def template(self) -> str:
        """The partial with the lines to paste."""
        return f"connect/ways/{self.slug}.html"

    def brought(self, source: Source) -> bool:
        """Tell whether ``source`` reports in this way."""
        return source.signal in self.signals or any(source.client.startswith(name) for name in self.clients)


WAYS = (
    Way("claude-code", "Claude Code", clients=("claude-code",)),
    Way("python", "Python SDK", clients=("anthropic-python",)),
    Way("typescript", "TypeScript SDK", clients=("anthropic-typescript",)),
    Way("collector", "OpenTelemetry Collector", signals=OTLP_SIGNALS),
    Way("curl", "curl", signals=("attempts",)),
    Way("sentry", "Sentry SDK"),
    Way("log-file", _("A log file")),
)


@dataclass(frozen=True)
class Light:
    """A way with what it brought so far; green from the first report on."""

    way: Way
    sources: list[Source]

    @property
    def newest(self) -> Source | None:
        """The source heard last."""
        return self.sources[0] if self.sources else None

    @property
    def state(self) -> str:
        """``live`` where something arrived, ``waiting`` where not yet, ``later`` where the way isn't offered."""
        if not self.way.offered:
            return "later"
        return "live" if self.sources else "waiting"

    @property
    def attempts(self) -> int:
        """Attempts told in this way, in all."""
        return sum(source.attempts for source in self.sources)

    @property
    def failures(self) -> int:
        """Failed ones among them."""
        return sum(source.failures for source in self.sources)


def lights(sources: Iterable[Source]) -> list[Light]:
    """Return a light for every way; ``sources`` come last heard first."""
    told = list(sources)
    return [Light(way, [source for source in told if way.brought(source)]) for way in WAYS]
