"""The JSON API below ``/api/v1/`` (``POST /api/v1/attempts`` is answered by ``triage.ingest``, and described here)."""

from dashboard.api.routes import api
from dashboard.api.sites import router as sites
from dashboard.api.verdicts import router as verdicts

api.add_router("", sites)
api.add_router("", verdicts)

__all__ = ["api"]
