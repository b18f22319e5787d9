"""Rules, traffic and receivers: a real HTTP endpoint and a real mail server on loopback."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone
from pytest_django import Settings

from triage.alerts.channels.kinds import SENDERS
from triage.alerts.conditions import CONDITIONS
from triage.alerts.sealing import seal
from triage.models import AlertRule, Channel, HourCount, MinuteCount, Project

NOW = timezone.now().replace(second=30, microsecond=0)
Count = Callable[..., None]


@pytest.fixture
def count(project: Project) -> Count:
    """Count requests of one minute, so many of them hit by ``cause``, ``ago`` minutes before NOW."""

    def counted(requests: int, hit: int = 0, ago: int = 0, cause: str = "overloaded", **where: Any) -> None:
        category = where.pop("category", "server")
        minute = (NOW - dt.timedelta(minutes=ago)).replace(second=0)
        told = {"project": project, "model": "claude-opus-4-8", "service": "chat", **where}
        fine = requests - hit
        for table, start in ((MinuteCount, minute), (HourCount, minute.replace(minute=0))):
            for failed, number, key in ((0, fine, ("", "")), (1, hit, (category, cause))):
                row, _ = table.objects.get_or_create(start=start, category=key[0], cause=key[1], **told)
                row.attempts += number
                row.requests += number
                row.failures += failed * number
                row.failed_requests += failed * number
                row.save()

    return counted


def rule_of(project: Project, condition: str, *channels: Channel, **fields: Any) -> AlertRule:
    """Make a rule with the condition's own numbers but for those that are told."""
    numbers = {each.name: each.default for each in CONDITIONS[condition].numbers} | fields.pop("numbers", {})
    fields = {"name": condition, "since": NOW - dt.timedelta(days=1), "made_at": NOW - dt.timedelta(days=1), **fields}
    rule = AlertRule.objects.create(project=project, condition=condition, numbers=numbers, **fields)
    rule.channels.set(channels)
    return rule


def channel_of(project: Project, kind: str, typed: str, name: str = "") -> Channel:
    """Make a channel as the page does."""
    address = SENDERS[kind].read(typed)
    return Channel.objects.create(
        project=project, kind=kind, name=name or kind, shown=address.shown, sealed=seal(address.secrets)
    )


@dataclass
class Endpoint:
    """A real HTTP endpoint that keeps what it gets and answers what it is told to."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    before_answer: Callable[[], None] = lambda: None

    @property
    def told(self) -> list[dict[str, Any]]:
        """The bodies."""
        return [json.loads(body) for _headers, body in self.got]


@pytest.fixture
def endpoint(settings: Settings) -> Iterator[Endpoint]:
    """An endpoint on loopback, which alerts may call."""
    settings.TRIAGE_ALLOW_PRIVATE_WEBHOOKS = True
    kept = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            kept.before_answer()
            self.send_response(kept.status)
            for name, value in kept.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Mailbox:
    """What a real mail server took in, and what it answers."""

    port: int = 0
    mails: list[Message] = field(default_factory=list)
    answer: str = "250 OK"


@pytest.fixture
def mailbox(settings: Settings) -> Iterator[Mailbox]:
    """A mail server on loopback, and the settings that lead to it."""
    box = Mailbox()

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            if box.answer.startswith("2"):
                box.mails.append(message_from_bytes(envelope.content))
            return box.answer

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(Handler(), hostname="127.0.0.1", port=box.port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
    yield box
    controller.stop()
