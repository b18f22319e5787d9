"""Brings what waits in the outbox to the server: one daemon thread, its own connections, nothing of the caller's."""

from __future__ import annotations

import atexit
import gzip
import http.client
import json
import logging
import os
import random
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triage.client.asking import seconds_asked
from triage.client.outbox import Line, Outbox

logger = logging.getLogger("triage.client")

EXIT_PATIENCE = 2.0
"""Seconds that the end of the program may be held up to send what waits."""

_LONGEST_WAIT = 30.0  # seconds between two tries of a batch, where the server names no time
_LONGEST_ASKED = 300.0  # seconds that a server may ask to wait
_READ = 4096  # bytes of an answer that are looked at
_STOPPED = (401, 403)  # the key isn't taken: no later report would be
_PASSING = (404, 405, 408, 425, 429)  # below 500, but what a proxy says while the server behind it restarts


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would turn the report into a GET and carry the key elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    retry_after: float | None
    words: str


class Courier:
    """Sends batches until each is accepted or refused for good; a batch that is sent again carries the same ids."""

    def __init__(
        self,
        outbox: Outbox,
        url: str,
        key: str,
        *,
        common: Mapping[str, str],
        send_every: float,
        timeout: float,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        self._outbox = outbox
        self._url = url.rstrip("/") + "/api/v1/attempts"
        self._key = key
        self._common = common
        self._send_every = send_every
        self._timeout = timeout
        handlers = [urllib.request.HTTPSHandler(context=ssl_context)] if ssl_context else []
        self._opener = urllib.request.build_opener(_NoRedirect, *handlers)
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._something = threading.Event()
        self._hurry = threading.Event()
        self._stopping = False
        self._said: set[int] = set()

    def wake(self) -> None:
        """Let the thread know that something waits; starts it where there is none."""
        if not self._something.is_set():
            self._something.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="triage-client", daemon=True)
                    thread.start()
                    self._thread = thread
                    _started.add(self)

    def hurry(self) -> None:
        """Send at once what waits, without gathering more."""
        self._hurry.set()
        self._something.set()

    def stop(self) -> None:
        """Send once what waits and end the thread. Returns at once; ``join`` waits."""
        self._stopping = True
        self.hurry()

    def join(self, timeout: float) -> None:
        """Wait for the thread's end, at most ``timeout`` seconds."""
        if self._thread is not None:
            self._thread.join(max(timeout, 0.0))

    def _run(self) -> None:
        while not self._stopping:
            self._something.wait()
            self._hurry.wait(self._send_every)
            self._something.clear()
            self._hurry.clear()
            try:
                while lines := self._outbox.take():
                    if not self._deliver(lines):
                        return
            except Exception:  # whatever it is, later reports may do better
                logger.warning("A batch of reports was lost.", exc_info=True)

    def _deliver(self, lines: Sequence[Line]) -> bool:
        """Send a batch until it is accepted or refused for good; return whether there is a point in going on."""
        body = self._written(lines)
        tries = 0
        while True:
            answer = self._post(body)
            if 200 <= answer.status < 300:
                self._said.clear()
                return True
            if answer.status in _STOPPED:
                self._say_once(answer, "Nothing more is reported")
                self._outbox.close()
                return False
            if answer.status == 413 and len(lines) > 1:
                middle = len(lines) // 2
                return self._deliver(lines[:middle]) and self._deliver(lines[middle:])
            if 300 <= answer.status < 500 and answer.status not in _PASSING:
                self._say_once(answer, "Such reports are dropped")
                self._give_up(lines, f"refused with {answer.status}")
                return True
            self._say_once(answer, "Reports wait, and are dropped once there are too many")
            if self._stopping:
                return False
            self._hurry.wait(self._pause(answer, tries))
            self._hurry.clear()
            tries += 1

    def _give_up(self, lines: Sequence[Line], reason: str) -> None:
        self._outbox.drop(sum(line.weight for line in lines), reason)
        for line in lines:
            if line.weight == 0:
                self._outbox.drop(line.report["dropped"], line.report["reason"])

    def _written(self, lines: Sequence[Line]) -> bytes:
        texts = (json.dumps({**self._common, **line.report}, separators=(",", ":")) for line in lines)
        return gzip.compress("\n".join(texts).encode(), compresslevel=1)

    def _post(self, body: bytes) -> _Answer:
        """Return the server's answer to a batch; its status is 0 where none came."""
        headers = {
            "authorization": f"Bearer {self._key}",
            "content-type": "application/x-ndjson",
            "content-encoding": "gzip",
            "user-agent": "triage-client",
        }
        request = urllib.request.Request(self._url, body, headers)  # noqa: S310 - the reporter takes http and https only
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                return _Answer(response.status, None, "")
        except urllib.error.HTTPError as error:
            with error:
                # One read and no more: a server that answers a byte at a time must not hold the thread.
                words = _words(error.fp.read1(_READ)) if isinstance(error.fp, http.client.HTTPResponse) else ""
                return _Answer(error.code, seconds_asked(error.headers.get("retry-after")), words)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return _Answer(0, None, f"{type(error).__name__}: {error}")

    def _pause(self, answer: _Answer, tries: int) -> float:
        """Return how many seconds to wait: what the server asks for, else twice as long each time."""
        if answer.retry_after is not None:
            return min(answer.retry_after, _LONGEST_ASKED) + random.uniform(0, self._send_every)  # noqa: S311
        longest: float = min(_LONGEST_WAIT, self._send_every * 2 ** min(tries, 16))
        return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads programs out, hides nothing

    def _say_once(self, answer: _Answer, consequence: str) -> None:
        if answer.status not in self._said:
            self._said.add(answer.status)
            said = f"answered {answer.status}" if answer.status else "could not be reached"
            logger.warning("%s %s: %s. %s.", self._url, said, answer.words or "no reason given", consequence)


def _words(body: bytes) -> str:
    """Return the reason that our own server gives in JSON, or the beginning of whatever else answered."""
    try:
        told = json.loads(body)
        return str(told["error"])[:300]
    except (ValueError, KeyError, TypeError):
        return " ".join(body.decode("utf-8", "replace").split())[:100]


_started: set[Courier] = set()
"""Those that may have something to send at the program's end, whoever has forgotten them by then."""


def _send_what_waits() -> None:
    until = time.monotonic() + EXIT_PATIENCE
    couriers = list(_started)
    for courier in couriers:
        courier.stop()
    for courier in couriers:
        courier.join(until - time.monotonic())


atexit.register(_send_what_waits)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_started.clear)  # the parent's threads are the parent's
