"""What the web server runs: the receiver of reports, and Django for everything else."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.core.asgi import get_asgi_application

from dashboard.supervisor.parent import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

if multiprocessing.parent_process() and (kill_with_parent := end_with_parent()):
    kill_with_parent()  # granian serves from a child, which the end of its parent doesn't end

django_application = get_asgi_application()

from triage.ingest.app import Receiver  # noqa: E402 - models can be imported once Django is set up
from triage.ingest.routes import is_ours  # noqa: E402

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

receiver = Receiver()


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Answer one request, or see the server through its start and stop."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and is_ours(scope["path"]):
        await receiver(scope, receive, send)
    else:
        await django_application(scope, receive, send)  # type: ignore[arg-type]


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await receiver.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
