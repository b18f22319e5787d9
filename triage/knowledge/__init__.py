"""What is known about failures of Claude API requests: data files, their schema and their loader."""

from triage.knowledge.loader import UNKNOWN, Knowledge, KnowledgeError, load, load_from
from triage.knowledge.schema import Answer, Cause, Code, Fix, Pattern, Question, RetryPolicy, Snippet, Source

__all__ = [
    "UNKNOWN",
    "Answer",
    "Cause",
    "Code",
    "Fix",
    "Knowledge",
    "KnowledgeError",
    "Pattern",
    "Question",
    "RetryPolicy",
    "Snippet",
    "Source",
    "load",
    "load_from",
]
