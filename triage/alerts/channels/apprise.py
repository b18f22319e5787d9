"""Whatever Apprise can reach, by its URLs; in a process of its own, which may be killed and can't call home.

Apprise's modules bring HTTP and mail clients of their own, which follow redirects and know no limits. The process that
runs them ends after TRIAGE_ALERT_SEND_SECONDS, has no secrets of the server in its environment, and refuses connections
to private addresses at the socket (``apprise_child.py``).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from triage.alerts.channels.apprise_child import DELIVERED, PRIVATE, UNREADABLE
from triage.alerts.channels.model import Address, AddressError, Letter, PassingError, PermanentError, Sender

_ROOT = Path(__file__).resolve().parents[3]
_LONGEST = 1_000
_SCHEME = re.compile(r"[a-z0-9]{1,32}", re.IGNORECASE | re.ASCII)
"""What may be shown of an address. Apprise itself finds one behind other words, which may be secrets."""
_STARTING = 5.0
"""Seconds that the process may take to start, before the time for sending runs."""


def read(typed: str) -> Address:
    """Read one of Apprise's URLs, as ``ntfys://topic`` or ``discord://id/token``."""
    url = typed.strip()
    scheme = url.partition("://")[0]
    if len(url) > _LONGEST:
        raise AddressError(_("An address has at most %(most)s characters.") % {"most": f"{_LONGEST:,}"})
    if "://" not in url or not _SCHEME.fullmatch(scheme) or _run({"url": url, "only_read": True}) != DELIVERED:
        raise AddressError(_("Apprise knows no such address; its own documentation lists them all."))
    return Address({"url": url}, f"{scheme}://…")


def send(to: Mapping[str, str], letter: Letter) -> None:
    """Have Apprise send the message. Apprise doesn't tell why it failed, so but for private addresses it may pass."""
    ended = _run({"url": to["url"], "title": letter.title, "text": letter.text})
    if ended == PRIVATE:
        raise PermanentError(_("It leads to a private address; TRIAGE_ALLOW_PRIVATE_WEBHOOKS=1 would allow it."))
    if ended == UNREADABLE:
        raise PermanentError(_("Apprise knows no such address."))
    if ended != DELIVERED:
        raise PassingError(_("Apprise couldn't deliver it."))


def _run(order: Mapping[str, str | bool]) -> int:
    told = {**order, "allow_private": settings.TRIAGE_ALLOW_PRIVATE_WEBHOOKS}
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "triage.alerts.channels.apprise_child"],
            input=json.dumps(told).encode(),
            cwd=_ROOT,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            timeout=_STARTING + settings.TRIAGE_ALERT_SEND_SECONDS,
            capture_output=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PassingError(_("Apprise took too long.")) from error
    return ended.returncode


SENDER = Sender(
    gettext_lazy("Apprise"),
    gettext_lazy("One of Apprise's URLs: Discord, Telegram, Teams, ntfy, PagerDuty and a hundred others."),
    read,
    send,
)
