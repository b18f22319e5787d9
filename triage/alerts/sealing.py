"""Seals what a channel must keep secret, so that neither a copy of the database nor a page gives it away."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _


class SealError(ValueError):
    """What was sealed can't be opened: it was sealed under another SECRET_KEY."""


def seal(secrets: Mapping[str, str]) -> str:
    """Return ``secrets`` encrypted and authenticated under the server's SECRET_KEY."""
    return _fernet().encrypt(json.dumps(dict(secrets)).encode()).decode()


def unseal(sealed: str) -> dict[str, str]:
    """Return what was sealed.

    Raises:
        SealError: SECRET_KEY has changed since.
    """
    try:
        opened: dict[str, str] = json.loads(_fernet().decrypt(sealed.encode()))
    except InvalidToken as error:
        raise SealError(_("The server's SECRET_KEY has changed; enter the channel's address again.")) from error
    return opened


def _fernet() -> Fernet:
    key = salted_hmac("triage.alerts.sealing", "", algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))
