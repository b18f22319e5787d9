"""Posts to addresses that people typed: never to a private one unless that is allowed, never past a redirect.

The name is resolved once, its addresses are checked, and the connection goes to the checked address itself; TLS and the
``Host`` header still carry the name. So a name can't point elsewhere between the check and the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
from django.conf import settings
from django.utils.translation import gettext as _

from triage.alerts.addresses import is_public
from triage.alerts.channels.model import AddressError, PassingError, PermanentError

_MOST = 2_048
"""Bytes of an answer that are read."""
_LONGEST_URL = 1_000
_TRIED = 3
"""Addresses of a name that are tried."""
_LONGEST_WAIT = 3_600.0
_PERMANENT = {400, 401, 403, 404, 405, 410, 413, 415, 422}


@dataclass(frozen=True)
class _Answer:
    status: int
    wait: float | None
    text: str


def read_url(typed: str) -> str:
    """Return a URL that can be posted to.

    Raises:
        AddressError: it is none, or holds a name and a password.
    """
    url = typed.strip()
    if len(url) > _LONGEST_URL:
        raise AddressError(_("An address has at most %(most)s characters.") % {"most": f"{_LONGEST_URL:,}"})
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressError(_("That is no address.")) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii() or " " in url or port == 0:
        raise AddressError(_("An address begins with https:// or http:// and a host's name."))
    if parts.username is not None or parts.password is not None:
        raise AddressError(_("Put no name and password into the address; messages are signed instead."))
    return url


def shown(url: str) -> str:
    """Return what may be shown of a URL: its host. Paths of webhooks are secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…"


def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Post ``body`` to ``url`` within TRIAGE_ALERT_SEND_SECONDS, whatever the other side does meanwhile.

    Raises:
        PassingError: no answer, or one that may be another next time.
        PermanentError: an answer that won't change, or an address that mustn't be called.
    """
    answer = asyncio.run(_post(url, body, headers))
    if 200 <= answer.status < 300:
        return
    told = _("The address answered %(status)d.") % {"status": answer.status}
    if 300 <= answer.status < 400:
        raise PermanentError(told + " " + _("Redirects are not followed."))
    why = f"{told} {answer.text}".strip()
    if answer.status in _PERMANENT:
        raise PermanentError(why)
    raise PassingError(why, answer.wait)


async def _post(url: str, body: bytes, headers: Mapping[str, str]) -> _Answer:
    try:
        async with asyncio.timeout(settings.TRIAGE_ALERT_SEND_SECONDS):
            error: Exception | None = None
            for address in (await _addresses_of(url))[:_TRIED]:
                try:
                    return await _post_to(address, url, body, headers)
                except httpx2.ConnectError as failed:
                    error = failed
            raise PassingError(_("No connection to the address: %(why)s") % {"why": error})
    except TimeoutError as error:
        raise PassingError(_("The address didn't answer in time.")) from error
    except httpx2.HTTPError as error:
        raise PassingError(_("No answer of the address: %(why)s") % {"why": type(error).__name__}) from error


async def _addresses_of(url: str) -> list[str]:
    """Return the addresses of the URL's host that may be called.

    Raises:
        PassingError: the name isn't known just now.
        PermanentError: it stands for private addresses alone.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise PassingError(_("The name %(host)s is not known.") % {"host": host}) from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    allowed = [each for each in addresses if settings.TRIAGE_ALLOW_PRIVATE_WEBHOOKS or is_public(each)]
    if not allowed:
        raise PermanentError(
            _("%(host)s is a private address; TRIAGE_ALLOW_PRIVATE_WEBHOOKS=1 would allow it.") % {"host": host}
        )
    return allowed


async def _post_to(address: str, url: str, body: bytes, headers: Mapping[str, str]) -> _Answer:
    """Post to the address itself, under the name of the URL."""
    parts = httpx2.URL(url)
    named = {**headers, "Host": parts.netloc.decode("ascii"), "User-Agent": "Triage"}
    async with (
        httpx2.AsyncClient(trust_env=False, follow_redirects=False, timeout=None) as client,
        client.stream(
            "POST",
            parts.copy_with(host=address),
            content=body,
            headers=named,
            extensions={"sni_hostname": parts.host},
        ) as answer,
    ):
        return _Answer(answer.status_code, _wait_of(answer.headers.get("Retry-After")), await _beginning(answer))


async def _beginning(answer: httpx2.Response) -> str:
    """Return the first line of the answer's body, of which no more is read than is needed."""
    read = b""
    async for piece in answer.aiter_raw():
        read += piece
        if len(read) >= _MOST:
            break
    lines = read[:_MOST].decode("utf-8", "replace").strip().splitlines()
    return "".join(each for each in lines[0][:200] if each.isprintable()) if lines else ""


def _wait_of(header: str | None) -> float | None:
    with contextlib.suppress(TypeError, ValueError):
        wait = float(header or "")
        return min(max(wait, 0.0), _LONGEST_WAIT) if math.isfinite(wait) else None
    return None
