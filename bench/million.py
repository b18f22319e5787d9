"""A million stored requests, as skewed as a company's: few services make most calls, failures come in kinds and storms.

Written straight into the database, since how they came there doesn't matter to the pages that read them.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator

from django.db import connection
from django.utils import timezone

from triage.models import Attempt, FacetSet, Project, Request

REQUESTS = 1_000_000
DAYS = 30
_BATCH = 10_000
_SERVICES = 20
_USERS = 3_000
_TEAMS = ("storefront", "back-office", "data", "platform", "mobile", "research")
_MODELS = ("claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5")
_ENVIRONMENTS = ("production", "staging", "development")
_CLIENTS = ("anthropic-python", "anthropic-typescript", "claude-code", "opentelemetry", "json")
_FAILURES = (
    (30, 529, "overloaded", "server", "overloaded_error"),
    (25, 429, "rate_limit_input_tokens", "client", "rate_limit_error"),
    (12, 400, "prompt_too_long", "client", "invalid_request_error"),
    (10, 500, "internal_error", "server", "api_error"),
    (8, None, "connection_reset", "network", ""),
    (6, 400, "credit_balance_too_low", "billing", "invalid_request_error"),
    (4, 401, "invalid_api_key", "client", "authentication_error"),
    (3, 400, "tool_use_without_result", "client", "invalid_request_error"),
    (1, 413, "request_too_large", "client", "request_too_large"),
    (1, 404, "model_not_found", "client", "not_found_error"),
)
_OUTCOMES = (Request.Outcome.SUCCEEDED, Request.Outcome.RESCUED, Request.Outcome.FAILED)


def fill(project: Project, count: int = REQUESTS) -> None:
    """Store ``count`` requests of the last ``DAYS`` days, and the attempts that reports would have described."""
    dice = random.Random(0)
    now = timezone.now()
    left = count
    while left > 0:
        requests = [_request(project, dice, now) for _ in range(min(_BATCH, left))]
        FacetSet.objects.file(requests)
        Request.objects.bulk_create(requests)
        Attempt.objects.bulk_create(attempt for request in requests for attempt in _attempts(request))
        left -= len(requests)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as a server does by itself, only now


def _request(project: Project, dice: random.Random, now: dt.datetime) -> Request:
    service = min(int(dice.paretovariate(0.8)) - 1, _SERVICES - 1)
    age = dice.random()
    # A service keeps to one model and one client; old versions are heard of in old requests alone.
    model = _MODELS[(service + int(age > 0.6)) % len(_MODELS)] if dice.random() < 0.9 else dice.choice(_MODELS)
    outcome = dice.choices(_OUTCOMES, (86, 3, 11))[0]
    request = Request(
        project=project,
        key=f"bench:{uuid.UUID(int=dice.getrandbits(128)).hex}",
        api_request_id=f"req_011C{dice.getrandbits(80):020x}",
        started_at=now - dt.timedelta(days=DAYS) * age,
        duration_ms=int(dice.lognormvariate(8, 1)),
        outcome=outcome,
        model=model,
        long_context=dice.random() < 0.05,
        service=f"service-{service:02d}",
        team=_TEAMS[service % len(_TEAMS)],
        environment=dice.choices(_ENVIRONMENTS, (80, 15, 5))[0],
        user=f"user-{min(int(dice.paretovariate(0.7)), _USERS)}",
        client=f"{_CLIENTS[service % len(_CLIENTS)]}/2.{int((1 - age) * 6)}.{dice.randrange(2)}",
        streamed=(True, False, None)[service % 3] if dice.random() < 0.8 else True,
        input_tokens=int(dice.lognormvariate(7, 1.5)),
        output_tokens=int(dice.lognormvariate(6, 1)),
    )
    if outcome != Request.Outcome.SUCCEEDED:
        _, status, cause, category, kind = dice.choices(_FAILURES, [weight for weight, *_ in _FAILURES])[0]
        request.http_status, request.cause, request.category, request.error_type = status, cause, category, kind
        request.failures = 1
        request.attempts_made = 2 if outcome == Request.Outcome.RESCUED else 1
    return request


def _attempts(request: Request) -> Iterator[Attempt]:
    if request.outcome == Request.Outcome.SUCCEEDED:
        return
    told = {"request": request, "project_id": request.project_id, "at": request.started_at}
    yield Attempt(
        number=1,
        failed=True,
        api_request_id=request.api_request_id,
        http_status=request.http_status,
        error_type=request.error_type,
        category=request.category,
        cause=request.cause,
        **told,
    )
    if request.outcome == Request.Outcome.RESCUED:
        yield Attempt(number=2, failed=False, **told)
