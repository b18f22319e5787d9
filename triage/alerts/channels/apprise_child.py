"""The process in which Apprise sends one message: ``python -m`` this, with an order as JSON on standard input."""

from __future__ import annotations

import json
import sys
from typing import Any

from triage.alerts.addresses import is_public

DELIVERED, UNREADABLE, PRIVATE, FAILED = 0, 3, 4, 5
"""How the process ends."""


def main() -> int:
    """Carry out the order and return the exit code."""
    from apprise import Apprise  # noqa: PLC0415 - takes long to load, and who starts this process needs the codes alone

    order = json.load(sys.stdin)
    apprise = Apprise()
    if not apprise.add(order["url"]):
        return UNREADABLE
    if order.get("only_read"):
        return DELIVERED
    refused: list[str] = []
    if not order["allow_private"]:
        sys.addaudithook(_guard(refused))
    delivered = apprise.notify(title=order["title"], body=order["text"])
    return PRIVATE if refused else DELIVERED if delivered else FAILED


def _guard(refused: list[str]) -> Any:
    """Return a hook that refuses connections to anything but public addresses, whichever library makes them."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            return
        address = arguments[1]
        try:
            public = isinstance(address, tuple) and is_public(str(address[0]))
        except ValueError:  # a name: whoever resolves it at this moment can't be checked
            public = False
        if not public:
            refused.append(str(address))
            raise PermissionError("a private address")

    return hook


if __name__ == "__main__":
    sys.exit(main())
