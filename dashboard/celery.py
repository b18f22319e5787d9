"""The Celery application: its worker digests reports, its beat wakes the scheduled work."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("triage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["triage"])
app.conf.beat_schedule = {
    # Every accepted report wakes the digest; this finds what a lost wake-up or a worker that died left behind.
    "digest": {"task": "triage.tasks.digest", "schedule": 3.0, "options": {"expires": 3.0}},
    "forget-digested": {"task": "triage.tasks.forget_digested", "schedule": 3600.0, "options": {"expires": 3600.0}},
}
