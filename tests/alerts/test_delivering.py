"""Messages leave once: claimed by one, tried again where that helps, given up where it doesn't."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connections
from django.db.models import QuerySet
from django.utils import timezone
from pytest_django import Settings

from tests.alerts.conftest import NOW, Endpoint, Mailbox, channel_of, rule_of
from triage.alerts.channels.model import PassingError
from triage.alerts.channels.webhook import signature
from triage.alerts.delivering import _PAUSES, deliver, send_trial
from triage.alerts.history import forget_old
from triage.alerts.sealing import unseal
from triage.models import AlertChange, AlertMessage, Channel, Delivery, Incident, Project

FACTS = {
    "words": "50 of 100 requests met an error.",
    "cause": "overloaded",
    "title": "The API is overloaded",
    "do": "Wait and retry.",
    "verdict": "Them: 529 on claude-opus-4-8.",
    "reasons": ["checks that pass: edge, name"],
    "by_minute": [0, 1, 2, 4],
    "issue": 7,
}


def message_to(channel: Channel, *kinds: str, **fields: object) -> AlertMessage:
    message = AlertMessage.objects.create(channel=channel, due_at=timezone.now() - dt.timedelta(seconds=1), **fields)
    for kind in kinds or ("fired",):
        rule = rule_of(channel.project, "rate", channel, name=f"Too many errors: {kind}")
        change = AlertChange.objects.create(rule=rule, kind=kind, at=NOW, began_at=NOW, facts=FACTS)
        Delivery.objects.create(change=change, channel=channel, message=message)
    return message


def make_due() -> None:
    AlertMessage.objects.update(due_at=timezone.now() - dt.timedelta(seconds=1))


def test_a_webhook_gets_what_changed_signed(project: Project, endpoint: Endpoint) -> None:
    channel = channel_of(project, "webhook", endpoint.url)
    message = message_to(channel, "fired", "resolved")
    assert deliver() == {"sent": 1, "not_sent": 0}
    (headers, body), (told,) = endpoint.got[0], endpoint.told
    assert headers["webhook-id"] == str(message.key) == told["data"]["id"]
    secret = unseal(channel.sealed)["secret"]
    assert headers["webhook-signature"] == signature(secret, str(message.key), headers["webhook-timestamp"], body)
    assert told["type"] == "alert.fired"
    assert [each["kind"] for each in told["data"]["changes"]] == ["fired", "resolved"]
    assert told["data"]["verdict"] == "Them: 529 on claude-opus-4-8."
    message.refresh_from_db()
    channel.refresh_from_db()
    assert message.state == "sent"
    assert message.sent_at
    assert channel.last_ok_at
    assert deliver() == {"sent": 0, "not_sent": 0}


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_mail_says_what_changed_what_it_rests_on_what_to_do_and_where_to_look(
    project: Project, mailbox: Mailbox, settings: Settings
) -> None:
    settings.TRIAGE_BASE_URL = "https://triage.example.org"
    settings.DEFAULT_FROM_EMAIL = "Triage <triage@example.org>"
    message = message_to(channel_of(project, "email", "a@example.org, b@example.org"))
    assert deliver() == {"sent": 1, "not_sent": 0}
    (mail,) = mailbox.mails
    assert mail["Message-ID"] == f"<{message.key}@example.org>"
    assert mail["Subject"] == "[Triage] Alice's Project: FIRING: Too many errors: fired"
    assert mail["To"] == "a@example.org, b@example.org"
    text = mail.get_payload(decode=True).decode()
    for words in (
        "50 of 100 requests met an error.",
        "Them: 529 on claude-opus-4-8.",
        "- checks that pass: edge, name",
        "▁▃▅█",
        "What to do about “The API is overloaded”: Wait and retry.",
        "https://triage.example.org/issues/7/",
        "https://triage.example.org/reference/causes/overloaded/",
    ):
        assert words in text


def test_an_incidents_time_line_tells_who_was_told(project: Project, endpoint: Endpoint) -> None:
    told = {"first_sign_at": NOW, "opened_at": NOW, "last_seen_at": NOW, "changed_at": NOW}
    incident = Incident.objects.create(project=project, subject="x", side="us", kind="failing", sentence="You.", **told)
    message_to(channel_of(project, "webhook", endpoint.url, "Pager"))
    AlertChange.objects.update(incident=incident)
    deliver()
    assert f"/incidents/{incident.pk}/" in endpoint.told[0]["data"]["text"]
    event = incident.events.get()
    assert (event.kind, event.text) == ("alert", "Pager was told: Too many errors: fired")


def test_slack_gets_text_in_which_nothing_is_markup(project: Project, endpoint: Endpoint) -> None:
    message_to(channel_of(project, "slack", endpoint.url))
    AlertChange.objects.update(facts={**FACTS, "words": "<!channel> & co"})
    deliver()
    assert "&lt;!channel&gt; &amp; co" in endpoint.told[0]["text"]


def test_apprise_delivers_in_a_process_of_its_own(project: Project, endpoint: Endpoint) -> None:
    message_to(channel_of(project, "apprise", endpoint.url.replace("http://", "json://")))
    assert deliver() == {"sent": 1, "not_sent": 0}
    assert "FIRING: Too many errors" in endpoint.told[0]["title"]


def test_secrets_are_masked_before_they_leave(project: Project, endpoint: Endpoint) -> None:
    message_to(channel_of(project, "webhook", endpoint.url))
    AlertChange.objects.update(facts={**FACTS, "words": "key sk-ant-api03-verysecretindeed of eve@example.org"})
    deliver()
    text = endpoint.told[0]["data"]["text"]
    assert "verysecret" not in text
    assert "eve@" not in text


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 302])
def test_what_will_never_work_switches_the_channel_off(project: Project, endpoint: Endpoint, status: int) -> None:
    endpoint.status, endpoint.headers = status, {"Location": endpoint.url}
    channel = channel_of(project, "webhook", endpoint.url)
    message_to(channel)
    later = message_to(channel)
    assert deliver() == {"sent": 0, "not_sent": 2}
    assert len(endpoint.got) == 1
    channel.refresh_from_db()
    later.refresh_from_db()
    assert channel.disabled_at
    assert f"The address answered {status}." in channel.disabled_why
    assert (later.state, later.error) == ("failed", "The channel was off.")


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_may_pass_is_tried_again_under_the_same_key(project: Project, endpoint: Endpoint, status: int) -> None:
    endpoint.status = status
    message = message_to(channel_of(project, "webhook", endpoint.url))
    assert deliver() == {"sent": 0, "not_sent": 1}
    assert deliver() == {"sent": 0, "not_sent": 0}  # not yet
    message.refresh_from_db()
    assert message.state == "waiting"
    endpoint.status = 200
    make_due()
    assert deliver() == {"sent": 1, "not_sent": 0}
    assert [headers["webhook-id"] for headers, _ in endpoint.got] == [str(message.key)] * 2


def test_the_other_side_may_ask_for_a_longer_wait(project: Project, endpoint: Endpoint) -> None:
    endpoint.status, endpoint.headers = 429, {"Retry-After": "120"}
    message = message_to(channel_of(project, "webhook", endpoint.url))
    deliver()
    message.refresh_from_db()
    assert message.due_at > timezone.now() + dt.timedelta(seconds=100)


@pytest.mark.parametrize("wait", ["nan", "inf", "-inf", "soon"])
def test_a_wait_that_is_no_number_of_seconds_is_as_none(project: Project, endpoint: Endpoint, wait: str) -> None:
    endpoint.status, endpoint.headers = 429, {"Retry-After": wait}
    message = message_to(channel_of(project, "webhook", endpoint.url))
    assert deliver() == {"sent": 0, "not_sent": 1}
    message.refresh_from_db()
    assert message.state == "waiting"
    assert message.error.startswith("The address answered 429.")
    assert message.due_at < timezone.now() + 2 * _PAUSES[0]


def test_a_message_that_cannot_be_written_waits_and_stops_no_other(project: Project, endpoint: Endpoint) -> None:
    channel = channel_of(project, "webhook", endpoint.url)
    broken, whole = message_to(channel), message_to(channel)
    AlertChange.objects.filter(deliveries__message=broken).update(facts=["no", "facts"])
    assert deliver() == {"sent": 1, "not_sent": 1}
    broken.refresh_from_db()
    assert (broken.state, broken.tries, broken.error) == ("waiting", 1, "AttributeError")
    assert [headers["webhook-id"] for headers, _ in endpoint.got] == [str(whole.key)]


def test_after_enough_tries_it_is_given_up(project: Project, endpoint: Endpoint) -> None:
    endpoint.status = 500
    channel = channel_of(project, "webhook", endpoint.url)
    message = message_to(channel)
    for _ in range(len(_PAUSES) + 3):
        make_due()
        deliver()
    message.refresh_from_db()
    channel.refresh_from_db()
    assert message.state == "failed"
    assert len(endpoint.got) == len(_PAUSES) + 1
    assert channel.disabled_at is None


def test_nobody_listens_there(project: Project, endpoint: Endpoint) -> None:
    message = message_to(channel_of(project, "webhook", "http://127.0.0.1:1/"))
    assert deliver() == {"sent": 0, "not_sent": 1}
    message.refresh_from_db()
    assert "No connection to the address" in message.error


@pytest.mark.parametrize(("answer", "off"), [("550 No such user", True), ("451 Come back later", False)])
def test_a_mail_server_says_for_good_or_for_now(project: Project, mailbox: Mailbox, answer: str, off: bool) -> None:
    mailbox.answer = answer
    channel = channel_of(project, "email", "a@example.org")
    message = message_to(channel)
    assert deliver() == {"sent": 0, "not_sent": 1}
    channel.refresh_from_db()
    message.refresh_from_db()
    assert bool(channel.disabled_at) is off
    assert message.state == ("failed" if off else "waiting")
    assert answer[:3] in message.error


def test_without_a_mail_server_the_message_waits(project: Project, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    message = message_to(channel_of(project, "email", "a@example.org"))
    assert deliver() == {"sent": 0, "not_sent": 1}
    message.refresh_from_db()
    assert (message.state, message.error) == ("waiting", "No answer of the mail server: ConnectionRefusedError")


@pytest.mark.django_db(transaction=True)
def test_while_one_worker_sends_another_leaves_the_message_alone(project: Project, endpoint: Endpoint) -> None:
    others: list[dict[str, int]] = []

    def come_too() -> None:
        others.append(deliver())
        connections.close_all()  # those of the endpoint's thread

    message_to(channel_of(project, "webhook", endpoint.url))
    endpoint.before_answer = come_too
    assert deliver() == {"sent": 1, "not_sent": 0}
    assert others == [{"sent": 0, "not_sent": 0}]
    assert len(endpoint.got) == 1


def test_of_two_workers_that_see_a_message_waiting_one_sends_it(
    project: Project, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_to(channel_of(project, "webhook", endpoint.url))
    update, faster = QuerySet.update, []

    def overtaken(self: QuerySet, **fields: object) -> int:
        if self.model is AlertMessage and not faster:
            faster.append(True)
            deliver()
        return update(self, **fields)

    monkeypatch.setattr(QuerySet, "update", overtaken)
    assert deliver() == {"sent": 0, "not_sent": 0}
    assert faster
    assert len(endpoint.got) == 1


def test_what_a_killed_worker_left_is_sent_under_the_same_key(project: Project, endpoint: Endpoint) -> None:
    key = uuid.uuid4()
    channel = channel_of(project, "webhook", endpoint.url)
    message = message_to(channel, key=key, state=AlertMessage.State.SENDING, tries=1)
    AlertMessage.objects.filter(pk=message.pk).update(due_at=timezone.now() + dt.timedelta(seconds=30))
    assert deliver() == {"sent": 0, "not_sent": 0}  # its claim still holds
    make_due()
    assert deliver() == {"sent": 1, "not_sent": 0}
    assert endpoint.got[0][0]["webhook-id"] == str(key)


def test_a_worker_that_was_overtaken_stores_nothing(
    project: Project, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = message_to(channel_of(project, "webhook", endpoint.url))

    def overtaken(*_: object) -> None:
        AlertMessage.objects.update(state="sent", due_at=NOW)
        raise PassingError("too late")

    monkeypatch.setattr("triage.alerts.delivering._post", overtaken)
    deliver()
    message.refresh_from_db()
    assert message.state == "sent"


def test_a_message_whose_rule_is_gone_goes_nowhere(project: Project, endpoint: Endpoint) -> None:
    message = message_to(channel_of(project, "webhook", endpoint.url))
    project.alert_rules.all().delete()
    assert deliver() == {"sent": 0, "not_sent": 1}
    message.refresh_from_db()
    assert message.error == "Its rule was deleted."
    assert not endpoint.got


def test_under_another_secret_key_the_channel_says_what_to_do(
    project: Project, endpoint: Endpoint, settings: Settings
) -> None:
    channel = channel_of(project, "webhook", endpoint.url)
    assert endpoint.url not in channel.sealed
    message_to(channel)
    settings.SECRET_KEY = "another"
    deliver()
    channel.refresh_from_db()
    assert "enter the channel's address again" in channel.disabled_why


def test_a_trial_says_what_is_wrong_or_switches_the_channel_on(project: Project, endpoint: Endpoint) -> None:
    channel = channel_of(project, "webhook", endpoint.url)
    endpoint.status = 404
    assert "404" in send_trial(channel)
    endpoint.status = 200
    Channel.objects.update(disabled_at=NOW, disabled_why="404")
    assert send_trial(channel) == ""
    assert endpoint.told[-1]["type"] == "test"
    channel.refresh_from_db()
    assert channel.disabled_at is None


def test_what_was_told_long_ago_is_forgotten(project: Project, endpoint: Endpoint, settings: Settings) -> None:
    message_to(channel_of(project, "webhook", endpoint.url))
    assert forget_old(NOW) == 0
    later = NOW + dt.timedelta(days=settings.TRIAGE_KEEP_ALERTS_DAYS, minutes=5)
    assert forget_old(later) > 0
    assert not AlertMessage.objects.exists()
    assert not AlertChange.objects.exists()
