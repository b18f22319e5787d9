"""Incidents: what went wrong from when until when, whose side it was on, and what happened meanwhile."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from triage.models.project import Project


class Incident(models.Model):
    """One thing that went wrong in one project, however many checks, services, causes and models it showed in."""

    class Side(models.TextChoices):
        """Whose move it is; the same words as the verdict's."""

        THEM = "them", _("Them")
        US = "us", _("You")
        BETWEEN = "between", _("In between")
        UNCLEAR = "unclear", _("Can't tell")

    class Kind(models.TextChoices):
        """How it shows."""

        FAILING = "failing", _("Failing")
        SLOW = "slow", _("Slow")
        SILENT = "silent", _("Silent")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="incidents", db_index=False)
    subject = models.CharField(max_length=32)
    """What it is about: the provider, our network, our traffic, a fault line. Two subjects are two incidents."""
    side = models.CharField(max_length=8, choices=Side)
    kind = models.CharField(max_length=8, choices=Kind)
    cause = models.CharField(max_length=64, blank=True)
    """The cause of most failures when last looked; empty where nothing fails."""
    families = models.JSONField(default=list, blank=True)
    """What is counted together as one trouble, each that has belonged to it so far."""
    causes = models.JSONField(default=list, blank=True)
    """Every cause that has led, in the order of their coming."""
    sentence = models.TextField()
    """The verdict when it last looked so; the reasons are of the same moment."""
    reasons = models.JSONField(default=list, blank=True)
    models_hit = models.JSONField(default=list, blank=True)
    """The models concerned at the worst look; empty where all were. The same holds for the services."""
    services_hit = models.JSONField(default=list, blank=True)
    hit = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    """Requests hit, of all of the same models and services, at the worst look; one look sees an hour."""

    first_sign_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    """The last minute with failures in number; the last look that found it, where nothing fails."""
    changed_at = models.DateTimeField()
    """When its side last changed."""
    fine_since = models.DateTimeField(null=True, blank=True)
    """Since when no look has found it."""
    closed_at = models.DateTimeField(null=True, blank=True)

    provider_heard = models.BooleanField(default=False)
    """Whether the provider's status page could be read at all meanwhile."""
    provider_said_at = models.DateTimeField(null=True, blank=True)
    """When the provider's status page first admitted a disruption."""
    standings = models.JSONField(default=dict, blank=True)
    """How each check stood that the time line has told of: by the check's name, ``failing`` or ``fine``."""

    class Meta:
        indexes = [
            models.Index(fields=["project", "-opened_at"], name="incidents_by_time"),
            models.Index(fields=["project"], name="incidents_going_on", condition=models.Q(closed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.subject} in {self.project} at {self.opened_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.closed_at is None

    @property
    def ended_at(self) -> dt.datetime | None:
        """When it ended, as far as is known; None while it is still found."""
        return self.last_seen_at if self.closed_at or self.fine_since else None

    @property
    def lag(self) -> dt.timedelta | None:
        """How much later than the first sign the status page admitted it; negative where it was earlier."""
        return None if self.provider_said_at is None else self.provider_said_at - self.first_sign_at


class IncidentEvent(models.Model):
    """One row of an incident's time line."""

    class Kind(models.TextChoices):
        """What happened."""

        FIRST_SIGN = "first_sign", _("First sign")
        OPENED = "opened", _("Opened")
        CHANGED = "changed", _("Changed")
        CHECK = "check", _("Check")
        PROVIDER = "provider", _("Status page")
        ALERT = "alert", _("Alert")
        NOTE = "note", _("Note")
        CLOSED = "closed", _("Over")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    """The person who wrote a note; empty for all else."""

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M}"


class Watch(models.Model):
    """How far a project has been watched. Its row is what two watchers contend for, so that one look is made once.

    The project's own row would do as well, but locking that would make every insert that refers to it wait.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="watch")
    looked_at = models.DateTimeField(null=True, blank=True)
    suspected = models.JSONField(default=dict, blank=True)
    """Families of trouble that the last look found and that are no incident yet, each with when it was first found."""

    def __str__(self) -> str:
        return f"{self.project} at {self.looked_at:%Y-%m-%d %H:%M:%S}" if self.looked_at else f"{self.project}"
