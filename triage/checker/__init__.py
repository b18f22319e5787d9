"""Finds, without asking anybody, what the API would refuse in a Messages request, and mends what can be mended."""

from triage.checker.engine import CheckResult, Mended, check
from triage.checker.model import Edit, Finding, Mend, Severity, Unknown, Unreadable
from triage.checker.resolve import Resolved, find_paths, resolve

__all__ = [
    "CheckResult",
    "Edit",
    "Finding",
    "Mend",
    "Mended",
    "Resolved",
    "Severity",
    "Unknown",
    "Unreadable",
    "check",
    "find_paths",
    "resolve",
]
