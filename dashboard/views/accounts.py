"""Coming in and going out (``/sign-in/``, ``/sign-in/<token>/``, ``/sign-out/``)."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import throttle
from dashboard.forms import SignInForm
from triage.actions.accounts import use_sign_in
from triage.models import SignInToken, digest_of

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with name and password, and go on to ``?next=``; the page also says how to get a link."""
    following = _following(request)
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(following)
        return _form(request, SignInForm(), following)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _form(request, form, following, status=422)
    name, address = form.cleaned_data["username"], request.META.get("REMOTE_ADDR", "")
    if throttle.is_blocked(f"name:{name}", f"address:{address}"):
        minutes = throttle.WITHIN // 60
        form.add_error(None, _("Too many wrong passwords. Try again in %(n)d minutes.") % {"n": minutes})
        response = _form(request, form, following, status=429)
        response["Retry-After"] = str(throttle.WITHIN)
        return response
    user = authenticate(request, username=name, password=form.cleaned_data["password"])
    if user is None:
        throttle.count_failure(f"name:{name}", f"address:{address}")
        form.add_error(None, _("This name and this password don't go together."))
        return _form(request, form, following, status=422)
    login(request, user)
    return HttpResponseRedirect(following)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_with_token(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in with a link that is good once.

    Reading the page doesn't use the link up, only its form does, which a script of the page sends at once: mail and
    chat programs that fetch links for a preview, or to look for malware, would otherwise use it before its reader.
    """
    if request.method == "POST":
        user = use_sign_in(token)
        if user is not None:
            login(request, user, backend=_BACKEND)
            if not user.has_usable_password():
                messages.info(request, _("You are in. Set a password in the settings to come back without a link."))
            return HttpResponseRedirect(resolve_url(settings.LOGIN_REDIRECT_URL))
    elif _is_open(token):
        return render(request, "accounts/token.html", {"token": token})
    return render(request, "accounts/token_gone.html", status=410)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return HttpResponseRedirect(resolve_url("sign_in"))


def _form(request: HttpRequest, form: SignInForm, following: str, status: int = 200) -> HttpResponse:
    context = {"form": form, "next": following, "open_reference": settings.OPEN_REFERENCE}
    return render(request, "accounts/sign_in.html", context, status=status)


def _following(request: HttpRequest) -> str:
    """Return the page to go on to: the one that was asked for, if it is one of this server."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    own = {request.get_host()}
    if url_has_allowed_host_and_scheme(asked, allowed_hosts=own, require_https=request.is_secure()):
        return asked
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def _is_open(token: str) -> bool:
    tokens = SignInToken.objects.filter(digest=digest_of(token), used_at=None, expires_at__gt=timezone.now())
    return tokens.filter(user__is_active=True).exists()
