"""The JSON API below ``/api/v1/`` (``POST /api/v1/attempts`` is answered by ``triage.ingest``, and described here)."""

from dashboard.api.routes import api

__all__ = ["api"]
