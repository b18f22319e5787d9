"""From a change to messages: to whom, when, and with what else. All of it in the transaction that stores the change."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from triage.alerts.quiet import quiet_until
from triage.models import AlertChange, AlertMessage, AlertRule, Channel, Delivery

HOLD = dt.timedelta(seconds=8)
"""How long a message waits for others of the same moment."""
APART = dt.timedelta(seconds=30)
"""How far apart two messages of a channel are at least, so that what follows in a storm comes together."""

_Kind = AlertChange.Kind
_State = AlertMessage.State
_GONE_OUT = (_State.SENDING, _State.SENT)


def tell(change: AlertChange, rule: AlertRule) -> int:
    """Store what is to be sent of ``change``; return on how many channels it is told.

    It goes into a message that still waits, joins one that told of the same incident before, or makes a new one. Call
    it in the transaction that stores the change.
    """
    if rule.muted_until is not None and rule.muted_until > change.at:
        return 0
    # The locks keep two watchers from making two messages where one would do.
    channels = list(_channels(change, rule).select_for_update().order_by("pk"))
    for channel in channels:
        due_at = _due(change, rule, channel)
        waiting = _waiting(channel, due_at)
        leading = None if waiting else _leading(change, channel)
        message = waiting or leading or AlertMessage.objects.create(channel=channel, due_at=due_at, made_at=change.at)
        Delivery.objects.create(change=change, channel=channel, message=message, joined=leading is not None)
    return len(channels)


def _channels(change: AlertChange, rule: AlertRule) -> QuerySet[Channel]:
    """Return the rule's channels; that it is over is told to those alone that were told of its beginning."""
    if change.kind != _Kind.RESOLVED:
        return Channel.objects.filter(pk__in=rule.channels.values("pk"), disabled_at=None)
    told = Delivery.objects.filter(change__rule=rule, change__began_at=change.began_at)
    return Channel.objects.filter(pk__in=told.values("channel"), disabled_at=None)


def _due(change: AlertChange, rule: AlertRule, channel: Channel) -> dt.datetime:
    """Return when a message of ``change`` is to leave: at once, but together with others, and not in quiet hours."""
    morning = quiet_until(rule, change.at)
    if morning is not None:
        return morning
    soon = change.at + HOLD
    before = channel.messages.filter(made_at__gt=change.at - APART, made_at__lte=change.at, state__in=_GONE_OUT)
    last = None if rule.urgent else before.order_by("-made_at").first()
    return soon if last is None else max(soon, last.made_at + APART)


def _waiting(channel: Channel, due_at: dt.datetime) -> AlertMessage | None:
    """Return the message of ``channel`` that leaves by then and can still take something in."""
    untried = channel.messages.select_for_update().filter(state=_State.WAITING, tries=0)
    return untried.filter(due_at__gte=due_at - HOLD, due_at__lte=due_at).order_by("due_at").first()


def _leading(change: AlertChange, channel: Channel) -> AlertMessage | None:
    """Return the message that told ``channel`` of the same incident by another rule that still fires."""
    if change.incident_id is None:
        return None
    others = Delivery.objects.filter(
        channel=channel,
        change__incident=change.incident_id,
        change__kind=_Kind.FIRED,
        change__rule__state=AlertRule.State.FIRING,
        message__state__in=_GONE_OUT,
    ).exclude(change__rule=change.rule_id)
    if change.kind != _Kind.RESOLVED:  # one that joined leads nobody: it is the first one's place to remind
        others = others.filter(joined=False)
    first = others.order_by("change__at").select_related("message").first()
    return first.message if first else None
