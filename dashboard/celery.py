"""The Celery application: its workers digest reports and watch; beat has one of its own, which runs nothing."""

from __future__ import annotations

import os

from celery import Celery
from django.conf import settings

from dashboard.schedule import ROUTES, schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("triage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["triage"])
app.conf.update(beat_schedule=schedule(checks=settings.TRIAGE_CHECKS), signs_url=settings.REDIS_URL, task_routes=ROUTES)
