"""How fast each page is when much is stored."""

from __future__ import annotations

import asyncio
import http.cookiejar
import json
import random
import statistics
import time
import urllib.parse
import urllib.request
import uuid

from bench.load import send
from bench.server import Server

STORED_ATTEMPTS = 100_000
_BATCH = 500
_REPEATS = 25
_DAY = 86_400
PAGES = (
    "/",
    "/?window=24h",
    "/?window=7d",
    "/issues/",
    "/requests/",
    "/requests/?outcome=failed",
    "/diagnose/",
    "/walk/",
    "/reference/",
    "/reference/codes/529/",
    "/reference/causes/overloaded/",
    "/connect/",
    "/settings/",
)

_ERRORS = (
    (529, "overloaded_error", "Overloaded"),
    (429, "rate_limit_error", "Number of request tokens has exceeded your per-minute rate limit"),
    (400, "invalid_request_error", "prompt is too long: 211474 tokens > 200000 maximum"),
    (401, "authentication_error", "invalid x-api-key"),
    (500, "api_error", "Internal server error"),
)


def fill(server: Server, key: str) -> None:
    """Report ``STORED_ATTEMPTS`` attempts of the last day, a tenth of them failed, in lists of 500."""
    dice = random.Random(0)
    made = 0
    while made < STORED_ATTEMPTS:
        batches = [json.dumps([_attempt(dice) for _ in range(_BATCH)]).encode() for _ in range(20)]
        asyncio.run(send(server.port, key, batches, connections=4))
        made += _BATCH * len(batches)
        server.wait_until_digested(waiting=20)
    server.wait_until_digested()


def _attempt(dice: random.Random) -> dict[str, object]:
    attempt: dict[str, object] = {
        "id": uuid.uuid4().hex,
        "at": time.time() - dice.random() * _DAY,
        "service": f"service-{dice.randrange(8)}",
        "team": f"team-{dice.randrange(3)}",
        "model": dice.choice(("claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5")),
        "client": "anthropic-python/2.12.0",
        "request_id": "req_011C" + uuid.uuid4().hex[:20],
        "duration_ms": dice.randrange(200, 9000),
        "outcome": "succeeded",
        "status": 200,
    }
    if dice.random() < 0.1:
        status, kind, message = dice.choice(_ERRORS)
        attempt |= {"outcome": "failed", "status": status, "error": {"type": kind, "message": message}}
    return attempt


def measure(server: Server) -> dict[str, tuple[float, float]]:
    """Return, for each page, the median and the 95th percentile of its answer in milliseconds.

    Raises:
        urllib.error.HTTPError: a page does not answer 200.
        RuntimeError: a page asks to sign in.
    """
    opener = _signed_in(server)
    results = {}
    for page in PAGES:
        times = []
        for _ in range(_REPEATS):
            began = time.perf_counter()
            answer = opener.open(server.base + page)
            answer.read()
            times.append((time.perf_counter() - began) * 1000)
        if "/sign-in/" in answer.url:
            raise RuntimeError(f"{page} asks to sign in")
        results[page] = (statistics.median(times), statistics.quantiles(times, n=20)[-1])
    return results


def _signed_in(server: Server) -> urllib.request.OpenerDirector:
    """Return a browser of the owner: the link's page holds a form, and sending it signs in."""
    cookies = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    link = server.manage("sign_in_link", "--base", server.base)
    opener.open(link).read()
    token = next(cookie.value or "" for cookie in cookies if cookie.name == "csrftoken")
    opener.open(link, urllib.parse.urlencode({"csrfmiddlewaretoken": token}).encode()).read()
    return opener
