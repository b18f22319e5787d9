"""Checks and their findings in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from triage.health import Finding

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

KINDS: Final[dict[str, tuple[_StrPromise, _StrPromise]]] = {
    "name": (_("Name"), _("Can the name be resolved here?")),
    "reach": (_("Connection"), _("Does a connection stand, and whose certificate is shown?")),
    "edge": (_("Answer"), _("Is it the API that answers, or something in between?")),
    "auth": (_("Key"), _("Does the API take this key? Costs nothing.")),
    "model": (_("Model"), _("Is the model there for this key?")),
    "provider": (_("Status page"), _("What does the provider say of itself?")),
    "server": (_("This server"), _("Are all of its own parts well?")),
}
"""Title and question of each kind of check."""

FINDINGS: Final[dict[str, _StrPromise]] = {
    Finding.FINE: _("Fine"),
    Finding.SLOW: _("Slow"),
    Finding.NEEDS_KEY: _("Needs a key"),
    Finding.NO_ADDRESS: _("The address set is none"),
    Finding.NAME_UNKNOWN: _("The name can't be resolved"),
    Finding.REFUSED: _("The connection is refused"),
    Finding.NO_ROUTE: _("There is no route"),
    Finding.NO_ANSWER: _("No answer in time"),
    Finding.BROKEN_OFF: _("The connection breaks off"),
    Finding.SELF_SIGNED: _("The certificate signed itself"),
    Finding.EXPIRED: _("The certificate isn't valid today"),
    Finding.OTHER_NAME: _("The certificate is for another name"),
    Finding.UNTRUSTED: _("The certificate isn't trusted here"),
    Finding.INTERCEPTED: _("The connection is intercepted"),
    Finding.PROXY_SIGN_IN: _("The proxy wants a password"),
    Finding.PROXY_FAILED: _("The proxy lets nothing through"),
    Finding.BLOCKED: _("Something in between blocks"),
    Finding.SIGN_IN_PAGE: _("A web page answers instead of the API"),
    Finding.GATEWAY_FAILING: _("Something in between fails"),
    Finding.OTHER_ANSWER: _("Something else than the API answers"),
    Finding.KEY_REFUSED: _("The key is refused"),
    Finding.FORBIDDEN: _("The key may not do this"),
    Finding.NOT_FOUND: _("Nothing is at this address"),
    Finding.MODEL_UNKNOWN: _("The model is unknown"),
    Finding.RATE_LIMITED: _("The rate is limited"),
    Finding.REQUEST_REFUSED: _("The request is refused"),
    Finding.API_FAILING: _("The API fails"),
    Finding.OVERLOADED: _("The API is overloaded"),
    Finding.PROVIDER_MINOR: _("The provider reports a minor problem"),
    Finding.PROVIDER_MAJOR: _("The provider reports an outage"),
    Finding.PROVIDER_MAINTENANCE: _("The provider is at maintenance"),
    Finding.STATUS_UNREADABLE: _("The status page can't be read"),
    Finding.PART_DOWN: _("A part of this server is down"),
    Finding.CHECK_BROKE: _("The check itself failed"),
}

STATES: Final[dict[str, tuple[str, str, _StrPromise]]] = {
    "ok": ("good", "check", _("Works")),
    "warn": ("warn", "issues", _("Works badly")),
    "fail": ("bad", "stop", _("Fails")),
    "unknown": ("other", "unknown", _("Not known")),
}
"""Tone, icon and word of each state."""


def title_of(kind: str, subject: str) -> str:
    """Return what a check is called on the pages: a model by its name."""
    return subject or str(KINDS[kind][0])
