"""Projects, keys, people and one's own account (``/settings/``)."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Q, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from dashboard.forms import AccountForm, InviteForm, KeyForm, ProjectForm, RoleForm
from dashboard.views.common import team_page
from triage.actions import projects as actions
from triage.ingest.keys import GOOD_FOR
from triage.models import IngestKey, Membership, Project
from triage.retention import holdings

_KEPT = {
    "bodies": gettext_lazy("Reports kept whole"),
    "requests": gettext_lazy("Requests with their attempts"),
    "minutes": gettext_lazy("Counts by the minute"),
    "hours": gettext_lazy("Counts by the hour"),
}
_DIMENSIONS = {
    "service": gettext_lazy("service"),
    "model": gettext_lazy("model"),
    "team": gettext_lazy("team"),
    "environment": gettext_lazy("environment"),
    "client": gettext_lazy("client"),
}


@require_safe
@team_page
def overview(request: HttpRequest) -> HttpResponse:
    """List the reader's projects, and what there is to set about the reader."""
    return _overview(request)


@require_POST
@team_page
def create_project(request: HttpRequest) -> HttpResponse:
    """Make a project that the reader owns."""
    form = ProjectForm(request.POST)
    if not form.is_valid():
        return _overview(request, status=422, project_form=form)
    project = actions.create_project(form.cleaned_data["name"], _reader(request))
    messages.success(request, _("%(name)s is made. Give it a key, then connect a program.") % {"name": project.name})
    return redirect("settings_project", project.slug)


@sensitive_post_parameters("password")
@require_POST
@team_page
def save_account(request: HttpRequest) -> HttpResponse:
    """Change the reader's name and password."""
    form = AccountForm(request.POST, user=request.user)
    if not form.is_valid():
        return _overview(request, status=422, account_form=form)
    user = _reader(request)
    user.first_name = form.cleaned_data["full_name"]
    changed = ["first_name"]
    if form.cleaned_data["password"]:
        user.set_password(form.cleaned_data["password"])
        changed.append("password")
    user.save(update_fields=changed)
    if "password" in changed:
        update_session_auth_hash(request, user)  # else the change would sign out the one who made it
    messages.success(request, _("Saved."))
    return redirect("settings")


@require_safe
@team_page
def project(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a project's keys and people."""
    return _project(request, _visible(request, slug))


@require_POST
@team_page
def rename_project(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a project another name; its slug stays, since addresses hold it."""
    owned = _owned(request, slug)
    form = ProjectForm(request.POST)
    if not form.is_valid():
        return _project(request, owned, status=422, project_form=form)
    Project.objects.filter(pk=owned.pk).update(name=form.cleaned_data["name"])
    messages.success(request, _("Saved."))
    return redirect("settings_project", owned.slug)


@require_POST
@team_page
def delete_project(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a project with everything in it. A demo goes with one click; others want their slug typed."""
    owned = _owned(request, slug)
    if not owned.is_demo and request.POST.get("confirm", "").strip() != owned.slug:
        messages.error(request, _("Nothing was deleted: the name typed is not %(slug)s.") % {"slug": owned.slug})
        return redirect("settings_project", owned.slug)
    actions.delete_project(owned)
    messages.success(request, _("%(name)s is deleted, with all its reports.") % {"name": owned.name})
    return redirect("settings")


@never_cache
@require_POST
@team_page
def create_key(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a key and show it: in this one answer, and never again."""
    owned = _owned(request, slug)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _project(request, owned, status=422, key_form=form)
    _key, plain = IngestKey.issue(owned, form.cleaned_data["label"])
    return _project(request, owned, status=201, new_key=plain)


@require_POST
@team_page
def revoke_key(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Refuse a key from now on."""
    owned = _owned(request, slug)
    key = get_object_or_404(owned.keys, pk=pk)
    if actions.revoke_key(key):
        messages.success(
            request,
            _("The key %(prefix)s… is revoked; within %(n)d seconds it is refused everywhere.")
            % {"prefix": key.prefix, "n": GOOD_FOR},
        )
    return redirect("settings_project", owned.slug)


@never_cache
@require_POST
@team_page
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a person; the link of a new one is shown in this one answer."""
    owned = _owned(request, slug)
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _project(request, owned, status=422, invite_form=form)
    invitation = actions.invite(owned, form.cleaned_data["username"], form.cleaned_data["role"])
    if not invitation.token:
        messages.success(request, _("%(name)s can see this project now.") % {"name": invitation.membership.user})
        return redirect("settings_project", owned.slug)
    link = request.build_absolute_uri(reverse("sign_in_with_token", args=[invitation.token]))
    return _project(request, owned, status=201, new_link=link, invited=invitation.membership.user)


@require_POST
@team_page
def change_role(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Make a member an owner, or an owner a member."""
    owned = _owned(request, slug)
    membership = get_object_or_404(owned.memberships, pk=pk)
    form = RoleForm(request.POST)
    if form.is_valid() and actions.change_role(membership, form.cleaned_data["role"]):
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("A project keeps at least one owner."))
    return redirect("settings_project", owned.slug)


@require_POST
@team_page
def remove_person(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a person out of a project."""
    owned = _owned(request, slug)
    membership = get_object_or_404(owned.memberships, pk=pk)
    if not actions.remove_person(membership):
        messages.error(request, _("A project keeps at least one owner."))
        return redirect("settings_project", owned.slug)
    messages.success(request, _("%(name)s no longer sees this project.") % {"name": membership.user})
    return HttpResponseRedirect(
        reverse("settings") if membership.user_id == request.user.pk else reverse("settings_project", args=[slug])
    )


def owns(request: HttpRequest, project: Project) -> bool:
    """Tell whether the reader may manage ``project``: its owners may, and the server's owner."""
    reader = _reader(request)
    return reader.is_superuser or project.memberships.filter(user=reader, role=Membership.Role.OWNER).exists()


def _reader(request: HttpRequest) -> User:
    """Return who is signed in, which ``team_page`` has seen to."""
    return cast("User", request.user)


def _visible(request: HttpRequest, slug: str) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.user), slug=slug)


def _owned(request: HttpRequest, slug: str) -> Project:
    """Return a project that the reader may manage.

    Raises:
        Http404: the reader may not even see it.
        PermissionDenied: the reader may see it only.
    """
    visible = _visible(request, slug)
    if not owns(request, visible):
        raise PermissionDenied(_("Only an owner of this project may change it."))
    return visible


def _overview(request: HttpRequest, status: int = 200, **forms: Any) -> HttpResponse:
    reader = _reader(request)
    visible = Project.objects.visible_to(reader).annotate(
        people=Count("memberships", distinct=True),
        good_keys=Count("keys", filter=Q(keys__revoked_at=None), distinct=True),
        heard_at=Max("sources__last_seen_at"),
    )
    account = AccountForm(initial={"full_name": reader.first_name}, user=reader)
    context = {
        "projects": visible,
        "owned": {each.pk for each in visible if owns(request, each)},
        "project_form": ProjectForm(),
        "account_form": account,
        "limits": _limits(),
        **forms,
    }
    return render(request, "settings/page.html", context, status=status)


def _project(request: HttpRequest, shown: Project, status: int = 200, **extra: Any) -> HttpResponse:
    context = {
        "project": shown,
        "may_manage": owns(request, shown),
        "keys": shown.keys.order_by("revoked_at", "-created_at"),
        "people": shown.memberships.select_related("user").order_by("role", "user__username").reverse(),
        "folded": _folded(shown),
        "room": settings.TRIAGE_MAX_VALUES_PER_DAY,
        "kept": [(_KEPT[each.kind.name], each) for each in holdings(shown)],
        "project_form": ProjectForm(initial={"name": shown.name}),
        "key_form": KeyForm(),
        "invite_form": InviteForm(),
        **extra,
    }
    return render(request, "settings/project.html", context, status=status)


def _folded(shown: Project) -> list[tuple[Any, int]]:
    """Return each dimension of which days had no room for all values, with the reports that lost a name; most first."""
    rows = shown.folded_values.values_list("dimension").annotate(n=Sum("reports")).order_by("-n")
    return [(_DIMENSIONS[dimension], reports) for dimension, reports in rows]


def _limits() -> list[tuple[str, int]]:
    """Return the bounds of what is taken in, by the name of their setting."""
    names = ("TRIAGE_MAX_BODY_BYTES", "TRIAGE_MAX_RECORDS", "TRIAGE_BODIES_PER_ISSUE_MINUTE", "TRIAGE_MAX_PASTE_CHARS")
    return [(name, getattr(settings, name)) for name in names]
