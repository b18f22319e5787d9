"""The Celery application: its workers digest reports and watch, its beat wakes the scheduled work."""

from __future__ import annotations

import os

from celery import Celery
from django.conf import settings

from triage.work import WATCHER

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("triage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["triage"])
# What may wait for others must not make a report wait: only the digest has the first worker.
app.conf.task_routes = {"triage.tasks.digest": {"queue": "celery"}, "triage.*": {"queue": WATCHER}}
app.conf.beat_schedule = {
    # Every accepted report wakes the digest; this finds what a lost wake-up or a worker that died left behind.
    "digest": {"task": "triage.tasks.digest", "schedule": 3.0, "options": {"expires": 3.0}},
    "forget-digested": {"task": "triage.tasks.forget_digested", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "watch": {"task": "triage.tasks.watch", "schedule": 10.0, "options": {"expires": 10.0}},
    # After the watch, so that an incident is told in the round that opens it.
    "evaluate-alerts": {"task": "triage.tasks.evaluate_alerts", "schedule": 10.0, "options": {"expires": 10.0}},
    "deliver-alerts": {"task": "triage.tasks.deliver_alerts", "schedule": 2.0, "options": {"expires": 2.0}},
    "forget-alerts": {"task": "triage.tasks.forget_alerts", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "end-what-is-old": {"task": "triage.tasks.end_what_is_old", "schedule": 300.0, "options": {"expires": 300.0}},
}
if settings.TRIAGE_CHECKS:
    app.conf.beat_schedule |= {
        "plan-checks": {"task": "triage.tasks.plan_checks", "schedule": 60.0, "options": {"expires": 60.0}},
        "run-checks": {"task": "triage.tasks.run_checks", "schedule": 3.0, "options": {"expires": 3.0}},
    }
