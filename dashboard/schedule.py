"""What is woken by the clock, and which worker does what. Names only: beat runs none of it, and loads none of it."""

from __future__ import annotations

from typing import Any

from triage.signs import WATCHER

ROUTES = {"triage.tasks.digest": {"queue": "celery"}, "triage.*": {"queue": WATCHER}}
"""What may wait for others must not make a report wait: only the digest has the first worker."""

_EVERY = {
    # Every accepted report wakes the digest; this finds what a lost wake-up or a worker that died left behind.
    "digest": 3.0,
    "forget_digested": 3600.0,
    "watch": 10.0,
    # After the watch, so that an incident is told in the round that opens it.
    "evaluate_alerts": 10.0,
    "deliver_alerts": 2.0,
    "forget_alerts": 3600.0,
    "end_what_is_old": 300.0,
}
_CHECKS = {"plan_checks": 60.0, "run_checks": 3.0}


def schedule(*, checks: bool) -> dict[str, dict[str, Any]]:
    """Return Celery's beat schedule; ``checks`` says whether health checks run by the clock.

    A task that nobody took before it is due again has expired: after a night without a worker one run is enough.
    """
    return {
        name.replace("_", "-"): {"task": f"triage.tasks.{name}", "schedule": every, "options": {"expires": every}}
        for name, every in (_EVERY | _CHECKS if checks else _EVERY).items()
    }
