"""A webhook of your own: JSON, signed as Standard Webhooks describes it, so that any of its libraries can verify it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping

from django.utils import timezone
from django.utils.translation import gettext_lazy

from triage.alerts.channels.model import Address, Letter, Sender
from triage.alerts.channels.outbound import post, read_url, shown

_PREFIX = "whsec_"
_SECRET_BYTES = 32


def read(typed: str) -> Address:
    """Read the webhook's URL and make its secret."""
    url = read_url(typed)
    secret = _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    return Address({"url": url, "secret": secret}, shown(url))


def send(to: Mapping[str, str], letter: Letter) -> None:
    """Post the message as JSON. ``webhook-id`` is the same at each try, so a receiver can drop what comes twice."""
    body = json.dumps(letter.data, separators=(",", ":")).encode()
    stamp = str(int(timezone.now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": letter.key,
        "webhook-timestamp": stamp,
        "webhook-signature": signature(to["secret"], letter.key, stamp, body),
    }
    post(to["url"], body, headers)


def signature(secret: str, key: str, stamp: str, body: bytes) -> str:
    """Return the value of ``webhook-signature``: HMAC-SHA256 over id, time stamp and body."""
    signed = b".".join((key.encode(), stamp.encode(), body))
    digest = hmac.new(base64.b64decode(secret.removeprefix(_PREFIX)), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


SENDER = Sender(
    gettext_lazy("Webhook"),
    gettext_lazy("A URL of your own. It gets JSON, signed with a secret that is shown once."),
    read,
    send,
)
