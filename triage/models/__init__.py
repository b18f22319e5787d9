"""What is stored: projects and keys, requests and attempts, issues, counts, and the bookkeeping of the intake."""

from triage.models.alert import AlertChange, AlertMessage, AlertRule, Channel, Delivery
from triage.models.attempt import Attempt, Request, Telling
from triage.models.check import Check, CheckResult, CheckState
from triage.models.count import Count, HourCount, MinuteCount
from triage.models.facets import SLOW_SECONDS, FacetSet
from triage.models.incident import Incident, IncidentEvent, Watch
from triage.models.intake import DigestedEntry, DimensionValue, DropCount, FoldedValues, Source
from triage.models.issue import Issue, IssueEvent
from triage.models.project import KEY_PREFIX, IngestKey, Membership, Project, SignInToken, digest_of

__all__ = [
    "KEY_PREFIX",
    "SLOW_SECONDS",
    "AlertChange",
    "AlertMessage",
    "AlertRule",
    "Attempt",
    "Channel",
    "Check",
    "CheckResult",
    "CheckState",
    "Count",
    "Delivery",
    "DigestedEntry",
    "DimensionValue",
    "DropCount",
    "FacetSet",
    "FoldedValues",
    "HourCount",
    "Incident",
    "IncidentEvent",
    "IngestKey",
    "Issue",
    "IssueEvent",
    "Membership",
    "MinuteCount",
    "Project",
    "Request",
    "SignInToken",
    "Source",
    "Telling",
    "Watch",
    "digest_of",
]
