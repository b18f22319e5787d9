"""The reference beside codes and causes: error types, the SDK's exception classes, practices."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from dashboard import wording
from dashboard.catching import catching_lines, printed_form
from dashboard.limit_rows import limit_rows
from dashboard.verdicts import Verdict
from dashboard.views.common import open_page, render_page
from triage.knowledge import Cause, Code, load
from triage.knowledge.reference import ErrorType, ExceptionClass, load_reference


@require_safe
@open_page
def error_types(request: HttpRequest) -> HttpResponse:
    """List every ``error.type`` of the API."""
    page = "reference/types.html"
    return render_page(request, page, page, {"types": load_reference().types.values()})


@require_safe
@open_page
def error_type(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell everything about one ``error.type``.

    Raises:
        Http404: there is no such type.
    """
    entry = load_reference().types.get(slug)
    if entry is None:
        raise Http404
    knowledge = load()
    codes = [code for status in entry.statuses if (code := knowledge.code_of_status.get(status)) is not None]
    behind = [knowledge.causes[each] for each in entry.causes]
    context = {
        "entry": entry,
        "codes": codes,
        "causes": behind,
        "rest": [each for each in knowledge.causes.values() if slug in each.seen_with.type and each not in behind],
        "exceptions": _raised_for(entry),
    }
    return render_page(request, "reference/type.html", "reference/type.html", context)


@require_safe
@open_page
def exceptions(request: HttpRequest) -> HttpResponse:
    """List every exception class of the SDK, by what raises it."""
    context = {"groups": _grouped(), "total": len(load_reference().exceptions)}
    return render_page(request, "reference/exceptions.html", "reference/exceptions.html", context)


@require_safe
@open_page
def exception(request: HttpRequest, name: str) -> HttpResponse:
    """Tell everything about one exception class; a former name leads to the present one.

    Raises:
        Http404: there is no such class.
    """
    reference = load_reference()
    entry = reference.exception(name)
    if entry is None:
        raise Http404
    if entry.name != name:
        return redirect("reference_exception", entry.name)
    knowledge = load()
    lineage = reference.lineage(entry)
    code = knowledge.codes.get(entry.code) if entry.code else None
    causes = [knowledge.causes[each] for each in entry.causes]
    context: dict[str, Any] = {
        "entry": entry,
        "code": code,
        "causes": causes,
        "advice": causes[0] if entry.error_code else (code or next(iter(causes), None)),
        "lineage": lineage,
        "children": reference.children(entry.name),
        "attributes": [(each, owner) for owner in (entry, *lineage) for each in owner.attributes],
        "printed": printed_form(entry, code),
        "catching": catching_lines(entry, reference),
        "retrying": _retrying(entry),
    }
    return render_page(request, "reference/exception.html", "reference/exception.html", context)


@require_safe
@open_page
def practices(request: HttpRequest) -> HttpResponse:
    """Show what a good client does, who does it by itself today, and what holds for all errors alike."""
    reference = load_reference()
    chapters = [
        (slug, title, [each for each in reference.practices.values() if each.chapter == slug])
        for slug, title in wording.CHAPTERS.items()
    ]
    topics = [(each, [*limit_rows(each.limits), *each.facts]) for each in reference.topics.values()]
    context = {"chapters": chapters, "topics": topics}
    return render_page(request, "reference/practices.html", "reference/practices.html", context)


def _raised_for(entry: ErrorType) -> list[ExceptionClass]:
    """The classes of the statuses that a type comes with, those of single error codes left out."""
    return [
        each
        for each in load_reference().exceptions.values()
        if each.status in entry.statuses and each.error_code is None
    ]


def _retrying(entry: ExceptionClass) -> Verdict:
    if entry.retried:
        return Verdict("retry", _("The SDK tries again by itself"), entry.retry_note)
    return Verdict("stop", _("The SDK doesn't try again"), entry.retry_note)


def _grouped() -> list[tuple[str, list[tuple[ExceptionClass, Cause | Code | None]]]]:
    """The classes by what raises them, each with the cause or the code that tells more."""
    reference, knowledge = load_reference(), load()
    groups: dict[str, list[tuple[ExceptionClass, Cause | Code | None]]] = {
        _("For a status"): [],
        _("Without an answer, and around the request"): [],
        _("For an error code"): [],
        _("In tools and toolsets: no failure of a request"): [],
    }
    by_status, around, by_code, tools = groups.values()
    for each in reference.exceptions.values():
        code = knowledge.codes.get(each.code) if each.code and not each.error_code else None
        row = (each, code or (knowledge.causes[each.causes[0]] if each.causes else None))
        lineage = {base.name for base in reference.lineage(each)}
        if each.error_code:
            by_code.append(row)
        elif each.status:
            by_status.append(row)
        elif "ToolError" in {each.name, *lineage} or ".tools" in each.module:
            tools.append(row)
        else:
            around.append(row)
    return list(groups.items())
