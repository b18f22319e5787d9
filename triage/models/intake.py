"""The bookkeeping of what came in: entries applied, reports dropped, sources heard from."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from triage.models.project import Project


class DigestedEntry(models.Model):
    """The id of an inbox entry whose effects are stored; written in the same transaction as they are.

    A client's tally, which adds to counts and leaves no row of its own, is remembered here by its id as well.
    """

    entry_id = models.CharField(max_length=40, unique=True)
    digested_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.entry_id


class DropCount(models.Model):
    """How many accepted reports were not stored on a day, and why."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="drops")
    day = models.DateField()
    reason = models.CharField(max_length=80)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "day", "reason"], name="one_drop_count")]

    def __str__(self) -> str:
        return f"{self.reason}: {self.count}"


class DimensionValue(models.Model):
    """A service, model, team, environment or client that a project's reports of one day named in time to keep its name.

    Written in the transaction that stores the reports. Only the days of reports that may still be delivered matter.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    """The UTC day of receipt."""
    value = models.CharField(max_length=80)
    dimension = models.CharField(max_length=12)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "day", "value", "dimension"], name="one_dimension_value")
        ]

    def __str__(self) -> str:
        return f"{self.dimension} {self.value}"


class FoldedValues(models.Model):
    """How many reports of a day named a value of one dimension that the day had no room for."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="folded_values", db_index=False)
    day = models.DateField()
    dimension = models.CharField(max_length=12)
    reports = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "day", "dimension"], name="one_count_of_folded")]

    def __str__(self) -> str:
        return f"{self.dimension} {self.day}: {self.reports}"


class Source(models.Model):
    """One program of one service that reports: when it was first and last heard, and how much it told."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="sources")
    client = models.CharField(max_length=60)
    """``claude-code/2.1.197``, ``anthropic-python/2.12.0``, ``json``."""
    service = models.CharField(max_length=80, blank=True)
    signal = models.CharField(max_length=16)
    """``logs``, ``traces``, ``metrics`` or ``attempts``."""
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    attempts = models.BigIntegerField(default=0)
    failures = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "client", "service", "signal"], name="one_source")]
        ordering = ["-last_seen_at"]

    def __str__(self) -> str:
        return f"{self.client} of {self.service}"
