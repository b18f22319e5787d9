"""The diagnosis: what is this error, and what do I do? (``/diagnose/``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dashboard.checking import Checked, Faulty, faulty_elements, handed_in, run_check
from dashboard.excerpts import Piece, excerpt
from dashboard.sightings import Sighting, TemplateSighting, sighting_of_cause, sighting_of_template
from dashboard.verdicts import Verdict, verdict_of
from dashboard.views.common import open_page, render_page, takes_requests
from dashboard.views.walk import walk_context
from triage.checker import Finding
from triage.diagnosis import Candidate, Diagnosis, Reason, diagnose, draft_entry
from triage.diagnosis.walk import walk_state
from triage.ingest.scrub import scrub_text
from triage.knowledge import Cause, Code, load
from triage.knowledge.schema import WayOut
from triage.models import Project, Request

EXAMPLES = ("overloaded", "tool_use_without_result", "credit_balance_too_low", "tls_certificate", "prompt_too_long")
"""Causes whose first example a newcomer may try; those that the knowledge doesn't have are left out."""
_WORTH_NAMING = 0.02
"""Confidence below which an alternative is noise."""
_MOST_ALTERNATIVES = 4
_MOST_FINDINGS = 5
_STUCK_IN = {"claude-code": "claude-code", "anthropic-python": "python", "anthropic-typescript": "typescript"}
"""The clients of a way out, by the name that the diagnosis gives to the program that printed the text."""


@dataclass(frozen=True)
class Answer:
    """What the page says to one text. The text in it is masked, and only ever shown to the one who pasted it."""

    diagnosis: Diagnosis
    masked: str
    projects: list[Project]
    added: Checked | None = None
    """The request that was added to the text, checked."""
    signed_in: bool = False

    @cached_property
    def cause(self) -> Cause | None:
        """The entry of the cause; nothing where it is unknown."""
        return load().causes.get(self.diagnosis.cause)

    @cached_property
    def code(self) -> Code | None:
        """The entry of the code, which says something even where the cause is unknown."""
        return load().codes.get(self.diagnosis.code or "")

    @cached_property
    def verdict(self) -> Verdict:
        """Retry or not: by the cause, else by the code."""
        entry = self.cause or self.code
        return verdict_of(entry.retry if entry else None, retry_after=self.diagnosis.retry_after)

    @cached_property
    def pieces(self) -> list[Piece]:
        """The pasted text with the words that decided, or would decide most, marked."""
        told = self.diagnosis
        spans = [span for reason in self.reasons for span in reason.spans]
        return excerpt(self.masked, [*spans, *(told.fault.spans if told.fault else ())])

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons of the best candidate, named or not; without words that lie inside other words that decided."""
        best = self.diagnosis.candidates[:1] if not self.diagnosis.reasons else ()
        told = self.diagnosis.reasons or (best[0].reasons if best else ())
        return tuple(
            reason
            for number, reason in enumerate(told)
            if not (reason.kind == "message" and any(_covers(other, reason) for other in told[:number]))
        )

    @cached_property
    def alternatives(self) -> list[Candidate]:
        """The other causes that the evidence allows, best first."""
        others = [one for one in self.diagnosis.candidates if one.cause != self.diagnosis.cause]
        return [one for one in others if one.confidence >= _WORTH_NAMING][:_MOST_ALTERNATIVES]

    @cached_property
    def walk(self) -> dict[str, object] | None:
        """The walk as far as the text answers it, where a question is left open; for ``walk/_walk.html``."""
        if not self.diagnosis.questions and self.cause is not None:
            return None
        state = walk_state(self.diagnosis.known_answers)
        return walk_context(state) if state.question is not None else None

    @cached_property
    def ways_out(self) -> tuple[list[WayOut], list[WayOut]]:
        """The ways out for the program that printed the text, which are open to see, and those for other programs.

        Where the entry has none for this program, or the program isn't known, what holds for any is open, else the
        first.
        """
        ways = list(self.cause.way_out) if self.cause else []
        client = _STUCK_IN.get(self.diagnosis.client or "")
        mine = [way for way in ways if client and way.client == client]
        mine = mine or [way for way in ways if way.client == "any"] or ways[:1]
        return mine, [way for way in ways if way not in mine]

    @property
    def way_first(self) -> str:
        """The first step of the way out, where it is known to be one for the program that printed the text."""
        fitting = {"any", _STUCK_IN.get(self.diagnosis.client or "")}
        return next((way.steps[0] for way in self.ways_out[0] if way.client in fitting), "")

    @cached_property
    def faulty(self) -> list[Faulty]:
        """The elements of the added request that the text points at."""
        return faulty_elements(self.added, [one.path for one in self.diagnosis.pointers]) if self.added else []

    @cached_property
    def findings(self) -> list[Finding]:
        """What else the check found in the added request; what fits the diagnosed cause first."""
        if self.added is None:
            return []
        told = {finding.pointer for each in self.faulty for finding in each.findings}
        others = [one for one in self.added.result.findings if one.pointer not in told]
        return sorted(others, key=lambda one: one.cause != self.diagnosis.cause)[:_MOST_FINDINGS]

    @cached_property
    def draft(self) -> str:
        """A draft of the entry that is missing, for people who are signed in; empty where a cause was named."""
        return scrub_text(draft_entry(self.diagnosis)) if self.signed_in and not self.cause else ""

    @cached_property
    def equals(self) -> TemplateSighting | None:
        """How often the reader's projects met an unknown failure with the same template."""
        template = self.diagnosis.template
        return sighting_of_template(self.projects, template) if template and not self.cause else None

    @cached_property
    def sighting(self) -> Sighting | None:
        """What the reader's own projects saw of the cause."""
        return sighting_of_cause(self.projects, self.cause.slug) if self.cause else None

    @cached_property
    def stored(self) -> list[str]:
        """The request ids of the text that the reader's projects reported as well."""
        told = [*self.diagnosis.request_ids][:20]
        if not told or not self.projects:
            return []
        known = Request.objects.filter(project__in=self.projects, api_request_id__in=told)
        return sorted(set(known.values_list("api_request_id", flat=True)))


def _frame() -> dict[str, Any]:
    """What stands around the answer."""
    return {
        "limit": settings.TRIAGE_MAX_PASTE_CHARS,
        "examples": [load().causes[slug] for slug in EXAMPLES if slug in load().causes],
        "text": "",
        "answer": None,
        "problem": "",
        "ask_model": settings.TRIAGE_ASK_MODEL if settings.ANTHROPIC_API_KEY else "",
    }


@takes_requests("diagnose/page.html", "diagnose/_answer.html", _frame)
@require_http_methods(["GET", "HEAD", "POST"])
@open_page
def diagnose_page(request: HttpRequest) -> HttpResponse:
    """Show the box; answer what was pasted into it, or an example (``?example=<cause>``). Nothing is stored."""
    text = request.POST.get("text", "") if request.method == "POST" else _example(request.GET.get("example", ""))
    context = _frame()
    status = 200
    if len(text) > settings.TRIAGE_MAX_PASTE_CHARS:
        status = 413
        context["problem"] = _(
            "This text has %(seen)s characters; %(limit)s are read at most (setting TRIAGE_MAX_PASTE_CHARS). "
            "Paste the part around the error."
        ) % {"seen": f"{len(text):,}", "limit": f"{settings.TRIAGE_MAX_PASTE_CHARS:,}"}
    elif text.strip():
        # A form sends line breaks as CR LF; what the reader pasted had whatever it had.
        text = text.replace("\r\n", "\n")
        masked = scrub_text(text)
        projects = list(Project.objects.visible_to(request.user))
        given = handed_in(request, "request") if request.method == "POST" else ""
        added = run_check(given, size=len(given)) if given else None
        context |= {
            "text": masked,
            "answer": Answer(diagnose(text), masked, projects, added, request.user.is_authenticated),
            "named": load().codes.get(text.strip()) or load().causes.get(text.strip()),
        }
    elif request.method == "POST":
        context["problem"] = _("There is nothing in the box yet: paste an error, a log or a terminal's output.")
    return render_page(request, "diagnose/page.html", "diagnose/_answer.html", context, status=status)


def _covers(wide: Reason, narrow: Reason) -> bool:
    """Tell whether all words of ``narrow`` lie inside those of ``wide``."""
    return bool(narrow.spans) and all(
        any(outer.start <= inner.start and inner.end <= outer.end for outer in wide.spans) for inner in narrow.spans
    )


def _example(slug: str) -> str:
    """Return the example text of a cause; empty where none is asked for.

    Raises:
        Http404: the cause doesn't exist or has no example.
    """
    if not slug:
        return ""
    cause = load().causes.get(slug)
    if cause is None or not cause.examples:
        raise Http404
    return cause.examples[0]
