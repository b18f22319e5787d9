"""Our own JSON: an object a line, as clients post it and as ``export_errors`` writes it."""

from __future__ import annotations

from collections.abc import Iterator

from triage.ingest.files.form import Told, load_object, try_object

NAME = "ours"
_OURS = frozenset({"outcome", "attempt", "attempts", "call", "error", "exception", "request_id", "failed"})


def claims(text: str) -> bool:
    """Return whether the line has a time and a field that our format has."""
    told = try_object(text)
    return "at" in told and bool(_OURS & told.keys() or "status" in told)


class Reader:
    """Each line stands for itself."""

    def read(self, text: str) -> Iterator[Told]:
        """Yield the report that a line is."""
        yield dict(load_object(text))

    def end(self) -> Iterator[Told]:
        """Nothing is held back."""
        return iter(())
