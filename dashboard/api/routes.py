"""The operations of the API."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from ninja import Field, NinjaAPI, Query, Schema
from ninja.errors import AuthenticationError, HttpError
from ninja.openapi.schema import OpenAPISchema

from dashboard.api import attempts, checks, schemas
from dashboard.api.access import KNOWLEDGE, TEAM, Caller
from dashboard.checking import BusyError, run_check
from triage import rates
from triage.diagnosis import diagnose
from triage.ingest.scrub import scrub_value
from triage.knowledge import load
from triage.knowledge.facts import Endpoint
from triage.models import Attempt, Issue, Project, Request

_MOST_ISSUES = 500
_FURTHEST_ISSUE = 10**9


class TriageAPI(NinjaAPI):
    """The API with the one operation that isn't Django's added to its description."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """Return the OpenAPI description."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        schema["paths"]["/api/v1/attempts"] = attempts.OPERATION
        return schema


api = TriageAPI(
    title="Triage",
    version="1",
    description="Errors of Claude API calls: report them, count them, explain them.",
    docs_url=None,  # ninja's own page of documentation loads its scripts from another host
    urls_namespace="api",
)


@api.exception_handler(AuthenticationError)
def _unauthorized(request: HttpRequest, error: Exception) -> HttpResponse:
    detail = "Send an ingest key (Authorization: Bearer tri_...) or the cookie of a session."
    return JsonResponse({"detail": detail}, status=401, headers={"WWW-Authenticate": "Bearer"})


@api.exception_handler(RequestDataTooBig)
def _body_too_big(request: HttpRequest, error: Exception) -> HttpResponse:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if request.path == reverse("api:check"):
        return _too_large(f"The body is larger than {limit} bytes.", "TRIAGE_MAX_REQUEST_BYTES", limit)
    detail = f"The body is larger than {limit} bytes (12 a character of TRIAGE_MAX_PASTE_CHARS)."
    return _too_large(detail, "TRIAGE_MAX_PASTE_CHARS", limit)


@api.post("/diagnose", auth=KNOWLEDGE, response={200: schemas.Diagnosis, 413: schemas.TooLarge}, summary="Diagnose")
def diagnose_text(request: HttpRequest, paste: schemas.Paste) -> HttpResponse:
    """Say what an error is. Nothing of the text is stored; secrets in the answer are masked."""
    limit = settings.TRIAGE_MAX_PASTE_CHARS
    if len(paste.text) > limit:
        detail = f"The text has {len(paste.text)} characters; TRIAGE_MAX_PASTE_CHARS is {limit}."
        return _too_large(detail, "TRIAGE_MAX_PASTE_CHARS", limit)
    return JsonResponse(scrub_value(diagnose(paste.text).as_dict()))


@api.post(
    "/check",
    auth=KNOWLEDGE,
    response={200: schemas.Check, 413: schemas.TooLarge, 503: schemas.Problem},
    summary="Check a request",
    openapi_extra=checks.BODY,
    url_name="check",
)
def check_request(request: HttpRequest, endpoint: Endpoint = "messages", mended: bool = True) -> HttpResponse:
    """Find offline what the API would refuse in a Messages request or a batch. Nothing is stored or sent on.

    The body is ``{"request": ...}``, or the request itself as it would be sent (JSON; JSONL for a batch). The answer
    holds the request's own words, unmasked; ``mended=false`` leaves the mended request out.
    """
    body, limit = request.body, settings.TRIAGE_MAX_REQUEST_BYTES
    if len(body) > limit:
        detail = f"The body has {len(body)} bytes; TRIAGE_MAX_REQUEST_BYTES is {limit}."
        return _too_large(detail, "TRIAGE_MAX_REQUEST_BYTES", limit)
    try:
        checked = run_check(checks.unwrapped(body), endpoint, size=len(body))
    except BusyError as error:
        return JsonResponse({"detail": str(error)}, status=503, headers={"Retry-After": "60"})
    told = checked.result.as_dict(with_mended=mended and checked.mended is not None)
    return JsonResponse({"mended": None, **told} if mended else told)


class RatesQuery(Schema):
    """What to count."""

    window: str | None = None
    start: str | None = Field(None, alias="from")
    end: str | None = Field(None, alias="to")
    project: str | None = None
    model: str | None = None
    service: str | None = None
    team: str | None = None
    cause: str | None = None
    category: str | None = None


@api.get("/rates", auth=TEAM, response={200: schemas.Rates, 400: schemas.Problem}, summary="Rates of a window")
def get_rates(request: HttpRequest, query: Query[RatesQuery]) -> dict[str, Any]:
    """Count attempts and requests in a window: ``15m``, ``1h``, ``6h``, ``24h``, ``7d``, or ``from`` and ``to``."""
    projects = [project.pk for project in _caller(request).narrowed(query.project)]
    try:
        window = rates.parse_window(query.window, start=query.start, end=query.end)
    except rates.WindowError as error:
        raise HttpError(400, str(error)) from error
    filters = rates.Filters(projects, query.model, query.service, query.team, query.cause, query.category)
    compared = rates.compare(window, filters)
    told = rates.series(window, filters)
    seconds = int(window.bucket.total_seconds())
    return {
        "window": {"name": window.name, "start": window.start, "end": window.end, "bucket_seconds": seconds},
        "totals": compared.now,
        "before": compared.before,
        "series": [
            {**_sums(totals), "start": start, "failures_by_category": _at(told, number)}
            for number, (start, totals) in enumerate(zip(told.starts, told.totals, strict=True))
        ],
        "by_category": rates.breakdown(window, filters, "category"),
        "by_cause": rates.breakdown(window, filters, "cause"),
        "heard": rates.last_heard(projects),
    }


@api.get("/issues", auth=TEAM, response=schemas.Issues, summary="Issues")
def get_issues(
    request: HttpRequest,
    project: str | None = None,
    state: Issue.State | None = None,
    cause: str | None = None,
    limit: Annotated[int, Field(ge=1, le=_MOST_ISSUES)] = 100,
    offset: Annotated[int, Field(ge=0, le=_FURTHEST_ISSUE)] = 0,
) -> dict[str, Any]:
    """List issues, last seen first."""
    found = Issue.objects.filter(project__in=_caller(request).narrowed(project)).select_related("project", "assignee")
    if state is not None:
        found = found.filter(state=state)
    if cause is not None:
        found = found.filter(cause=cause)
    rows = found.order_by("-last_seen_at", "-pk")[offset : offset + limit]
    return {"total": found.count(), "issues": [_issue(row) for row in rows]}


@api.get(
    "/requests/{request_id}",
    auth=TEAM,
    response={200: schemas.FoundRequest, 404: schemas.Problem},
    summary="What happened to a request",
)
def get_request(request: HttpRequest, request_id: str) -> dict[str, Any]:
    """Tell what became of the request with this id of the API (``req_...``), or of one of its attempts."""
    rows = _requests(_caller(request).projects, request_id)
    if not rows:
        raise Http404
    newest, *others = rows
    return {**newest, "others": others}


@api.get("/causes", auth=KNOWLEDGE, response=schemas.Causes, summary="All causes")
def get_causes(request: HttpRequest) -> dict[str, Any]:
    """List the causes of the knowledge."""
    knowledge = load()
    return {
        "causes": [
            {
                "slug": cause.slug,
                "title": cause.title,
                "category": cause.category,
                "who_acts": cause.who_acts,
                "retryable": cause.retry.retryable,
                "http_status": list(cause.seen_with.status),
                "family": knowledge.family_of[cause.slug],
                "url": request.build_absolute_uri(reverse("reference_cause", args=[cause.slug])),
            }
            for cause in knowledge.causes.values()
        ]
    }


@api.get("/causes/{slug}", auth=KNOWLEDGE, response={200: dict[str, Any], 404: schemas.Problem}, summary="One cause")
def get_cause(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Tell everything that the knowledge has about a cause."""
    cause = load().causes.get(slug)
    if cause is None:
        raise Http404
    return cause.model_dump(mode="json")


def _too_large(detail: str, setting: str, limit: int) -> HttpResponse:
    return JsonResponse({"detail": detail, "setting": setting, "limit": limit}, status=413)


def _caller(request: HttpRequest) -> Caller:
    caller = request.auth  # type: ignore[attr-defined]  # put there by ninja
    assert isinstance(caller, Caller)  # noqa: S101  what TEAM and KNOWLEDGE return
    return caller


def _sums(totals: rates.Totals) -> dict[str, Any]:
    return {name: getattr(totals, name) for name in schemas.Totals.model_fields}


def _at(series: rates.Series, number: int) -> dict[str, int]:
    return {category: counts[number] for category, counts in series.failures.items() if counts[number]}


def _issue(issue: Issue) -> dict[str, Any]:
    told = {name: getattr(issue, name) for name in schemas.Issue.model_fields if name not in ("project", "assignee")}
    return {
        **told,
        "project": issue.project.slug,
        "assignee": issue.assignee.get_username() if issue.assignee else None,
    }


def _requests(projects: Collection[Project], request_id: str) -> list[dict[str, Any]]:
    """Return the calls of ``projects`` that carry ``request_id``, themselves or in an attempt; newest first."""
    own = Q(api_request_id=request_id)
    of_attempt = Q(pk__in=Attempt.objects.filter(project__in=projects, api_request_id=request_id).values("request"))
    found = Request.objects.filter(own | of_attempt, project__in=projects).order_by("-started_at")[:20]
    tries = Prefetch("attempts", Attempt.objects.order_by("number", "at"))
    rows = found.select_related("project").prefetch_related(tries)
    plain = [name for name in schemas.Request.model_fields if name not in ("project", "request_id", "attempts")]
    return [
        {
            **{name: getattr(row, name) for name in plain},
            "project": row.project.slug,
            "request_id": row.api_request_id,
            "attempts": [_attempt(each) for each in row.attempts.all()],
        }
        for row in rows
    ]


def _attempt(attempt: Attempt) -> dict[str, Any]:
    plain = [name for name in schemas.Attempt.model_fields if name not in ("request_id", "issue")]
    told = {name: getattr(attempt, name) for name in plain}
    return {**told, "request_id": attempt.api_request_id, "issue": attempt.issue_id}
