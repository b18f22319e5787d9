"""What the checks call: an address, a key, and the way there as the SDK would take it."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

import httpx2
from django.conf import settings

_TRUST_FOR = 600.0  # seconds; reading the machine's certificates takes 20 ms, each check would pay them
_OWN_DOMAINS = ("anthropic.com", "claude.com", "claude.ai")


@dataclass(frozen=True)
class Target:
    """Where to check, and with what.

    ``base_url`` is that of the SDK, ``status_url`` the provider's status page as JSON. Proxies and certificates come
    from the environment, as they do for the SDK. ``slow_after`` is in seconds. ``one_token`` lets the model check send
    a message of one token, which costs money.
    """

    base_url: str = "https://api.anthropic.com"
    api_key: str = field(default="", repr=False)
    status_url: str = "https://status.claude.com/api/v2/summary.json"
    slow_after: float = 3.0
    one_token: bool = False

    @classmethod
    def from_settings(cls) -> Target:
        """Return what this server's environment names."""
        return cls(
            base_url=settings.ANTHROPIC_BASE_URL,
            api_key=settings.ANTHROPIC_API_KEY,
            status_url=settings.TRIAGE_CHECK_STATUS_URL,
            slow_after=settings.TRIAGE_CHECK_SLOW_SECONDS,
            one_token=settings.TRIAGE_CHECK_ONE_TOKEN,
        )

    @property
    def host(self) -> str:
        """The name in the base address."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_address(self) -> bool:
        """Whether the base address is one at all."""
        try:
            parts = urlsplit(self.base_url)
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and bool(parts.hostname)

    @property
    def is_anthropic(self) -> bool:
        """Whether the base address is the provider's own, and no gateway's."""
        return any(self.host == domain or self.host.endswith(f".{domain}") for domain in _OWN_DOMAINS)

    def url(self, path: str) -> str:
        """Return the address of ``path`` (``/v1/models``) below the base address."""
        return self.base_url.rstrip("/") + path


def trust() -> ssl.SSLContext:
    """Return the context with the certificates that the SDK trusts here, read anew every ten minutes."""
    return _trust(int(time.monotonic() / _TRUST_FOR))


@lru_cache(maxsize=1)
def _trust(_period: int) -> ssl.SSLContext:
    return httpx2.create_ssl_context()
