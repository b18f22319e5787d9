"""Sends what is due. A message is claimed by a conditional update, so of several workers one sends it.

Exactly once holds for what is stored: a change is told once a channel. On the wire it is at least once: who is killed
after sending and before noting it leaves the message to be sent again, under the same key, when the claim has run out.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from triage.alerts.channels.kinds import SENDERS
from triage.alerts.channels.model import Letter, PassingError, PermanentError
from triage.alerts.letters import letter_of, trial
from triage.alerts.sealing import SealError, unseal
from triage.incidents import note_alert
from triage.ingest.scrub import scrub_text
from triage.models import AlertChange, AlertMessage, Channel, Incident

_PAUSES = tuple(dt.timedelta(seconds=each) for each in (5, 15, 60, 300, 900, 3_600, 3_600))
"""How long a message waits after each failed try; after the last it is given up."""
_CLAIM = 3
"""How many times the time for sending a claim holds."""
_LONGEST_WHY = 500
_State = AlertMessage.State
logger = logging.getLogger(__name__)


def deliver(patience: float = 20.0) -> dict[str, int]:
    """Send the messages that are due, for at most about ``patience`` seconds; return how many were sent, and not."""
    counts = {"sent": 0, "not_sent": 0}
    began = time.monotonic()
    while time.monotonic() - began < patience:
        message = _claim(timezone.now())
        if message is None:
            break
        counts["sent" if _send_or_postpone(message) else "not_sent"] += 1
    return counts


def send_trial(channel: Channel) -> str:
    """Send a trial message now; return what went wrong, empty where nothing did. What went well switches it on."""
    try:
        _post(channel, trial(str(uuid.uuid4()), channel.project, timezone.now()))
    except (PassingError, PermanentError) as error:
        return _why(error)
    Channel.objects.filter(pk=channel.pk).update(last_ok_at=timezone.now(), disabled_at=None, disabled_why="")
    return ""


def _claim(now: dt.datetime) -> AlertMessage | None:
    """Return a message that is due and nobody else's, or None where there is none."""
    until = now + _CLAIM * dt.timedelta(seconds=settings.TRIAGE_ALERT_SEND_SECONDS)
    due = AlertMessage.objects.filter(state__in=(_State.WAITING, _State.SENDING), due_at__lte=now)
    for pk, state, due_at in due.order_by("due_at", "pk").values_list("pk", "state", "due_at")[:20]:
        as_it_was = AlertMessage.objects.filter(pk=pk, state=state, due_at=due_at)
        if as_it_was.update(state=_State.SENDING, due_at=until, tries=F("tries") + 1):
            return AlertMessage.objects.select_related("channel__project").get(pk=pk)
    return None


def _send_or_postpone(message: AlertMessage) -> bool:
    """Send a claimed message; where our own code fails, have it wait, so that one never stops the others."""
    try:
        return _send(message)
    except Exception as error:
        logger.exception("message %d could not be sent", message.pk)
        _postpone(message, PassingError(type(error).__name__))
        return False


def _send(message: AlertMessage) -> bool:
    """Send a claimed message and store what became of it."""
    channel = message.channel
    if needless := _needless(message):
        _note(message, state=_State.FAILED, error=needless)
        return False
    try:
        _post(channel, letter_of(message))
    except PermanentError as error:
        _note(message, state=_State.FAILED, error=_why(error))
        _disable(channel, _why(error))
        return False
    except PassingError as error:
        _postpone(message, error)
        return False
    now = timezone.now()
    _note(message, state=_State.SENT, sent_at=now, error="")
    Channel.objects.filter(pk=channel.pk).update(last_ok_at=now)
    _tell_incidents(message)
    return True


def _tell_incidents(message: AlertMessage) -> None:
    """Write into the time lines of the incidents that the message was of that somebody was told, once a message."""
    told = AlertChange.objects.filter(deliveries__message=message, deliveries__joined=False).exclude(incident=None)
    for incident in Incident.objects.filter(alert_changes__in=told).distinct():
        rules = sorted(set(told.filter(incident=incident).values_list("rule__name", flat=True)))
        words = _("%(channel)s was told: %(rules)s") % {"channel": message.channel.name, "rules": ", ".join(rules)}
        note_alert(incident, words, message.made_at)


def _needless(message: AlertMessage) -> str:
    """Return why a message need not go out any more; empty where it has to."""
    if message.channel.disabled_at is not None:
        return _("The channel was off.")
    if not message.deliveries.filter(joined=False).exists():
        return _("Its rule was deleted.")
    return ""


def _post(channel: Channel, letter: Letter) -> None:
    """Send ``letter``.

    Raises:
        PassingError: it may work later; also where our own code fails, which the log tells.
        PermanentError: it won't.
    """
    try:
        SENDERS[channel.kind].send(unseal(channel.sealed), letter)
    except SealError as error:
        raise PermanentError(str(error)) from error
    except (PassingError, PermanentError):
        raise
    except Exception as error:
        logger.exception("channel %d could not be used", channel.pk)
        raise PassingError(type(error).__name__) from error


def _postpone(message: AlertMessage, error: PassingError) -> None:
    """Have a message wait for its next try, or give it up after the last."""
    if message.tries > len(_PAUSES):
        _note(message, state=_State.FAILED, error=_why(error))
        return
    pause = max(_PAUSES[message.tries - 1], dt.timedelta(seconds=error.wait or 0))
    _note(message, state=_State.WAITING, due_at=timezone.now() + pause, error=_why(error))


def _note(message: AlertMessage, **fields: object) -> None:
    """Store what became of a message, unless somebody else has taken it over."""
    claimed = AlertMessage.objects.filter(pk=message.pk, state=_State.SENDING, due_at=message.due_at)
    claimed.update(**fields)


def _disable(channel: Channel, why: str) -> None:
    Channel.objects.filter(pk=channel.pk, disabled_at=None).update(disabled_at=timezone.now(), disabled_why=why)


def _why(error: Exception) -> str:
    return scrub_text(str(error)).replace("\x00", "")[:_LONGEST_WHY]
