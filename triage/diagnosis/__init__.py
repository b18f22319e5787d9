"""Reads what failed requests leave behind and names the cause. Pure: no Django, no database, no clock."""

from triage.diagnosis.engine import diagnose
from triage.diagnosis.findings import Ask, Credential, Fault, FoundError, Pointer, Reset, Span
from triage.diagnosis.model import Candidate, Diagnosis, Reason
from triage.diagnosis.reports import classify, diagnose_fields
from triage.diagnosis.unknowns import draft_entry

__all__ = [
    "Ask",
    "Candidate",
    "Credential",
    "Diagnosis",
    "Fault",
    "FoundError",
    "Pointer",
    "Reason",
    "Reset",
    "Span",
    "classify",
    "diagnose",
    "diagnose_fields",
    "draft_entry",
]
