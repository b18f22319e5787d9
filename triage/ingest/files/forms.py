"""The forms of files that are understood: a further one is a further module in this list."""

from __future__ import annotations

from collections.abc import Iterable

from triage.ingest.files import claude_debug, claude_transcript, error_guide, litellm, our_json
from triage.ingest.files.form import Form
from triage.ingest.files.lines import Line

FORMS: dict[str, Form] = {each.NAME: each for each in (our_json, error_guide, claude_transcript, claude_debug, litellm)}
"""By name; where a line could be of several, the more particular forms are asked first."""
_ORDER = (claude_transcript, claude_debug, litellm, error_guide, our_json)


def form_of(lines: Iterable[Line]) -> Form | None:
    """Return the form of a file that begins with ``lines``, or ``None`` where none of them shows one."""
    for line in lines:
        for form in _ORDER:
            if line.text and form.claims(line.text):
                return form
    return None
