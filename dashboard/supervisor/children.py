"""One watched process: started in a group of its own, its lines copied to the log, restarted when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

from dashboard.supervisor.output import Lines
from dashboard.supervisor.parent import end_with_parent

if TYPE_CHECKING:
    from dashboard.supervisor.guard import Guard
    from dashboard.supervisor.output import Log
    from dashboard.supervisor.plan import Program

_FIRST_WAIT = 0.2  # seconds before the first restart
_LONGEST_WAIT = 30.0
_SETTLED = 20.0  # seconds of life after which the next death is a first one again


class Child:
    """A program of the plan and the process that runs it now."""

    def __init__(self, program: Program, log: Log, guard: Guard) -> None:
        """Remember what to run; nothing is started yet."""
        self._program = program
        self._log = log
        self._guard = guard
        self._process: asyncio.subprocess.Process | None = None
        self._stop_asked = asyncio.Event()
        self._end_with_parent = end_with_parent()

    async def keep_running(self) -> None:
        """Run the program, and again whenever it dies, waiting longer each time that it dies soon.

        Returns after ``stop``, or when a program that may finish has finished.
        """
        deaths_in_a_row = 0
        while True:
            began = time.monotonic()
            how = await self._run_once()
            if self._stop_asked.is_set():
                self._log.say(f"{self.name} stopped")
                return
            if self._program.may_finish and self._process is not None and self._process.returncode == 0:
                self._log.say(f"{self.name} has finished")
                return
            if time.monotonic() - began > _SETTLED:
                deaths_in_a_row = 0
            wait = min(_FIRST_WAIT * 2**deaths_in_a_row, _LONGEST_WAIT)
            deaths_in_a_row += 1
            self._log.say(f"{self.name} {how}; restarting it in {wait:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop_asked.wait(), wait)
                return

    async def stop(self, patience: float) -> None:
        """Ask the process to end in good order; after ``patience`` seconds kill what is left of its group."""
        self._stop_asked.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), patience)
        except TimeoutError:
            self._log.say(f"{self.name} did not end within {patience:g} s; killing it")
            _kill_group(process.pid)

    async def _run_once(self) -> str:
        """Run the program until it ends; return how it ended, in words."""
        # A pipe of our own: asyncio's would have ``wait`` wait for whoever else holds its other end.
        reader, writer = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._program.argv,
                env={**os.environ, **self._program.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                start_new_session=True,
                preexec_fn=self._end_with_parent,
            )
        except OSError as error:
            os.close(reader)
            return f"could not be started ({error})"
        finally:
            os.close(writer)
        group = self._process.pid
        self._guard.began(group)
        self._log.say(f"{self.name} started (pid {group})")
        copying = asyncio.create_task(self._copy_output(reader))
        code = await self._process.wait()
        _kill_group(group)  # what a dead leader leaves behind would hold its port
        self._guard.ended(group)
        await asyncio.wait([copying], timeout=1)
        copying.cancel()
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    async def _copy_output(self, descriptor: int) -> None:
        """Copy what comes through the pipe to the log, until its other end is closed."""
        stream = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(descriptor, "rb")
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), pipe)
        lines = Lines()
        with contextlib.closing(transport):
            while chunk := await stream.read(65536):
                for line in lines.feed(chunk):
                    self._log.write(self.name, line)
        for line in lines.rest():
            self._log.write(self.name, line)

    @property
    def name(self) -> str:
        """The program's name."""
        return self._program.name


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
