"""Exact counts a minute and an hour: what every chart and rate is read from."""

from __future__ import annotations

from django.db import models

from triage.models.project import Project


class Count(models.Model):
    """How many attempts and requests ended in one bucket of time, for one combination of dimensions.

    Attempts are counted in the minute in which they ended, requests in the minute in which their last attempt did.
    Successes stand under an empty cause and category; a request that failed or was rescued stands under its last
    failure. A failed try that no report describes (an SDK's own retry) stands under the cause ``not_reported``, in the
    category of the failure that its request ended with, or ``other`` where it was rescued; charts name that one "other
    or not reported", since a category of its own would be no side that anybody can act on.

    The counters carry no check against negative values: PostgreSQL checks the row proposed by ``INSERT ... ON
    CONFLICT`` before it adds it up, and a report that completes an earlier one takes back what that one had counted.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    start = models.DateTimeField()
    model = models.CharField(max_length=80, blank=True)
    service = models.CharField(max_length=80, blank=True)
    team = models.CharField(max_length=80, blank=True)
    category = models.CharField(max_length=8, blank=True)
    cause = models.CharField(max_length=64, blank=True)
    attempts = models.BigIntegerField(default=0)
    failures = models.BigIntegerField(default=0)
    requests = models.BigIntegerField(default=0)
    failed_requests = models.BigIntegerField(default=0)
    rescued_requests = models.BigIntegerField(default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.project} {self.start:%Y-%m-%d %H:%M}"


class MinuteCount(Count):
    """Counts by the minute."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "start", "model", "service", "team", "category", "cause"], name="one_minute_count"
            )
        ]


class HourCount(Count):
    """The same counts by the hour, for wide windows."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "start", "model", "service", "team", "category", "cause"], name="one_hour_count"
            )
        ]
