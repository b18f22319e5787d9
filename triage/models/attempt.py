"""Requests and their attempts: what a team's programs sent to the API and what became of it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from triage.models.facets import FacetSet
from triage.models.project import Project


class Request(models.Model):
    """One call by a program: its attempts in order, and how it ended.

    The fields that describe the failure (cause, category, status, type, message) are those of its last failed attempt.
    """

    class Outcome(models.TextChoices):
        """How the call ended; rescued is a call that failed at least once and then succeeded."""

        SUCCEEDED = "succeeded", _("Succeeded")
        RESCUED = "rescued", _("Rescued")
        FAILED = "failed", _("Failed")

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="requests", db_index=False)
    key = models.CharField(max_length=96)
    """What makes a report of this call recognisable when it is told again: span, event or the client's own id."""
    api_request_id = models.CharField(max_length=80, blank=True)
    """The API's ``request-id`` of the last attempt, empty where none was told."""
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    attempts_made = models.PositiveIntegerField(default=1)
    failures = models.PositiveIntegerField(default=0)
    """Attempts that failed; those that no report describes have no Attempt row, but they are counted here."""

    model = models.CharField(max_length=80, blank=True)
    """The model's name, folded: without marks such as ``[1m]``."""
    long_context = models.BooleanField(default=False)
    service = models.CharField(max_length=80, blank=True)
    team = models.CharField(max_length=80, blank=True)
    environment = models.CharField(max_length=40, blank=True)
    user = models.CharField(max_length=80, blank=True)
    client = models.CharField(max_length=60, blank=True)
    """The reporting program and its version, as ``claude-code/2.1.197``."""
    streamed = models.BooleanField(null=True, blank=True)
    input_tokens = models.PositiveIntegerField(null=True, blank=True)
    output_tokens = models.PositiveIntegerField(null=True, blank=True)

    category = models.CharField(max_length=8, blank=True)
    cause = models.CharField(max_length=64, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error_type = models.CharField(max_length=64, blank=True)

    trace_id = models.CharField(max_length=32, blank=True)
    span_id = models.CharField(max_length=16, blank=True)
    parent_span_id = models.CharField(max_length=16, blank=True)
    session_id = models.CharField(max_length=64, blank=True)
    roles = models.CharField(max_length=4, blank=True, editable=False)
    """What its reports see of it: the first letters of their roles, each once, in order."""

    facets = models.ForeignKey(
        FacetSet, on_delete=models.RESTRICT, related_name="requests", db_index=False, editable=False
    )
    """What it is filtered by, as its fields said when it was last filed."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="one_request_a_key")]
        indexes = [
            models.Index(fields=["project", "api_request_id"], name="requests_by_api_id"),
            models.Index(fields=["project", "trace_id"], name="requests_by_trace", condition=~models.Q(trace_id="")),
            models.Index(
                fields=["project", "session_id", "started_at"],
                name="requests_by_session",
                condition=~models.Q(session_id=""),
            ),
            models.Index(
                fields=["project", "service", "roles", "started_at"],
                name="requests_by_roles",
                condition=~models.Q(service=""),
            ),
            models.Index(fields=["project", "-started_at", "-id", "facets"], name="requests_by_time"),
            models.Index(fields=["facets", "-started_at", "-id"], name="requests_by_facets"),
            models.Index(
                fields=["project", "user", "-started_at", "-id", "facets"],
                name="requests_by_user",
                condition=~models.Q(user=""),
            ),
        ]

    def __str__(self) -> str:
        return self.api_request_id or self.key

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the request; one that was never filed under its facets is filed first."""
        if self.facets_id is None:
            FacetSet.objects.file([self])
        super().save(*args, **kwargs)


class Telling(models.Model):
    """One account of a request that several tell of, so that it is known when told again, and can be told apart."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=96)
    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="tellings")
    told = models.JSONField(default=dict)
    """What it told, masked: the call is worked out anew when a further account completes or contradicts it."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="one_telling_a_key")]

    def __str__(self) -> str:
        return self.key


class Attempt(models.Model):
    """One HTTP try of a request, as far as a report describes it.

    Failed tries have a row where a report describes them. The successful one has a row only where it rescued its
    request; a request that succeeded at once is described by its own row alone.
    """

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    issue = models.ForeignKey(
        "Issue", on_delete=models.SET_NULL, null=True, blank=True, related_name="attempts", db_index=False
    )
    number = models.PositiveIntegerField(default=1)
    """Which try it was, counted from 1."""
    at = models.DateTimeField()
    """When it ended."""
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    api_request_id = models.CharField(max_length=80, blank=True)
    failed = models.BooleanField()
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error_type = models.CharField(max_length=64, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    exception = models.CharField(max_length=120, blank=True)
    message = models.TextField(blank=True)
    """What the error said, masked and cut to a bounded length."""
    category = models.CharField(max_length=8, blank=True)
    cause = models.CharField(max_length=64, blank=True)
    confidence = models.FloatField(null=True, blank=True)
    retry_after = models.FloatField(null=True, blank=True)
    """Seconds that the answer asked to wait."""
    model = models.CharField(max_length=80, blank=True)
    """The model that it asked, where a program turned to another than the request's."""
    headers = models.JSONField(default=dict, blank=True)
    body = models.TextField(blank=True)
    """The report itself, masked; kept for a bounded number an issue and minute."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="one_attempt_a_number")]
        indexes = [
            models.Index(fields=["project", "api_request_id"], name="attempts_by_request_id"),
            models.Index(fields=["issue", "-at"], name="attempts_by_issue"),
            models.Index(fields=["project", "at"], name="attempts_with_a_body", condition=~models.Q(body="")),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.request}"
