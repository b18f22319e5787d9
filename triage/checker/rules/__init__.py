"""The rules, one module per theme; importing this package registers them all."""

from triage.checker.registry import RULES
from triage.checker.rules import (
    caching,
    conversation,
    fields,
    images,
    models,
    pairing,
    parameters,
    pdfs,
    schemas,
    sizes,
    stored,
    thinking,
    tools,
    values,
)

__all__ = [
    "RULES",
    "caching",
    "conversation",
    "fields",
    "images",
    "models",
    "pairing",
    "parameters",
    "pdfs",
    "schemas",
    "sizes",
    "stored",
    "thinking",
    "tools",
    "values",
]
