"""A Messages request as a person hands it in, checked, and what the pages show of it. Nothing of it is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest
from django.utils.translation import gettext as _

from triage.checker import CheckResult, Finding, Mend, Mended, Resolved, check, resolve
from triage.ingest.scrub import scrub_text
from triage.knowledge.facts import Endpoint

Args = ParamSpec("Args")
Given = TypeVar("Given")

_SHOWN_FINDINGS = 40
_SHOWN_LINES = 24
"""Lines of an element that are shown; the pointer tells where the rest is."""
_SHOWN_CHARACTERS = 4_000
_SHOWN_DIFF_LINES = 400
_LARGE = 1_000_000
"""Bytes from which a check takes long enough to keep others waiting."""
_PATIENCE = 30.0
_one_at_a_time = threading.Lock()


class TooLargeError(ValueError):
    """More was handed in than the setting ``TRIAGE_MAX_REQUEST_BYTES`` allows; the message names it."""

    def __init__(self, size: int) -> None:
        limit = settings.TRIAGE_MAX_REQUEST_BYTES
        told = _("This has %(seen)s bytes; %(limit)s are read at most (setting TRIAGE_MAX_REQUEST_BYTES).")
        super().__init__(told % {"seen": f"{size:,}", "limit": f"{limit:,}"})


class BusyError(RuntimeError):
    """Another large request is being checked, and it takes long."""

    def __init__(self) -> None:
        super().__init__(_("Another large request is being checked just now. Try again in a minute."))


class InMemory(MemoryFileUploadHandler):
    """Keeps an uploaded request in memory whatever its size, so that no file of it ever lies on the disk."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        """Take every upload; how large it may be was settled before."""
        self.activated = True


def keep_in_memory(request: HttpRequest) -> None:
    """See to it that files sent with ``request`` stay in memory; has to be called before its form is read.

    Raises:
        TooLargeError: the body is larger than any request that is read, form and all.
    """
    size = int(request.META.get("CONTENT_LENGTH") or 0)
    if size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise TooLargeError(size)
    request.upload_handlers = [InMemory(request)]


def handed_in(request: HttpRequest, name: str) -> str | bytes:
    """Return the request in the form's box ``name``, or in its file ``<name>_file``, which wins; empty without both.

    Raises:
        TooLargeError: it is larger than the setting allows.
    """
    file = request.FILES.get(f"{name}_file")
    if isinstance(file, UploadedFile) and file.size:
        given: str | bytes = file.read()
    else:
        given = request.POST.get(name, "").replace("\r\n", "\n")
    size = len(given) if isinstance(given, bytes) else len(given.encode("utf-8", "surrogatepass"))
    if size > settings.TRIAGE_MAX_REQUEST_BYTES:
        raise TooLargeError(size)
    return given if given.strip() else ""


def alone_if_large(size: int, work: Callable[Args, Given], *args: Args.args, **kwargs: Args.kwargs) -> Given:
    """Do ``work`` on ``size`` bytes; large work one piece at a time, so that the pages stay quick meanwhile.

    Raises:
        BusyError: another piece of large work took too long.
    """
    if size < _LARGE:
        return work(*args, **kwargs)
    if not _one_at_a_time.acquire(timeout=_PATIENCE):
        raise BusyError
    try:
        return work(*args, **kwargs)
    finally:
        _one_at_a_time.release()


@dataclass(frozen=True)
class DiffLine:
    """A line of a diff; ``kind`` is ``in``, ``out``, ``place`` (where it stands) or ``same``."""

    kind: str
    text: str


@dataclass(frozen=True)
class Shown:
    """A finding with the element that it is about, as far as a page shows it."""

    finding: Finding
    excerpt: str
    """The element as JSON, masked; empty where it is the whole request or isn't there."""


@dataclass(frozen=True)
class Checked:
    """The result of a check, made ready for a page."""

    result: CheckResult

    @cached_property
    def count(self) -> int:
        """How many findings there are, listed or not."""
        return len(self.result.findings) + self.result.unlisted

    @cached_property
    def more(self) -> list[tuple[str, int]]:
        """The causes of the findings that aren't listed, with their number, the most frequent first."""
        return sorted(self.result.unlisted_by_cause.items(), key=lambda each: -each[1])

    @cached_property
    def shown(self) -> list[Shown]:
        """The findings that are open to see, with their elements."""
        return [Shown(one, self._excerpt(one)) for one in self.result.findings[:_SHOWN_FINDINGS]]

    @cached_property
    def folded(self) -> tuple[Finding, ...]:
        """The findings behind those."""
        return self.result.findings[_SHOWN_FINDINGS:]

    @cached_property
    def mended(self) -> Mended | None:
        """The mended request; none where there is so much to mend that not all of it is even listed."""
        return None if self.result.unlisted else self.result.mended

    @cached_property
    def uncovered(self) -> list[Mend]:
        """The mends of what only came to light once the listed findings were mended."""
        told = {one.mended.does for one in self.result.findings if one.mended}
        return [mend for mend in self.mended.mends if mend.does not in told] if self.mended else []

    @cached_property
    def diff(self) -> list[DiffLine]:
        """The lines of the diff that are shown, masked, without the names of the files."""
        if self.mended is None:
            return []
        lines = scrub_text(_printable(self.mended.diff)).split("\n")[2:]
        return [_diff_line(line) for line in lines[:_SHOWN_DIFF_LINES]]

    @cached_property
    def diff_rest(self) -> int:
        """How many lines of the diff aren't shown."""
        return max(0, self.mended.diff.count("\n") - 1 - _SHOWN_DIFF_LINES) if self.mended else 0

    def _excerpt(self, finding: Finding) -> str:
        given = self.result.given
        if given is None or len(finding.steps) < 2:
            return ""
        return excerpt_of(resolve(finding.pointer, given.document))


@dataclass(frozen=True)
class Faulty:
    """The element of the added request that the text's pointer leads to; ``None`` where it leads nowhere in it."""

    pointer: str
    resolved: Resolved | None
    findings: tuple[Finding, ...]
    """What the check found there, or around it."""

    @cached_property
    def excerpt(self) -> str:
        """The element as JSON, masked."""
        return excerpt_of(self.resolved)


def run_check(given: str | bytes | object, endpoint: Endpoint = "messages", *, size: int = 0) -> Checked:
    """Check what was handed in; ``size`` in bytes decides whether it waits for other large ones.

    Raises:
        BusyError: another large one took too long.
    """

    def work() -> Checked:
        checked = Checked(check(given, endpoint=endpoint))
        _ = checked.mended  # mending takes as long as checking, so it waits in the same line
        return checked

    return alone_if_large(size, work)


def faulty_elements(checked: Checked, paths: list[str]) -> list[Faulty]:
    """Look the paths of an error up in the request that was added; each element once."""
    given = checked.result.given
    if given is None:
        return []
    found: dict[str, Faulty] = {}
    for path in paths:
        resolved = resolve(path, given.document)
        if resolved and resolved.rest[:1].isdigit():  # a place in a list that this request's list doesn't have
            resolved = None
        near = _near(checked.result.findings, resolved.pointer) if resolved else ()
        found.setdefault(resolved.pointer if resolved else path, Faulty(path, resolved, near))
    return list(found.values())


def excerpt_of(resolved: Resolved | None) -> str:
    """Return an element as JSON of few lines, masked; empty for none."""
    if resolved is None:
        return ""
    lines = resolved.excerpt()[:_SHOWN_CHARACTERS].split("\n")
    shown = lines if len(lines) <= _SHOWN_LINES else [*lines[:_SHOWN_LINES], "…"]
    return scrub_text("\n".join(shown))


def _near(findings: tuple[Finding, ...], pointer: str) -> tuple[Finding, ...]:
    """Return the findings at ``pointer``, inside of it, and at what it lies in."""
    return tuple(
        one
        for one in findings
        if one.pointer == pointer
        or one.pointer.startswith(f"{pointer}/")
        or (one.pointer and pointer.startswith(f"{one.pointer}/"))
    )


def _diff_line(line: str) -> DiffLine:
    kind = {"+": "in", "-": "out", "@": "place"}.get(line[:1], "same")
    return DiffLine(kind, line)


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
