"""Email, through the mail server that EMAIL_URL names."""

from __future__ import annotations

import smtplib
from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from triage.alerts.channels.model import Address, AddressError, Letter, PassingError, PermanentError, Sender

_MOST = 20
_BAD_SEQUENCE = 503
"""Not the address's fault: the connection was in a strange state."""


def read(typed: str) -> Address:
    """Read addresses, separated by commas, spaces or lines."""
    addresses = list(dict.fromkeys(typed.replace(",", " ").replace(";", " ").split()))
    if not 1 <= len(addresses) <= _MOST:
        raise AddressError(_("Give 1 to %(most)d mail addresses.") % {"most": _MOST})
    for each in addresses:
        try:
            validate_email(each)
        except ValidationError as error:
            raise AddressError(_("“%(typed)s” is no mail address.") % {"typed": each[:80]}) from error
    rest = len(addresses) - 1
    more = _(" and %(n)d more") % {"n": rest} if rest else ""
    return Address({"to": " ".join(addresses)}, _masked(addresses[0]) + more)


def send(to: Mapping[str, str], letter: Letter) -> None:
    """Send the message. Its Message-ID is made of the key, so mailboxes keep one where it is sent twice."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    mail = EmailMessage(
        subject=letter.title,
        body=letter.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=to["to"].split(),
        headers={"Message-ID": f"<{letter.key}@{domain}>", "Auto-Submitted": "auto-generated"},
        connection=get_connection(timeout=settings.TRIAGE_ALERT_SEND_SECONDS),
    )
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _words in error.recipients.values()]
        told = _("The mail server refused the recipients: %(codes)s.") % {"codes": ", ".join(map(str, codes))}
        raise (PermanentError if all(map(_is_permanent, codes)) else PassingError)(told) from error
    except smtplib.SMTPResponseException as error:
        raise (PermanentError if _is_permanent(error.smtp_code) else PassingError)(_answered(error)) from error
    except smtplib.SMTPNotSupportedError as error:
        raise PermanentError(_("The mail server can't do what EMAIL_URL asks for.")) from error
    except (smtplib.SMTPException, OSError) as error:
        raise PassingError(_("No answer of the mail server: %(why)s") % {"why": type(error).__name__}) from error


def _is_permanent(code: int) -> bool:
    return 500 <= code < 600 and code != _BAD_SEQUENCE


def _answered(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
    return _("The mail server answered %(code)d: %(words)s") % {"code": error.smtp_code, "words": said[:200]}


def _masked(address: str) -> str:
    name, _at, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


SENDER = Sender(
    gettext_lazy("Email"),
    gettext_lazy("One mail address or several. The server's mail has to be set up (EMAIL_URL)."),
    read,
    send,
)
