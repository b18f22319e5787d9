"""Static files under names that carry a hash of their content, so that browsers may keep them for a year."""

from __future__ import annotations

from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedStaticFiles(ManifestStaticFilesStorage):
    """Django's own hashed names, scripts' imports of each other included."""

    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        """Return the hashed name of ``name``; the plain one where nothing was collected yet, as in tests."""
        return super().stored_name(name) if self.hashed_files else name

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        """Return ``name`` with its hash; as it is where django-htmx's own scripts name a file that they don't bring."""
        try:
            return super().hashed_name(name, content, filename)
        except ValueError:
            if name.startswith("django_htmx/"):
                return name
            raise
