"""``python -m dashboard.supervisor DESCRIPTOR``: runs the plan that the open file DESCRIPTOR holds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from dashboard.supervisor.children import Child
from dashboard.supervisor.guard import Guard
from dashboard.supervisor.output import Log
from dashboard.supervisor.plan import Plan
from dashboard.supervisor.readiness import valkey_answers, web_answers

_VALKEY_PATIENCE = 60.0  # seconds; a large append-only file is read before the first answer
_WEB_PATIENCE = 60.0
_STOP_PATIENCE = 7.0  # for what serves and works, all at once
_VALKEY_STOP_PATIENCE = 2.0  # after them, so that they end with their inbox at hand


class Supervisor:
    """Runs a plan until it is told to stop."""

    def __init__(self, plan: Plan, log: Log, guard: Guard) -> None:
        """Make a child of every program; nothing is started yet."""
        self._plan = plan
        self._log = log
        self._children = [Child(program, log, guard) for program in plan.programs]
        self._running: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Start everything in order, greet, and stay until SIGINT, SIGTERM or SIGHUP; then stop everything."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup(1) means it
                loop.add_signal_handler(number, self._stop.set)
        starting = asyncio.create_task(self._start())
        await self._stop.wait()
        starting.cancel()
        await self._stop_all()

    async def _start(self) -> None:
        if self._plan.valkey_socket:
            self._run([child for child in self._children if child.name == "valkey"])
            if not await valkey_answers(self._plan.valkey_socket, self._plan.volatile_keys, _VALKEY_PATIENCE):
                self._log.say("Valkey does not answer; going on, the log above may say why")
        self._run([child for child in self._children if child.name != "valkey"])
        healthy, parts = await web_answers(self._plan.url, _WEB_PATIENCE)
        if not healthy:
            missing = ", ".join(name for name, part in parts.items() if not part.get("ok")) or "no answer at all"
            self._log.say(f"{self._plan.url}/healthz is not well after {_WEB_PATIENCE:g} s: {missing}")
        for line in self._plan.greeting:
            self._log.show(line.encode())

    def _run(self, children: list[Child]) -> None:
        self._running += [asyncio.create_task(child.keep_running()) for child in children]

    async def _stop_all(self) -> None:
        self._log.say("stopping")
        valkey = [child for child in self._children if child.name == "valkey"]
        others = [child for child in self._children if child.name != "valkey"]
        await asyncio.gather(*(child.stop(_STOP_PATIENCE) for child in others))
        await asyncio.gather(*(child.stop(_VALKEY_STOP_PATIENCE) for child in valkey))
        await asyncio.gather(*self._running)
        self._log.say("everything is stopped")


def main() -> None:
    """Read the plan from the descriptor that the argument names and run it."""
    with os.fdopen(int(sys.argv[1]), encoding="utf-8") as file:
        plan = Plan.from_json(file.read())
    guard = Guard()  # it keeps the lock's descriptor open too: no second server before the last child is gone
    with contextlib.closing(Log(Path(plan.home) / "logs" / "triage.log")) as log:
        asyncio.run(Supervisor(plan, log, guard).run())
    guard.dismiss()


if __name__ == "__main__":
    main()
