"""Slack, by an incoming webhook."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.utils.translation import gettext_lazy

from triage.alerts.channels.model import Address, Letter, Sender
from triage.alerts.channels.outbound import post, read_url, shown


def read(typed: str) -> Address:
    """Read the webhook's URL; other programs that take Slack's messages are welcome too."""
    url = read_url(typed)
    return Address({"url": url}, shown(url))


def send(to: Mapping[str, str], letter: Letter) -> None:
    """Post the message. Slack knows no key to drop a repeated message by, so the key stands nowhere."""
    told = {"text": f"*{_escaped(letter.title)}*\n{_escaped(letter.text)}", "mrkdwn": True, "unfurl_links": False}
    post(to["url"], json.dumps(told).encode(), {"Content-Type": "application/json"})


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


SENDER = Sender(
    gettext_lazy("Slack"),
    gettext_lazy("The URL of an incoming webhook, as https://hooks.slack.com/services/…"),
    read,
    send,
)
