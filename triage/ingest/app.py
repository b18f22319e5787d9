"""The receiver: a bare ASGI application that checks key, size and shape, puts the bytes in the inbox, and answers.

A 2xx is answered only once Valkey has the report on disk. Understanding it is the digest's business.
"""

from __future__ import annotations

import asyncio
import logging
import re
import weakref
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.conf import settings

from triage.ingest import answers, bodies, inbox, shape
from triage.ingest.answers import JSON, PROTOBUF, Answer, Send
from triage.ingest.bodies import Receive
from triage.ingest.inbox import Appender, InboxAway, NewEntry
from triage.ingest.keys import Granted, KeyRing, LookupFailed, Revoked, Unknown, key_told
from triage.ingest.limits import BeyondLimit, InboxFull, Limits, Malformed, Refused
from triage.ingest.otlp import SIGNALS
from triage.ingest.refusals import Refusal, Refusals
from triage.ingest.routes import Route, route_to, wire_of
from triage.ingest.waking import wake_digest

logger = logging.getLogger(__name__)

_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_PROTOBUFS = (PROTOBUF, "application/protobuf")
_FULL_FOR, _AWAY_FOR = 5, 2  # seconds that a client is asked to wait
_SENTRY_CLIENT = re.compile(r"\bsentry_client=([^\s,&]+)")
_DRAINED = 256 * 1024  # bytes
_PASSING = (429, 503)
"""Refusals that end by themselves: nothing has to be changed at the client."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request: how it came, and what it says of its body."""

    path: str
    method: str
    headers: Mapping[bytes, bytes]
    query: bytes
    wire: str

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> _Asked:
        headers = {name.lower(): value for name, value in scope["headers"]}
        path = scope["path"]
        return cls(path, scope["method"], headers, scope.get("query_string", b""), wire_of(path))

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1").strip()

    @property
    def media_type(self) -> str:
        return self.header(b"content-type").partition(";")[0].strip().lower()

    @property
    def answer_type(self) -> str:
        return PROTOBUF if self.media_type in _PROTOBUFS else JSON

    @property
    def size(self) -> int | None:
        """Bytes of the body as declared; ``None`` where it is sent in chunks."""
        told = self.headers.get(b"content-length", b"")
        return int(told) if told.isdigit() and len(told) < 16 else None

    @property
    def key(self) -> str:
        return key_told(self.headers, self.query, self.wire)

    @property
    def sentry_client(self) -> str:
        """The Sentry SDK that asks and its version, in the header's words."""
        named = _SENTRY_CLIENT.search(f"{self.header(b'x-sentry-auth')}&{unquote(self.query.decode('latin-1'))}")
        return named[1] if named else self.header(b"user-agent")


class Receiver:
    """The ASGI application. Connections belong to the event loop that they were opened in."""

    def __init__(self, limits: Limits | None = None, keys: KeyRing | None = None) -> None:
        self._limits = limits or Limits.from_settings()
        self._keys = keys or KeyRing()
        self._refusals = Refusals()
        self._appenders: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Appender] = weakref.WeakKeyDictionary()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = _Asked.of(scope)
        try:
            answer = await self._answer(asked, receive)
        except bodies.Gone:
            return
        except Refused as refusal:
            await _refused(asked, refusal).send(send)  # first: looking its key up may take a while
            await self._remember(asked, refusal)
        else:
            await answer.send(send)

    async def close(self) -> None:
        """Let appends end that are under way in this event loop, and close its connections."""
        loop = asyncio.get_running_loop()
        appender = self._appenders.pop(loop, None)
        if appender is not None:
            await appender.close()
        await loop.run_in_executor(None, self._refusals.flush)

    async def _answer(self, asked: _Asked, receive: Receive) -> Answer:
        try:
            route = route_to(asked.path)
            _check_method(asked)
            granted = await self._granted(asked)
            body_form = _body_form(route, asked.media_type)
            encoding = _encoding(asked)
        except Refused:
            await _drain(receive)
            raise
        try:
            sent = await bodies.read_body(receive, self._limits, asked.size)
            body = bodies.decompress(sent, encoding, self._limits)
            answer, body = self._accept(asked, route, body_form, body)
        except Malformed as error:
            raise Refused(400, str(error)) from None
        except BeyondLimit as error:
            raise Refused(413, str(error)) from None
        except bodies.TooSlow:
            raise Refused(408, f"the body was not complete after {bodies.PATIENCE:g} s") from None
        if body:
            name = f"{'sentry' if route.wire == 'sentry' else route.form}:{body_form}"
            await self._append(NewEntry(name, granted.project_id, granted.key_id, inbox.now(), body))
        return answer

    def _accept(self, asked: _Asked, route: Route, body_form: str, body: bytes) -> tuple[Answer, bytes]:
        """Return the answer, and what of the body goes into the inbox: nothing where it tells nothing."""
        limits = self._limits
        if route.wire == "attempts":
            count, body = shape.accept_attempts(body, limits, lines=body_form == "lines")
            return answers.accepted(count), body if count else b""
        if route.wire == "sentry":
            alone = route.form == "store"
            event_id, body = shape.accept_envelope(body, limits, alone=alone, client=asked.sentry_client)
            return answers.enveloped(event_id), body
        signal = next(each for each in SIGNALS if each == route.form)
        count, body = shape.accept_export(body, signal, limits, protobuf=body_form == "protobuf")
        return answers.exported(asked.answer_type), body if count else b""

    async def _granted(self, asked: _Asked) -> Granted:
        challenge = (("www-authenticate", 'Bearer realm="triage"'),)
        if not asked.key:
            how = "set a DSN with it" if asked.wire == "sentry" else "send the header “Authorization: Bearer KEY”"
            raise Refused(401, f"no ingest key came: {how}", headers=challenge)
        try:
            answer = await self._keys.find(asked.key)
        except LookupFailed as failed:
            logger.warning("a key can't be checked: %s", failed.__cause__)
            raise _come_back(503, "the database is away, so the key can't be checked", _AWAY_FOR) from None
        if isinstance(answer, Granted):
            return answer
        if isinstance(answer, Revoked):
            raise Refused(403, "this ingest key was revoked")
        raise Refused(401, "no such ingest key", headers=challenge)

    async def _remember(self, asked: _Asked, refusal: Refused) -> None:
        """Hand over what ``/connect/`` tells of a refusal. What isn't sent as a report is no refused one."""
        if asked.method != "POST" or refusal.status in _PASSING:
            return
        try:
            opened = await self._keys.find(asked.key) if asked.key else Unknown()
        except LookupFailed:
            opened = Unknown()
        self._refusals.note(
            Refusal.of(
                project_id=None if isinstance(opened, Unknown) else opened.project_id,
                wire=asked.wire,
                path=asked.path,
                client=asked.header(b"user-agent"),
                content_type=asked.header(b"content-type"),
                key=asked.key,
                status=refusal.status,
                reason=refusal.message,
                size=asked.size,
                at=inbox.now(),
            )
        )

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


def _check_method(asked: _Asked) -> None:
    if asked.method != "POST":
        raise Refused(405, "reports are sent by POST", headers=(("allow", "POST"),))


def _body_form(route: Route, media_type: str) -> str:
    """Return how a body is written: ``json``, ``lines`` or ``protobuf``.

    Sentry's SDKs say what they like, or nothing, of what is always the same.
    """
    if media_type == JSON or route.wire == "sentry":
        return "json"
    if route.wire == "attempts" and media_type in _LINES:
        return "lines"
    if route.wire == "otlp" and media_type in _PROTOBUFS:
        return "protobuf"
    known = ", ".join((JSON, _LINES[0]) if route.wire == "attempts" else (JSON, PROTOBUF))
    shown = f"“{media_type[:60]}”" if media_type else "missing"
    raise Refused(415, f"the content type is {shown}; accepted are {known}")


def _encoding(asked: _Asked) -> str:
    told = asked.header(b"content-encoding").lower() or "identity"
    if told not in bodies.ENCODINGS:
        accepted = ", ".join(bodies.ENCODINGS)
        raise Refused(
            415,
            f"the content encoding is “{told[:60]}”; accepted are {accepted}",
            headers=(("accept-encoding", accepted),),
        )
    return told


def _refused(asked: _Asked, refusal: Refused) -> Answer:
    told = (refusal.status, refusal.message)
    if asked.wire == "attempts":
        return answers.refused(*told, refusal.headers)
    if asked.wire == "sentry":
        return answers.refused_envelope(*told, refusal.headers)
    return answers.refused_export(*told, asked.answer_type, refusal.headers)


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
