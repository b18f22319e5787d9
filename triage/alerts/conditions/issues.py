"""Turning points of issues: a cause that is new, and one that came back after it was resolved."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from triage.alerts.conditions.model import Condition
from triage.models import IssueEvent

NEW_CAUSE = Condition(
    slug="new_cause",
    title=gettext_lazy("New cause"),
    help=gettext_lazy("A kind of failure that this project hasn't had before. It is told once and has no end."),
    filters=("cause",),
    event=IssueEvent.Kind.OPENED,
)
REGRESSION = Condition(
    slug="regression",
    title=gettext_lazy("An issue came back"),
    help=gettext_lazy("A resolved issue fails again. It is told once and has no end."),
    filters=("cause",),
    event=IssueEvent.Kind.REGRESSED,
)
