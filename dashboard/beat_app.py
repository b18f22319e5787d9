"""``python -m dashboard.beat_app FILE``: beat, with a Celery application of its own; FILE keeps what was sent when.

It names tasks and never runs one, so it needs neither Django nor their code, which would make it the second largest
process. ``manage.py`` hands it what it needs of the settings.
"""

from __future__ import annotations

import os
import sys

from celery import Celery

from dashboard.schedule import ROUTES, schedule

app = Celery("triage", broker=os.environ["TRIAGE_BEAT_BROKER"], set_as_current=False)
app.conf.update(
    beat_schedule=schedule(checks=os.environ["TRIAGE_BEAT_CHECKS"] == "1"),
    broker_connection_retry_on_startup=True,
    signs_url=os.environ["TRIAGE_BEAT_SIGNS"],
    task_ignore_result=True,
    task_routes=ROUTES,
)


def main() -> None:
    """Send what is due until told to stop."""
    app.Beat(scheduler="dashboard.beat:Scheduler", schedule=sys.argv[1], loglevel="WARNING", quiet=True).run()


if __name__ == "__main__":
    main()
