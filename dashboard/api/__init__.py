"""The JSON API below ``/api/v1/`` (``POST /api/v1/attempts`` is answered by ``triage.ingest``, and described here)."""

from dashboard.api.routes import api
from dashboard.api.sites import router as sites

api.add_router("", sites)

__all__ = ["api"]
