"""Alerts (``/alerts/``): who gets told, when; what was told, and why. Owners change it, the team looks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.alert_forms import ChannelForm, RuleForm, initial_of
from dashboard.alert_rows import rows_of
from dashboard.views.common import covered_projects, is_part, render_page, team_page
from dashboard.views.settings import owns
from triage.alerts.channels.kinds import SENDERS
from triage.alerts.conditions import CONDITIONS
from triage.alerts.delivering import send_trial
from triage.alerts.preview import DAYS, preview
from triage.alerts.sealing import seal
from triage.models import AlertChange, AlertMessage, AlertRule, Channel, Delivery, Project

_NEWEST = 60
_MUTES = {"60": gettext_lazy("1 hour"), "480": gettext_lazy("8 hours"), "10080": gettext_lazy("7 days")}
"""For how many minutes a rule can be muted."""
_PRESETS: dict[str, dict[str, Any]] = {
    "guide": {"name": gettext_lazy("10 errors in an hour, then quiet for an hour"), "rest": 60, "remind_every": 0},
}
"""Rules that begin with more than their condition's own numbers."""


@require_safe
@team_page
def alerts(request: HttpRequest) -> HttpResponse:
    """Show rules, channels and what was told."""
    return _page(request, covered_projects(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def new_rule(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose a condition, then its numbers; with what they would have fired lately."""
    project = _owned(request, slug)
    condition = (request.POST if request.method == "POST" else request.GET).get("condition", "")
    if condition not in CONDITIONS:
        return render(request, "alerts/choose.html", {"project": project, "conditions": CONDITIONS.values()})
    initial = _PRESETS.get(request.GET.get("preset", ""), {"name": str(CONDITIONS[condition].title)})
    everyone = list(Channel.objects.filter(project=project).values_list("pk", flat=True))
    rule = AlertRule(project=project, condition=condition)
    return _rule_page(request, rule, {"channels": everyone, **initial})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def rule(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change a rule; its state stays."""
    project = _owned(request, slug)
    changed = get_object_or_404(AlertRule, project=project, pk=pk, condition__in=CONDITIONS)
    return _rule_page(request, changed, initial_of(changed))


@require_POST
@team_page
def set_rule(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Mute a rule, have it tell again, switch it on or off, or delete it: what the form's ``action`` says."""
    project = _owned(request, slug)
    chosen = get_object_or_404(AlertRule, project=project, pk=pk)
    action, minutes = request.POST.get("action", ""), request.POST.get("minutes", "")
    rules = AlertRule.objects.filter(pk=chosen.pk)
    if action == "mute" and minutes in _MUTES:
        rules.update(muted_until=timezone.now() + dt.timedelta(minutes=int(minutes)))
        messages.success(request, _("%(name)s is muted for %(time)s.") % {"name": chosen.name, "time": _MUTES[minutes]})
    elif action == "unmute":
        rules.update(muted_until=None)
        messages.success(request, _("%(name)s tells again.") % {"name": chosen.name})
    elif action in ("on", "off"):
        rules.update(enabled=action == "on", state=AlertRule.State.QUIET, clear_since=None, told_at=None)
        messages.success(request, _("Saved."))
    elif action == "delete":
        chosen.delete()
        messages.success(request, _("%(name)s is deleted, with what it told.") % {"name": chosen.name})
    else:
        messages.error(request, _("Nothing was changed: there is no such action."))
    return _back(project)


@sensitive_post_parameters("address")
@never_cache
@require_POST
@team_page
def new_channel(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a channel; the secret that a webhook's messages are signed with is shown in this one answer."""
    project = _owned(request, slug)
    form = ChannelForm(request.POST)
    if not form.is_valid() or form.read is None:
        return _page(request, [project], status=422, channel_form=form)
    told = form.cleaned_data
    channel = Channel.objects.create(
        project=project,
        kind=told["kind"],
        name=told["name"],
        shown=form.read.shown[: Channel._meta.get_field("shown").max_length],
        sealed=seal(form.read.secrets),
    )
    if "secret" in form.read.secrets:
        return _page(request, [project], status=201, new_channel=channel, new_secret=form.read.secrets["secret"])
    messages.success(request, _("%(name)s is there. Send a test, then choose it in a rule.") % {"name": channel.name})
    return _back(project)


@require_POST
@team_page
def set_channel(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Send a test over a channel, or delete it: what the form's ``action`` says."""
    project = _owned(request, slug)
    channel = get_object_or_404(Channel.objects.select_related("project"), project=project, pk=pk)
    action = request.POST.get("action", "")
    if action == "test":
        why = send_trial(channel)
        if why:
            messages.error(request, _("The test didn't arrive: %(why)s") % {"why": why})
        else:
            messages.success(request, _("The test was sent over %(name)s.") % {"name": channel.name})
    elif action == "delete":
        channel.delete()
        messages.success(request, _("%(name)s is deleted.") % {"name": channel.name})
    else:
        messages.error(request, _("Nothing was changed: there is no such action."))
    return _back(project)


def _rule_page(request: HttpRequest, rule: AlertRule, initial: dict[str, Any]) -> HttpResponse:
    """Show a rule's form with its preview, or save it where the form says so."""
    project, condition = rule.project, CONDITIONS[rule.condition]
    # A preview follows from the numbers alone; only saving needs the rest of the form.
    form = RuleForm(request.POST or None, initial=initial, project=project, condition=condition)
    if request.method == "POST" and form.is_valid() and request.POST.get("action") == "save":
        _save(form.rule(rule), form.cleaned_data["channels"])
        messages.success(request, _("Saved."))
        return _back(project)
    shown = None
    if request.method != "POST":
        defaults = RuleForm(_complete(form), project=project, condition=condition)
        shown = defaults.rule(AlertRule(project=project)) if defaults.is_valid() else None
    elif form.is_valid():
        shown = form.rule(AlertRule(project=project))
    context = {
        "project": project,
        "rule": rule,
        "condition": condition,
        "form": form,
        "preview": preview(shown, timezone.now()) if shown else None,
        "days": DAYS,
    }
    wrong = request.method == "POST" and not form.is_valid() and not is_part(request)
    return render_page(request, "alerts/rule.html", "alerts/_preview.html", context, status=422 if wrong else 200)


def _complete(form: RuleForm) -> dict[str, Any]:
    """Return what an untouched form would post."""
    return {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}


@transaction.atomic
def _save(rule: AlertRule, channels: Any) -> None:
    if rule.pk is None:
        rule.save()
    else:  # how it stands is the watcher's to write
        told = ("name", "numbers", "model", "service", "team", "cause", "remind_every", "rest")
        rule.save(update_fields=[*told, "quiet_from", "quiet_until", "zone", "urgent"])
    rule.channels.set(channels)


def _owned(request: HttpRequest, slug: str) -> Project:
    """Return a project whose alerts the reader may change.

    Raises:
        Http404: the reader may not even see it.
        PermissionDenied: the reader may see it only.
    """
    project = get_object_or_404(Project.objects.visible_to(request.user), slug=slug)
    if not owns(request, project):
        raise PermissionDenied(_("Only an owner of this project may change its alerts."))
    return project


def _back(project: Project) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('alerts')}?project={project.slug}")


def _page(request: HttpRequest, projects: list[Project], status: int = 200, **extra: Any) -> HttpResponse:
    now = timezone.now()
    rules = AlertRule.objects.filter(project__in=projects).select_related("project").prefetch_related("channels")
    stuck = AlertMessage.objects.filter(state=AlertMessage.State.WAITING, tries__gt=0).order_by("-made_at")
    channels = Channel.objects.filter(project__in=projects).select_related("project")
    told = Delivery.objects.select_related("channel", "message")
    changes = (
        AlertChange.objects.filter(rule__project__in=projects)
        .select_related("rule__project", "incident")
        .prefetch_related(Prefetch("deliveries", queryset=told.order_by("channel__name")))
    )
    context = {
        "projects": projects,
        "owned": [each for each in projects if owns(request, each)],
        "rules": rows_of(rules, now),
        "channels": channels.prefetch_related(Prefetch("messages", queryset=stuck, to_attr="stuck")),
        "changes": list(changes[:_NEWEST]),
        "kinds": [(kind, sender.label, sender.help) for kind, sender in SENDERS.items()],
        "mutes": _MUTES.items(),
        "channel_form": ChannelForm(),
        **extra,
    }
    return render_page(request, "alerts/page.html", "alerts/_live.html", context, status=status)
