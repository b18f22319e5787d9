"""Ending together with the process that started this one, where the kernel can see to it.

The guard ends what a killed supervisor leaves behind, on every system. This is for the case
that somebody kills supervisor and guard together, by name. The signal is SIGKILL, because a
polite one may be slept through: nothing that was accepted is lost by it.
"""

from __future__ import annotations

import ctypes
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with_parent() -> Callable[[], None] | None:
    """Return what a process calls to be killed when its parent dies; None where the kernel has no such.

    The library is loaded by this call, so that the one returned is safe between fork and exec.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
