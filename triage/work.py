"""The base of every Celery task here: timed, told in the log with its id and its counts, and safe to run twice.

A task is acknowledged after it ran, so one whose worker was killed is delivered again; each has to be idempotent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from celery import Task
from django.db import transaction

if TYPE_CHECKING:
    _Task = Task[Any, Any]
else:
    _Task = Task  # at run time it takes no parameters

logger = logging.getLogger("triage.tasks")
logger.setLevel(logging.INFO)  # the worker's own chatter stays at warnings


class Work(_Task):
    """A task that returns its counts; what counted nothing leaves no line.

    Set ``in_transaction`` where all that a run stores has to be stored together, and ``time_limit``, in seconds, where
    it may take longer or has to take less than the default: past it the worker ends itself, for the solo pool can't
    interrupt a task.
    """

    acks_late = True
    reject_on_worker_lost = True
    ignore_result = True
    in_transaction = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task and log how long it took and what it counted."""
        began = time.monotonic()
        try:
            if self.in_transaction:
                with transaction.atomic():
                    counts = self.run(*args, **kwargs)
            else:
                counts = self.run(*args, **kwargs)
        except Exception as error:
            logger.warning("%s %s", self._told(began), f"failed: {type(error).__name__}")
            raise
        if words := _in_words(counts):
            logger.info("%s %s", self._told(began), words)
        return counts

    def _told(self, began: float) -> str:
        return f"{self.name} {self.request.id or '-'} {time.monotonic() - began:.3f} s"


def _in_words(counts: object) -> str:
    told = counts if isinstance(counts, Mapping) else {"done": counts}
    return " ".join(f"{name}={count}" for name, count in told.items() if count)
