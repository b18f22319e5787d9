"""The alerts page: owners make rules and channels, the team looks, strangers see nothing; before saving, a preview."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.alerts import conftest as parts
from tests.alerts.conftest import Count, Endpoint, channel_of, rule_of
from triage.alerts.evaluating import evaluate
from triage.models import AlertChange, AlertMessage, AlertRule, Channel, Project

count, endpoint = parts.count, parts.endpoint
HERE = "/alerts/alices-project"
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
RATE = {"condition": "rate", "name": "Many errors", "n_percent": "20", "n_minutes": "5", "n_least": "20"}
PACE = {"remind_every": "60", "rest": "0", "zone": "Europe/Berlin"}


def text_of(client: Client, address: str = "/alerts/", **options: Any) -> str:
    answer = client.get(address, **options)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_it_begins_with_what_to_do(project: Project, as_alice: Client) -> None:
    page = text_of(as_alice)
    assert "No rule yet" in page
    assert "Nothing has fired" in page
    assert f'href="{HERE}/rules/?condition=trouble"' in page


def test_every_condition_has_a_form_with_a_preview(project: Project, as_alice: Client) -> None:
    offered = text_of(as_alice, f"{HERE}/rules/")
    for slug in ("trouble", "rate", "unusual", "count", "new_cause", "regression", "check_down", "head_room", "budget"):
        assert f'href="?condition={slug}"' in offered
        form = text_of(as_alice, f"{HERE}/rules/?condition={slug}")
        assert "it would have stayed quiet" in form


def test_a_rule_is_made_changed_and_deleted(project: Project, as_alice: Client, as_bob: Client) -> None:
    ops = channel_of(project, "email", "ops@example.org", "On call")
    made = as_alice.post(f"{HERE}/rules/", {**RATE, **PACE, "channels": [ops.pk], "service": "chat", "action": "save"})
    assert made.status_code == 302
    rule = AlertRule.objects.get()
    assert rule.numbers == {"percent": 20.0, "minutes": 5, "least": 20}
    assert (rule.service, list(rule.channels.all())) == ("chat", [ops])
    page = text_of(as_bob)
    assert "Many errors" in page
    assert "service: chat" in page
    AlertRule.objects.update(state="firing")
    night = {"quiet_from": "22:00", "quiet_until": "07:00"}
    as_alice.post(f"{HERE}/rules/{rule.pk}/", {**RATE, **PACE, **night, "n_percent": "30", "action": "save"})
    rule.refresh_from_db()
    assert rule.numbers["percent"] == 30
    assert rule.state == "firing"
    assert not rule.channels.exists()
    assert "quiet hours 22:00–07:00 Europe/Berlin" in text_of(as_alice)
    assert 'value="22:00"' in text_of(as_alice, f"{HERE}/rules/{rule.pk}/")
    as_alice.post(f"{HERE}/rules/{rule.pk}/set/", {"action": "delete"})
    assert not AlertRule.objects.exists()


def test_the_guides_preset_rests_for_an_hour(project: Project, as_alice: Client) -> None:
    form = as_alice.get(f"{HERE}/rules/?condition=count&preset=guide").context["form"]
    assert (form["rest"].value(), form["n_count"].value(), form["n_minutes"].value()) == (60, 10, 60)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"n_percent": "0"}, "greater than or equal to 0.1"),
        ({"n_percent": "nan"}, "Enter a number"),
        ({"n_minutes": "61"}, "less than or equal to 60"),
        ({"n_least": "x"}, "whole number"),
        ({"name": ""}, "required"),
        ({"zone": "Europe/Nowhere"}, "no such time zone"),
        ({"zone": "../etc"}, "no such time zone"),
        ({"quiet_from": "22:00"}, "a beginning and an end"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "leave both empty"),
        ({"remind_every": "-1"}, "greater than or equal to 0"),
        ({"channels": "99999"}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_named(project: Project, as_alice: Client, wrong: dict[str, str], words: str) -> None:
    answer = as_alice.post(f"{HERE}/rules/", {**RATE, **PACE, **wrong, "action": "save"})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not AlertRule.objects.exists()


def test_the_preview_shows_when_it_would_have_fired_and_how_long(
    project: Project,
    count: Count,
    as_alice: Client,
) -> None:
    for ago in range(600, 630):
        count(100, 50, ago=ago)
    part = as_alice.post(f"{HERE}/rules/", {**RATE, **PACE, "action": "preview"}, headers=PART)
    assert part.status_code == 200
    words = " ".join(part.content.decode().split())
    assert "It would have fired once in 7 days" in words
    assert "50 of 100 requests met an error in 5 minutes: 50 %, the rule says 20 %." in words
    assert "36 minutes" in words  # half an hour, the window that follows, and the wait for its end
    quiet = as_alice.post(f"{HERE}/rules/", {**RATE, **PACE, "n_percent": "60", "action": "preview"}, headers=PART)
    assert "it would have stayed quiet" in quiet.content.decode()
    assert not AlertRule.objects.exists()
    wrong = as_alice.post(f"{HERE}/rules/", {**RATE, **PACE, "n_percent": "x", "action": "preview"}, headers=PART)
    assert wrong.status_code == 200
    assert "Enter a number" in wrong.content.decode()


def test_what_fired_stands_with_its_reasons_and_who_was_told(
    project: Project,
    count: Count,
    as_alice: Client,
    as_bob: Client,
    as_charlie: Client,
) -> None:
    ops = channel_of(project, "email", "ops@example.org", "On call")
    rule_of(project, "count", ops, name="Ten errors")
    for ago in range(2):
        count(100, 50, ago=ago)
    evaluate(timezone.now())
    page = text_of(as_bob)
    assert "100 requests met an error in 60 minutes, the rule says 10." in page
    assert "waits until" in page
    assert "Firing" in page
    AlertMessage.objects.update(state="sent", sent_at=timezone.now())
    assert "On call:</span> <span>sent" in text_of(as_alice)
    AlertMessage.objects.update(state="failed", error="The address answered 404.")
    assert "The address answered 404." in text_of(as_alice)
    assert AlertChange.objects.exists()
    stranger = text_of(as_charlie)
    for words in ("Ten errors", "On call", "100 requests"):
        assert words not in stranger


def test_a_rule_is_muted_and_switched_off(project: Project, as_alice: Client) -> None:
    rule = rule_of(project, "rate")
    address = f"{HERE}/rules/{rule.pk}/set/"
    as_alice.post(address, {"action": "mute", "minutes": "60"})
    rule.refresh_from_db()
    assert rule.muted_until
    assert rule.muted_until > timezone.now() + dt.timedelta(minutes=59)
    assert "muted until" in text_of(as_alice)
    as_alice.post(address, {"action": "unmute"})
    as_alice.post(address, {"action": "off"})
    rule.refresh_from_db()
    assert (rule.muted_until, rule.enabled) == (None, False)
    as_alice.post(address, {"action": "on"})
    for nonsense in ({"action": "mute", "minutes": "-5"}, {"action": "x"}, {}):
        page = as_alice.post(address, nonsense, follow=True).content.decode()
        assert "there is no such action" in page
    rule.refresh_from_db()
    assert (rule.muted_until, rule.enabled) == (None, True)


def test_a_webhooks_secret_is_shown_once_and_its_address_never(
    project: Project,
    endpoint: Endpoint,
    as_alice: Client,
) -> None:
    told = {"name": "Hook", "kind": "webhook", "address": endpoint.url}
    made = as_alice.post(f"{HERE}/channels/", told)
    assert made.status_code == 201
    assert "whsec_" in made.content.decode()
    assert "no-store" in made.headers["Cache-Control"]
    for page in (made.content.decode(), text_of(as_alice)):
        assert endpoint.url not in page
    assert "whsec_" not in text_of(as_alice)
    channel = Channel.objects.get()
    page = as_alice.post(f"{HERE}/channels/{channel.pk}/set/", {"action": "test"}, follow=True).content.decode()
    assert "The test was sent over Hook." in page
    assert endpoint.told[0]["type"] == "test"
    endpoint.status = 410
    page = as_alice.post(f"{HERE}/channels/{channel.pk}/set/", {"action": "test"}, follow=True).content.decode()
    assert "The test didn&#x27;t arrive: The address answered 410." in page
    as_alice.post(f"{HERE}/channels/{channel.pk}/set/", {"action": "delete"})
    assert not Channel.objects.exists()


def test_an_address_that_is_none_is_refused_with_the_reason(project: Project, as_alice: Client) -> None:
    answer = as_alice.post(f"{HERE}/channels/", {"name": "x", "kind": "email", "address": "nobody"})
    assert answer.status_code == 422
    assert "is no mail address" in answer.content.decode()
    assert as_alice.post(f"{HERE}/channels/", {"name": "x", "kind": "pigeon", "address": "y"}).status_code == 422
    assert not Channel.objects.exists()


def test_what_is_shown_of_an_address_fits_its_column(project: Project, as_alice: Client) -> None:
    told = {"name": "Far", "kind": "slack", "address": "https://" + "a" * 200 + ".example.org/secret"}
    assert as_alice.post(f"{HERE}/channels/", told).status_code == 302
    assert Channel.objects.get().shown == ("https://" + "a" * 200)[:120]


@pytest.mark.parametrize("number", ["9" * 20, "-" + "9" * 20, "0", "x"])
def test_a_channel_that_there_is_not_is_refused(project: Project, as_alice: Client, number: str) -> None:
    answer = as_alice.post(f"{HERE}/rules/", {**RATE, **PACE, "channels": [number], "action": "save"})
    assert answer.status_code < 500
    assert answer.context["form"].errors["channels"]
    assert not AlertRule.objects.exists()


def test_a_channel_that_is_off_says_why(project: Project, as_bob: Client) -> None:
    ops = channel_of(project, "email", "ops@example.org", "On call")
    rule_of(project, "rate", ops)
    Channel.objects.update(disabled_at=timezone.now(), disabled_why="The mail server answered 550: no such user")
    page = text_of(as_bob)
    assert "The mail server answered 550: no such user" in page
    assert "Nobody: no channel that works is chosen." in page
    assert "ops@" not in page


def test_a_channel_that_is_tried_again_says_why(project: Project, as_bob: Client) -> None:
    ops = channel_of(project, "email", "ops@example.org", "On call")
    AlertMessage.objects.create(channel=ops, due_at=timezone.now(), tries=1, error="No answer of the mail server.")
    page = text_of(as_bob)
    assert "Trying again" in page
    assert "No answer of the mail server." in page


def test_only_owners_change_anything(
    project: Project, others_project: Project, as_bob: Client, as_charlie: Client, as_nobody: Client
) -> None:
    rule, ops = rule_of(project, "rate"), channel_of(project, "email", "ops@example.org")
    addresses = ["rules/", f"rules/{rule.pk}/", f"rules/{rule.pk}/set/", "channels/", f"channels/{ops.pk}/set/"]
    for address in addresses:
        told = {**RATE, **PACE, "action": "delete"}
        assert as_bob.post(f"{HERE}/{address}", told).status_code == 403
        assert as_charlie.post(f"{HERE}/{address}", told).status_code == 404
        assert as_nobody.post(f"{HERE}/{address}", told).status_code == 302
    page = text_of(as_bob)
    for words in ("New rule", "Delete", "Send a test"):
        assert words not in page
    theirs = f"/alerts/{others_project.slug}"
    for address in addresses[1:3] + addresses[4:]:
        assert as_charlie.post(f"{theirs}/{address}", {"action": "delete"}).status_code == 404
    assert AlertRule.objects.exists()
    assert Channel.objects.exists()


def test_a_stranger_sees_none_of_it(project: Project, as_charlie: Client, as_nobody: Client) -> None:
    rule_of(project, "rate", name="Secret rule")
    assert "Secret rule" not in text_of(as_charlie)
    assert as_nobody.get("/alerts/").status_code == 302
