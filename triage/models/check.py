"""Health checks: what is checked from where, how it stands now, and what each run came back with."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from triage.models.project import Project


class CheckState(models.TextChoices):
    """What a run of a check says: it works, it works badly, it fails, or it couldn't be tried."""

    OK = "ok", _("Works")
    WARN = "warn", _("Works badly")
    FAIL = "fail", _("Fails")
    UNKNOWN = "unknown", _("Not known")


class Check(models.Model):
    """One thing that is checked from one place, with its newest result.

    Checks of this server belong to no project and have no site; those that another place reports belong to the project
    of its ingest key.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, null=True, blank=True, related_name="checks", db_index=False
    )
    site = models.CharField(max_length=60, blank=True)
    """What the other place calls itself; empty for this server."""
    kind = models.CharField(max_length=16)
    """``name``, ``reach``, ``edge``, ``auth``, ``model``, ``provider`` or ``server``."""
    subject = models.CharField(max_length=80, blank=True)
    """Which one of its kind: a model's name; empty for kinds that have one check."""
    every = models.PositiveIntegerField(default=30)
    """Seconds between two runs."""
    due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    """When it runs next; empty where another place decides."""
    runs_until = models.DateTimeField(null=True, blank=True)
    """When the run that is under way has ended at the latest; in the past or empty where none is."""

    state = models.CharField(max_length=8, choices=CheckState, default=CheckState.UNKNOWN)
    since = models.DateTimeField(default=timezone.now)
    """Since when each result had this state."""
    in_a_row = models.PositiveIntegerField(default=0)
    """How many results of this state came one after another."""
    finding = models.CharField(max_length=24, blank=True)
    cause = models.CharField(max_length=64, blank=True)
    words = models.TextField(blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    latency_ms = models.FloatField(null=True, blank=True)
    ran_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "kind", "subject"], condition=Q(project=None), name="one_check_of_this_server"
            ),
            models.UniqueConstraint(fields=["project", "site", "kind", "subject"], name="one_check_a_site"),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.site, self.kind, self.subject) if part)


class CheckResult(models.Model):
    """What one run of a check came back with. Words and evidence are kept only of runs that weren't fine."""

    # The field is called "of" since Django keeps "check" for its own system checks.
    of = models.ForeignKey(Check, on_delete=models.CASCADE, related_name="results", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=8, choices=CheckState)
    finding = models.CharField(max_length=24)
    latency_ms = models.FloatField(null=True, blank=True)
    cause = models.CharField(max_length=64, blank=True)
    words = models.TextField(blank=True)
    evidence = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["of", "-at"], name="check_results_by_time"),
            models.Index(fields=["of", "-at"], name="check_failures_by_time", condition=~Q(state="ok")),
        ]

    def __str__(self) -> str:
        return f"{self.of}: {self.finding} at {self.at:%Y-%m-%d %H:%M:%S}"
