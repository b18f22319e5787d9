"""Issues: failures of one kind, with the state of the work on them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from triage.models.project import Project


class Issue(models.Model):
    """Attempts of one project that failed for the same cause with the same status and type.

    Messages never take part in the grouping: they carry ids, counts and paths that would split one kind into thousands.
    """

    class State(models.TextChoices):
        """Where the work on an issue stands."""

        OPEN = "open", _("Open")
        RESOLVED = "resolved", _("Resolved")
        REGRESSED = "regressed", _("Regressed")
        IGNORED = "ignored", _("Ignored")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="issues", db_index=False)
    cause = models.CharField(max_length=64)
    category = models.CharField(max_length=8)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error_type = models.CharField(max_length=64, blank=True)
    fingerprint = models.CharField(max_length=160)
    """``<grouping version>:<cause>:<status>:<type>``; the version changes when the grouping does."""
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    ignored_until = models.DateTimeField(null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="assigned_issues"
    )
    failures = models.PositiveBigIntegerField(default=0)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    last_message = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "fingerprint"], name="one_issue_a_fingerprint")]
        indexes = [models.Index(fields=["project", "state", "-last_seen_at"], name="issues_by_state")]

    def __str__(self) -> str:
        return f"{self.cause} in {self.project}"


class IssueEvent(models.Model):
    """A turning point of an issue: every change of state, owner and every note is a row."""

    class Kind(models.TextChoices):
        """What happened."""

        OPENED = "opened", _("First seen")
        RESOLVED = "resolved", _("Resolved")
        REOPENED = "reopened", _("Reopened")
        REGRESSED = "regressed", _("Came back")
        IGNORED = "ignored", _("Ignored")
        ASSIGNED = "assigned", _("Assigned")
        NOTE = "note", _("Note")

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    """The person who did it; empty where the digest did."""
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M}"
