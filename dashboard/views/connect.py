"""How programs report here: the lines to paste, and a light that turns green (``/connect/``)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from dashboard.connecting import WAYS, Light, lights
from dashboard.views.common import team_page
from dashboard.views.settings import owns
from triage.ingest.refusals import recent
from triage.models import IngestKey, Membership, Project

PLACEHOLDER = "YOUR_KEY"
"""What stands in the lines where no key was made just now: stored keys can't be shown."""


@require_safe
@team_page
def connect(request: HttpRequest) -> HttpResponse:
    """Show the lines of every way; ``?with=`` chooses one, ``?project=`` whose key is meant."""
    return render(request, "connect/page.html", _context(request, _chosen_project(request)))


@never_cache
@require_POST
@team_page
def create_key(request: HttpRequest) -> HttpResponse:
    """Make a key and show the lines with it: in this one answer, and never again.

    Raises:
        Http404: there is no such project to be seen.
        PermissionDenied: the reader may see it only.
    """
    project = _chosen_project(request)
    if project is None:
        raise Http404
    if not owns(request, project):
        raise PermissionDenied(_("Only an owner of this project may make keys."))
    _key, plain = IngestKey.issue(project, _("Made on the connect page"))
    return render(request, "connect/page.html", _context(request, project, plain), status=201)


@require_safe
@team_page
def connect_lights(request: HttpRequest) -> HttpResponse:
    """Tell for every way what arrived or was refused; the page asks every second."""
    told = _lights(request, _chosen_project(request))
    response = render(request, "connect/_lights.html", {"lights": told, "swap": True})
    patch_cache_control(response, private=True, no_store=True)
    return response


def _context(request: HttpRequest, project: Project | None, plain: str = "") -> dict[str, Any]:
    slugs = [way.slug for way in WAYS]
    base = request.build_absolute_uri("/").rstrip("/")
    scheme, _slashes, host = base.partition("://")
    key = plain or PLACEHOLDER
    asked = request.POST.get("with") or request.GET.get("with")
    return {
        "project": project,
        "projects": Project.objects.visible_to(request.user),
        "may_make_keys": project is not None and owns(request, project),
        "keys": project.keys.filter(revoked_at=None) if project else (),
        "lights": _lights(request, project),
        "chosen": asked if asked in slugs else slugs[0],
        "key": key,
        "new_key": plain,
        "base": base,
        "dsn": f"{scheme}://{key}@{host}/{project.pk}" if project else "",
    }


def _lights(request: HttpRequest, project: Project | None) -> list[Light]:
    """Return the lights of ``project``. What came with no key or an unknown one is shown to whoever owns a project."""
    if project is None:
        return lights(())
    reader = request.user
    owner = reader.is_superuser or Membership.objects.filter(user=reader, role=Membership.Role.OWNER).exists()  # type: ignore[misc]
    return lights(project.sources.all(), recent([project.pk, None] if owner else [project.pk]))


def _chosen_project(request: HttpRequest) -> Project | None:
    """Return the project that the lines are for: the one asked for, else the first that is no demo.

    Raises:
        Http404: the one asked for isn't the reader's to see.
    """
    visible = Project.objects.visible_to(request.user).order_by("is_demo", "slug")
    slug = request.POST.get("project") or request.GET.get("project")
    if not slug:
        return visible.first()
    chosen = None if "\x00" in slug else visible.filter(slug=slug).first()  # PostgreSQL refuses null characters
    if chosen is None:
        raise Http404
    return chosen
