"""The app that shows it all: pages, JSON API, live updates, the command that runs the server."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Registers templates' tags and the commands."""

    name = "dashboard"

    def ready(self) -> None:
        """Make the Celery application the one that tasks belong to, and let its worker show signs of life.

        Here rather than in the package, whose ``supervisor`` has to start without all this.
        """
        import dashboard.celery  # noqa: PLC0415
        import dashboard.heartbeat  # noqa: F401, PLC0415
