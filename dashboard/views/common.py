"""What the pages share: who may enter, which projects a page covers, page or part of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django_htmx.http import HttpResponseClientRedirect

from dashboard.checking import BusyError, TooLargeError, keep_in_memory
from triage.models import Project
from triage.rates import Window, WindowError, parse_window

Args = ParamSpec("Args")
View = Callable[Concatenate[HttpRequest, Args], HttpResponse]
Page = Callable[[HttpRequest], HttpResponse]


def team_page(view: View[Args]) -> View[Args]:
    """Let only people in who are signed in; others are sent to sign in and come back to this page afterwards."""

    @wraps(view)
    def entered(request: HttpRequest, /, *args: Args.args, **kwargs: Args.kwargs) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if is_part(request):
            # A redirect would put the sign-in page into a corner of this one.
            return HttpResponseClientRedirect(redirect_to_login(request.get_full_path(), resolve_url("sign_in")).url)
        return redirect_to_login(request.get_full_path(), resolve_url("sign_in"))

    return entered


def open_page(view: View[Args]) -> View[Args]:
    """Let strangers in as well, as long as the setting ``OPEN_REFERENCE`` says so; else as :func:`team_page`."""
    closed = team_page(view)

    @wraps(view)
    def entered(request: HttpRequest, /, *args: Args.args, **kwargs: Args.kwargs) -> HttpResponse:
        return (view if settings.OPEN_REFERENCE else closed)(request, *args, **kwargs)

    return entered


def takes_requests(page: str, part: str, frame: Callable[[], dict[str, Any]]) -> Callable[[Page], Page]:
    """Let a page take forms with a whole request in them: its file stays in memory, and its size is looked at first.

    What is too large, or has to wait too long, is told on ``page`` (or its ``part``) as ``problem``, with 413 or 503;
    ``frame`` gives what else the page needs.
    """

    def decorated(view: Page) -> Page:
        protected = csrf_protect(view)

        @csrf_exempt  # the form is read, and its token checked, once its size has been looked at
        @wraps(view)
        def entered(request: HttpRequest) -> HttpResponse:
            try:
                keep_in_memory(request)
                return protected(request)
            except (TooLargeError, BusyError) as error:
                problem, status = str(error), 413 if isinstance(error, TooLargeError) else 503
            except RequestDataTooBig:
                problem, status = str(TooLargeError(int(request.META.get("CONTENT_LENGTH") or 0))), 413
            return render_page(request, page, part, {**frame(), "problem": problem}, status=status)

        return entered

    return decorated


def is_part(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part of the page rather than for all of it."""
    return request.headers.get("HX-Request-Type") == "partial"


def render_page(
    request: HttpRequest, page: str, part: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render ``page``, or its ``part`` alone where htmx asks for that: the same context, so the two can't drift."""
    response = render(request, part if is_part(request) else page, dict(context), status=status)
    patch_vary_headers(response, ("HX-Request-Type", "Cookie"))
    patch_cache_control(response, private=True, no_cache=True)
    return response


def covered_projects(request: HttpRequest) -> list[Project]:
    """Return the projects that a page covers: all that the reader may see, or the one that ``?project=`` names.

    Raises:
        Http404: the named project doesn't exist, or isn't the reader's to see; the two look the same.
    """
    visible = Project.objects.visible_to(request.user)
    slug = request.GET.get("project")
    if not slug:
        return list(visible)
    chosen = list(visible.filter(slug=slug))
    if not chosen:
        raise Http404
    return chosen


def window_of(request: HttpRequest) -> tuple[Window, str]:
    """Return the window in the address (``window=1h``, or ``from`` and ``to``), and what is wrong with it.

    A window that can't be read gives the default one and a sentence for the reader; else the sentence is empty.
    """
    get = request.GET
    try:
        return parse_window(get.get("window") or None, start=get.get("from") or None, end=get.get("to") or None), ""
    except WindowError as error:
        return parse_window(), str(error)
