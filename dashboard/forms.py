"""The forms of the settings and of signing in."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from triage.models import IngestKey, Membership, Project

_USERNAME = re.compile(r"[\w.@+-]+")


class ProjectForm(forms.Form):
    """A project's name."""

    name = forms.CharField(label=_("Name"), max_length=Project._meta.get_field("name").max_length)


class KeyForm(forms.Form):
    """What a key is for."""

    label = forms.CharField(
        label=_("What it is for"), max_length=IngestKey._meta.get_field("label").max_length, required=False
    )


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    username = forms.CharField(label=_("Name to sign in with"), max_length=150)
    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role.choices, initial=Membership.Role.MEMBER)

    def clean_username(self) -> str:
        """Return the name; refuse what Django's users can't be called."""
        username = str(self.cleaned_data["username"])
        if not _USERNAME.fullmatch(username):
            raise ValidationError(_("Letters, digits and @ . + - _ only."))
        return username


class RoleForm(forms.Form):
    """Another role for a person."""

    role = forms.ChoiceField(choices=Membership.Role.choices)


class AccountForm(forms.Form):
    """How the reader is called, and a password to come back with; empty leaves the password as it is."""

    full_name = forms.CharField(label=_("Your name"), max_length=150, required=False)
    password = forms.CharField(label=_("New password"), max_length=200, required=False, widget=forms.PasswordInput)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_password(self) -> str:
        """Return the password; refuse one that is easily guessed."""
        password = str(self.cleaned_data["password"])
        if password:
            validate_password(password, self._user)
        return password


class SignInForm(forms.Form):
    """Name and password."""

    username = forms.CharField(label=_("Name"), max_length=150)
    password = forms.CharField(label=_("Password"), max_length=200, widget=forms.PasswordInput)
