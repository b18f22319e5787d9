"""Every address of the dashboard."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from dashboard.api import api
from dashboard.health import healthz
from dashboard.views import (
    accounts,
    alerts,
    ask,
    check,
    connect,
    diagnose,
    find,
    handbook,
    health,
    issues,
    limits,
    live,
    overview,
    policy,
    reference,
    requests,
    settings,
    walk,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("healthz", healthz, name="healthz"),
    path("find/", find.find, name="find"),
    path("issues/", issues.issues, name="issues"),
    path("issues/<int:pk>/", issues.issue, name="issue"),
    path("requests/", requests.requests, name="requests"),
    path("requests/<str:identifier>/", requests.one_request, name="request"),
    path("limits/", limits.limits, name="limits"),
    path("health/", health.health, name="health"),
    path("health/run/", health.run, name="health_run"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("policy/", policy.policy, name="policy"),
    path("live/", live.live, name="live"),
    path("diagnose/", diagnose.diagnose_page, name="diagnose"),
    path("diagnose/ask/", ask.ask, name="ask"),
    path("check/", check.check_page, name="check"),
    path("check/mended/", check.check_mended, name="check_mended"),
    path("walk/", walk.walk, name="walk"),
    path("reference/", reference.reference, name="reference"),
    path("reference/codes/<slug:slug>/", reference.code, name="reference_code"),
    path("reference/causes/<slug:slug>/", reference.cause, name="reference_cause"),
    path("reference/types/", handbook.error_types, name="reference_types"),
    path("reference/types/<slug:slug>/", handbook.error_type, name="reference_type"),
    path("reference/exceptions/", handbook.exceptions, name="reference_exceptions"),
    path("reference/exceptions/<slug:name>/", handbook.exception, name="reference_exception"),
    path("reference/practices/", handbook.practices, name="reference_practices"),
    path("connect/", connect.connect, name="connect"),
    path("connect/key/", connect.create_key, name="connect_key"),
    path("connect/lights/", connect.connect_lights, name="connect_lights"),
    path("sign-in/", accounts.sign_in, name="sign_in"),
    path("sign-in/<str:token>/", accounts.sign_in_with_token, name="sign_in_with_token"),
    path("sign-out/", accounts.sign_out, name="sign_out"),
    path("settings/", settings.overview, name="settings"),
    path("settings/account/", settings.save_account, name="settings_account"),
    path("settings/projects/", settings.create_project, name="settings_create_project"),
    path("settings/projects/<slug:slug>/", settings.project, name="settings_project"),
    path("settings/projects/<slug:slug>/rename/", settings.rename_project, name="settings_rename_project"),
    path("settings/projects/<slug:slug>/delete/", settings.delete_project, name="settings_delete_project"),
    path("settings/projects/<slug:slug>/keys/", settings.create_key, name="settings_create_key"),
    path("settings/projects/<slug:slug>/keys/<int:pk>/revoke/", settings.revoke_key, name="settings_revoke_key"),
    path("settings/projects/<slug:slug>/people/", settings.invite, name="settings_invite"),
    path("settings/projects/<slug:slug>/people/<int:pk>/role/", settings.change_role, name="settings_change_role"),
    path(
        "settings/projects/<slug:slug>/people/<int:pk>/remove/", settings.remove_person, name="settings_remove_person"
    ),
    path("api/v1/", api.urls),
]
