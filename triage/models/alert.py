"""Alerts: who gets told, when, by which rule, and what has been told."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from triage.models.incident import Incident
from triage.models.issue import IssueEvent
from triage.models.project import Project


class Channel(models.Model):
    """A way to tell people of a project: an address of one kind, sealed at rest."""

    class Kind(models.TextChoices):
        """How a message travels."""

        EMAIL = "email", _("Email")
        SLACK = "slack", _("Slack")
        WEBHOOK = "webhook", _("Webhook")
        APPRISE = "apprise", _("Apprise")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=80)
    shown = models.CharField(max_length=120)
    """The address with its secret parts left out: all that pages and logs ever show of it."""
    sealed = models.TextField()
    """The address and its secrets, encrypted (``triage/alerts/sealing.py``)."""
    made_at = models.DateTimeField(default=timezone.now)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_why = models.TextField(blank=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"


class AlertRule(models.Model):
    """When to tell whom: a condition with its numbers, on part of a project's traffic, and how it stands."""

    class State(models.TextChoices):
        """Whether the condition holds."""

        QUIET = "quiet", _("Quiet")
        FIRING = "firing", _("Firing")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="alert_rules")
    name = models.CharField(max_length=120)
    condition = models.CharField(max_length=16)
    """A slug of ``triage.alerts.conditions.CONDITIONS``."""
    numbers = models.JSONField(default=dict, blank=True)
    """The condition's parameters by name."""
    model = models.CharField(max_length=80, blank=True)
    service = models.CharField(max_length=80, blank=True)
    team = models.CharField(max_length=80, blank=True)
    cause = models.CharField(max_length=64, blank=True)
    """What the rule looks at; an empty field leaves it open."""
    channels = models.ManyToManyField(Channel, related_name="rules", blank=True)
    remind_every = models.PositiveIntegerField(default=60)
    """Minutes between two reminders while it lasts; 0 for none."""
    rest = models.PositiveIntegerField(default=0)
    """Minutes after firing in which it doesn't fire again."""
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    zone = models.CharField(max_length=60, default="UTC")
    """The time zone of the quiet hours."""
    urgent = models.BooleanField(default=False)
    """Whether it is told in quiet hours as well."""
    enabled = models.BooleanField(default=True)
    muted_until = models.DateTimeField(null=True, blank=True)

    state = models.CharField(max_length=6, choices=State, default=State.QUIET)
    since = models.DateTimeField(default=timezone.now)
    """When the state began."""
    fired_at = models.DateTimeField(null=True, blank=True)
    """When it last fired; the rest is counted from here."""
    clear_since = models.DateTimeField(null=True, blank=True)
    """Since when the condition has clearly not held, while the rule still fires."""
    told_at = models.DateTimeField(null=True, blank=True)
    """When channels were last told of the present firing; empty while nobody was."""
    made_at = models.DateTimeField(default=timezone.now)
    """Conditions that are about events look at none from before."""

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return f"{self.name} in {self.project}"


class AlertChange(models.Model):
    """Something to tell: a rule began to fire, still fires, or no longer does. Its deliveries are stored with it."""

    class Kind(models.TextChoices):
        """What changed."""

        FIRED = "fired", _("Fired")
        REMINDED = "reminded", _("Still firing")
        RESOLVED = "resolved", _("Resolved")

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="changes", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind)
    at = models.DateTimeField()
    began_at = models.DateTimeField()
    """When the firing began that this is about."""
    facts = models.JSONField(default=dict, blank=True)
    """What was found, in words and numbers, masked: messages and pages are made of it."""
    event = models.ForeignKey(IssueEvent, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    """The turning point of an issue that this tells of, once a rule; empty for conditions that last."""
    incident = models.ForeignKey(
        Incident, on_delete=models.SET_NULL, null=True, blank=True, related_name="alert_changes"
    )

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["rule", "event"], name="one_alert_change_an_event")]
        indexes = [models.Index(fields=["rule", "-at"], name="alert_changes_by_time")]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.kind} at {self.at:%Y-%m-%d %H:%M:%S}"


class AlertMessage(models.Model):
    """One message to one channel, of one or several changes.

    The key goes out with the message, the same at each try, so that a receiver recognises one that came twice: it is
    sent before it can be noted as sent, and whoever is killed between the two leaves it to be sent again.
    """

    class State(models.TextChoices):
        """How far it has come."""

        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="messages")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    due_at = models.DateTimeField()
    """When it is to be sent; while it is being sent, when whoever sends it must have given up."""
    tries = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="alert_messages_due", condition=models.Q(state__in=["waiting", "sending"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} to {self.channel_id}: {self.state}"


class Delivery(models.Model):
    """That a change is told on a channel: once, by one message, or together with what told of its incident before."""

    change = models.ForeignKey(AlertChange, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    message = models.ForeignKey(AlertMessage, on_delete=models.CASCADE, related_name="deliveries")
    joined = models.BooleanField(default=False)
    """Whether the message had gone out already, about the same incident."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["change", "channel"], name="one_delivery_a_channel")]

    def __str__(self) -> str:
        return f"change {self.change_id} by message {self.message_id}"
