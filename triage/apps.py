"""The app that stores, diagnoses and counts errors."""

from django.apps import AppConfig


class TriageConfig(AppConfig):
    """Registers the models and the commands."""

    name = "triage"
    default_auto_field = "django.db.models.BigAutoField"
