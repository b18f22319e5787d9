"""The receiver: a bare ASGI application that checks key, size and shape, puts the bytes in the inbox, and answers.

A 2xx is answered only once Valkey has the report on disk. Understanding it is the digest's business.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from triage.ingest import answers, bodies, inbox, shape
from triage.ingest.answers import JSON, PROTOBUF, Answer, Send
from triage.ingest.bodies import Receive
from triage.ingest.inbox import Appender, InboxAway, NewEntry
from triage.ingest.keys import Denied, Granted, KeyRing, LookupFailed
from triage.ingest.limits import BeyondLimit, InboxFull, Limits, Malformed, Refused
from triage.ingest.otlp import SIGNALS
from triage.ingest.waking import wake_digest

logger = logging.getLogger(__name__)

ATTEMPTS = "/api/v1/attempts"
OTLP = "/otlp/"
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_PROTOBUFS = (PROTOBUF, "application/protobuf")
_FULL_FOR, _AWAY_FOR = 5, 2  # seconds that a client is asked to wait
_DRAINED = 256 * 1024  # bytes


def is_ours(path: str) -> bool:
    """Return whether the receiver answers ``path``; everything else is Django's."""
    return path == ATTEMPTS or path.startswith(OTLP)


@dataclass(frozen=True, slots=True)
class _Form:
    """What a request says its body is."""

    signal: str
    """``attempts`` or one of OTLP's."""
    encoding: str
    """``json``, ``lines`` or ``protobuf``."""

    @property
    def content_type(self) -> str:
        return PROTOBUF if self.encoding == "protobuf" else JSON


class Receiver:
    """The ASGI application. Connections belong to the event loop that they were opened in."""

    def __init__(self, limits: Limits | None = None, keys: KeyRing | None = None) -> None:
        self._limits = limits or Limits.from_settings()
        self._keys = keys or KeyRing()
        self._appenders: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Appender] = weakref.WeakKeyDictionary()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {name.lower(): value for name, value in scope["headers"]}
        own = scope["path"] == ATTEMPTS
        told_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
        content_type = PROTOBUF if told_type in _PROTOBUFS else JSON
        try:
            answer = await self._answer(scope, headers, told_type, receive)
        except bodies.Gone:
            return
        except Refused as refusal:
            told = (refusal.status, refusal.message)
            answer = (
                answers.refused(*told, refusal.headers)
                if own
                else answers.refused_export(*told, content_type, refusal.headers)
            )
        await answer.send(send)

    async def close(self) -> None:
        """Let appends end that are under way in this event loop, and close its connections."""
        appender = self._appenders.pop(asyncio.get_running_loop(), None)
        if appender is not None:
            await appender.close()

    async def _answer(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], told_type: str, receive: Receive
    ) -> Answer:
        signal = _signal(scope["path"])
        if scope["method"] != "POST":
            raise Refused(405, "reports are sent by POST", headers=(("allow", "POST"),))
        try:
            granted = await self._granted(headers)
            form = _form(signal, told_type)
            encoding = _encoding(headers)
        except Refused:
            await _drain(receive)
            raise
        try:
            sent = await bodies.read_body(receive, self._limits, _declared(headers))
            body = bodies.decompress(sent, encoding, self._limits)
            count, body = self._accept(form, body)
        except Malformed as error:
            raise Refused(400, str(error)) from None
        except BeyondLimit as error:
            raise Refused(413, str(error)) from None
        except bodies.TooSlow:
            raise Refused(408, f"the body was not complete after {bodies.PATIENCE:g} s") from None
        if count:
            name = f"{form.signal}:{form.encoding}"
            await self._append(NewEntry(name, granted.project_id, granted.key_id, inbox.now(), body))
        return answers.accepted(count) if signal == "attempts" else answers.exported(form.content_type)

    def _accept(self, form: _Form, body: bytes) -> tuple[int, bytes]:
        if form.signal == "attempts":
            return shape.accept_attempts(body, self._limits, lines=form.encoding == "lines")
        signal = next(each for each in SIGNALS if each == form.signal)
        return shape.accept_export(body, signal, self._limits, protobuf=form.encoding == "protobuf")

    async def _granted(self, headers: Mapping[bytes, bytes]) -> Granted:
        scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        challenge = (("www-authenticate", 'Bearer realm="triage"'),)
        if scheme.lower() != "bearer" or not key.strip():
            raise Refused(401, "send the header “Authorization: Bearer KEY” with an ingest key", headers=challenge)
        try:
            answer = await self._keys.find(key.strip())
        except LookupFailed as failed:
            logger.warning("a key can't be checked: %s", failed.__cause__)
            raise _come_back(503, "the database is away, so the key can't be checked", _AWAY_FOR) from None
        if answer is Denied.UNKNOWN:
            raise Refused(401, "no such ingest key", headers=challenge)
        if answer is Denied.REVOKED:
            raise Refused(403, "this ingest key was revoked")
        assert isinstance(answer, Granted)  # noqa: S101 - the two denials are all there are
        return answer

    async def _append(self, entry: NewEntry) -> None:
        loop = asyncio.get_running_loop()
        appender = self._appenders.get(loop)
        if appender is None:
            appender = self._appenders[loop] = Appender(settings.REDIS_URL, self._limits)
        try:
            await appender.append(entry)
        except InboxFull as full:
            raise _come_back(429, str(full), _FULL_FOR) from None
        except InboxAway as away:
            logger.warning("a report was refused since Valkey did not confirm it: %s", away)
            raise _come_back(503, "the inbox is away; nothing was accepted for sure", _AWAY_FOR) from None
        wake_digest()


def _signal(path: str) -> str:
    if path == ATTEMPTS:
        return "attempts"
    for signal in SIGNALS:
        if path.rstrip("/") == f"{OTLP}v1/{signal}":
            return signal
    known = ", ".join(f"{OTLP}v1/{signal}" for signal in SIGNALS)
    raise Refused(404, f"nothing is received here; OTLP/HTTP is received at {known}")


def _form(signal: str, told_type: str) -> _Form:
    if told_type == JSON:
        return _Form(signal, "json")
    if signal == "attempts" and told_type in _LINES:
        return _Form(signal, "lines")
    if signal != "attempts" and told_type in _PROTOBUFS:
        return _Form(signal, "protobuf")
    known = ", ".join((JSON, _LINES[0]) if signal == "attempts" else (JSON, PROTOBUF))
    shown = f"“{told_type[:60]}”" if told_type else "missing"
    raise Refused(415, f"the content type is {shown}; accepted are {known}")


def _encoding(headers: Mapping[bytes, bytes]) -> str:
    told = headers.get(b"content-encoding", b"").decode("latin-1").strip().lower() or "identity"
    if told not in bodies.ENCODINGS:
        accepted = ", ".join(bodies.ENCODINGS)
        raise Refused(
            415,
            f"the content encoding is “{told[:60]}”; accepted are {accepted}",
            headers=(("accept-encoding", accepted),),
        )
    return told


def _declared(headers: Mapping[bytes, bytes]) -> int | None:
    told = headers.get(b"content-length", b"")
    return int(told) if told.isdigit() and len(told) < 16 else None


async def _drain(receive: Receive) -> None:
    """Take what the client is sending, within bounds: one that is still writing would see a reset, not the answer."""
    size = 0
    try:
        async with asyncio.timeout(1):
            while size <= _DRAINED:
                message = await receive()
                size += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _come_back(status: int, message: str, seconds: int) -> Refused:
    return Refused(status, f"{message}; try again in {seconds} s", headers=(("retry-after", str(seconds)),))
