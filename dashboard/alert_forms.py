"""The forms of the alerts: a rule with the numbers of its condition, and a channel."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from triage.alerts.channels.kinds import SENDERS
from triage.alerts.channels.model import Address, AddressError, PassingError
from triage.alerts.conditions import Choice, Condition, Number
from triage.models import AlertRule, Channel, Project

_FILTERS = {"model": _("Model"), "service": _("Service"), "team": _("Team"), "cause": _("Cause")}
_LONGEST = {"model": 80, "service": 80, "team": 80, "cause": 64}
_DAY = 24 * 60
_LONGEST_NUMBER = 18


def _time() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class _ChannelsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Channels to choose from. A number that no column holds is refused before the database is asked for it."""

    def clean(self, value: Any) -> Any:
        """Return the chosen channels."""
        for each in map(str, value or ()):
            if len(each) > _LONGEST_NUMBER:
                raise ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": each[:20]})
        return super().clean(value)


PREFIX = "n_"
"""What the names of a condition's numbers begin with in the form."""


class RuleForm(forms.Form):
    """A rule of one condition. ``rule()`` returns it, not saved yet."""

    name = forms.CharField(label=_("Name"), max_length=AlertRule._meta.get_field("name").max_length)
    channels = _ChannelsField(
        label=_("Tell"), queryset=Channel.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    remind_every = forms.IntegerField(
        label=_("Remind every (minutes)"), help_text=_("0 for never"), min_value=0, max_value=7 * _DAY, initial=60
    )
    rest = forms.IntegerField(
        label=_("Then quiet for (minutes)"),
        help_text=_("after it fired"),
        min_value=0,
        max_value=7 * _DAY,
        initial=0,
        required=False,
    )
    quiet_from = forms.TimeField(label=_("Quiet hours from"), required=False, widget=_time())
    quiet_until = forms.TimeField(label=_("until"), required=False, widget=_time())
    zone = forms.CharField(label=_("Time zone"), max_length=60, initial="UTC", required=False)
    urgent = forms.BooleanField(label=_("Urgent: tell it in quiet hours as well"), required=False)

    def __init__(self, *args: Any, project: Project, condition: Condition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._project = project
        self.condition = condition
        self.fields["channels"].queryset = Channel.objects.filter(project=project)  # type: ignore[attr-defined]
        for each in condition.numbers:
            self.fields[PREFIX + each.name] = _field_of(each)
        for name in condition.filters:
            self.fields[name] = forms.CharField(label=_FILTERS[name], max_length=_LONGEST[name], required=False)
        if condition.event is not None:
            del self.fields["remind_every"]  # what has no end isn't reminded of

    @property
    def numbers(self) -> list[forms.BoundField]:
        """The fields of the condition's numbers."""
        return [self[PREFIX + each.name] for each in self.condition.numbers]

    @property
    def filters(self) -> list[forms.BoundField]:
        """The fields that narrow the rule."""
        return [self[name] for name in self.condition.filters]

    def clean_zone(self) -> str:
        """Return the time zone's name; refuse one that there isn't."""
        zone = str(self.cleaned_data["zone"] or "UTC")
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValidationError(_("There is no such time zone; write it as Europe/Berlin.")) from error
        return zone

    def clean(self) -> dict[str, Any]:
        """Refuse quiet hours with one end."""
        cleaned = super().clean() or {}
        if "quiet_from" in cleaned and "quiet_until" in cleaned:
            ends = cleaned["quiet_from"], cleaned["quiet_until"]
            if (ends[0] is None) != (ends[1] is None):
                self.add_error("quiet_until", _("Quiet hours need a beginning and an end."))
            elif ends[0] is not None and ends[0] == ends[1]:
                self.add_error("quiet_until", _("Quiet hours that end when they begin are none; leave both empty."))
        return cleaned

    def rule(self, rule: AlertRule) -> AlertRule:
        """Return ``rule`` with what the form says; its channels are set apart, once it is saved."""
        told = self.cleaned_data
        rule.condition = self.condition.slug
        rule.numbers = {each.name: told[PREFIX + each.name] for each in self.condition.numbers}
        for name in ("name", "quiet_from", "quiet_until", "zone", "urgent"):
            setattr(rule, name, told[name])
        for name in _FILTERS:
            setattr(rule, name, told.get(name, ""))
        rule.remind_every = told.get("remind_every", 0)
        rule.rest = told["rest"] or 0
        return rule


def initial_of(rule: AlertRule) -> dict[str, Any]:
    """Return what the form of an existing rule begins with."""
    names = (*_FILTERS, "name", "remind_every", "rest", "quiet_from", "quiet_until", "zone", "urgent")
    told: dict[str, Any] = {name: _shown(getattr(rule, name)) for name in names}
    told |= {PREFIX + name: value for name, value in rule.numbers.items()}
    return told | {"channels": list(rule.channels.values_list("pk", flat=True))}


class ChannelForm(forms.Form):
    """A new channel. After validation ``address`` is what was read."""

    name = forms.CharField(label=_("Name"), max_length=Channel._meta.get_field("name").max_length)
    kind = forms.ChoiceField(label=_("Kind"), choices=Channel.Kind.choices)
    address = forms.CharField(label=_("Address"), max_length=4_000, strip=True)

    def clean(self) -> dict[str, Any]:
        """Read the address as its kind wants it."""
        cleaned = super().clean() or {}
        self.read: Address | None = None
        if {"kind", "address"} <= cleaned.keys():
            try:
                self.read = SENDERS[cleaned["kind"]].read(cleaned["address"])
            except (AddressError, PassingError) as error:
                self.add_error("address", str(error))
        return cleaned


def _field_of(told: Number | Choice) -> forms.Field:
    if isinstance(told, Choice):
        return forms.ChoiceField(label=told.label, choices=told.options, initial=told.default)
    if told.whole:
        least, most, initial = int(told.least), int(told.most), int(told.default)
        return forms.IntegerField(label=told.label, min_value=least, max_value=most, initial=initial)
    return forms.FloatField(label=told.label, min_value=told.least, max_value=told.most, initial=told.default)


def _shown(value: Any) -> Any:
    return value.strftime("%H:%M") if isinstance(value, dt.time) else value
