"""A machine whose environment names no proxy, no certificates and no key, and a stand-in of the API to check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.health.roads import Authority, standing
from triage.demo.upstream import serve
from triage.health.target import Target, _trust

TIMEOUT = 3.0  # seconds; only hanging checks wait for it, and those are given less


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take away what the caller's environment says of proxies, certificates and keys."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    _trust.cache_clear()
    yield
    _trust.cache_clear()


@pytest.fixture(scope="session")
def upstream() -> Iterator[str]:
    """The address of a stand-in that stays for the whole run."""
    with standing(serve) as base:
        yield base


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A company's own authority."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusting(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have this machine trust the company's authority, as its administrator would."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    _trust.cache_clear()
    return authority.file


def target_at(base_url: str, **options: Any) -> Target:
    """Return a target with a key."""
    return Target(**{"base_url": base_url, "api_key": "made-up-key", **options})


def faulty(upstream: str, fault: str, **options: Any) -> Target:
    """Return a target whose every call meets ``fault``."""
    return target_at(f"{upstream}/s/{fault}", status_url=f"{upstream}/s/{fault}/api/v2/summary.json", **options)
