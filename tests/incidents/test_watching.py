"""Incidents: opened by two looks, one for one thing, closed when it has been away, and looked at once."""

from __future__ import annotations

import datetime as dt
import json
import threading

import pytest
import redis
from django.db import connection
from django.utils import timezone

from dashboard.celery import app
from tests.incidents.conftest import MINUTE, NOON, Count
from triage import tasks
from triage.health import Finding, Outcome, record
from triage.incidents import lag, note_alert, watch, watch_all, watching
from triage.ingest.digest import TICKS
from triage.models import Check, Incident, IncidentEvent, Project, Watch
from triage.signs import WATCHER
from triage.verdict import verdict

SECONDS = dt.timedelta(seconds=1)
HOUR = 60 * MINUTE
KEY_REFUSED = {"category": "client", "cause": "api_key_invalid", "service": "billing-batch"}

pytestmark = pytest.mark.django_db


def look(project: Project, *times: dt.datetime) -> None:
    for at in times:
        watch(project, at)


def kinds(incident: Incident) -> list[str]:
    return [event.kind for event in incident.events.all()]


@pytest.fixture
def outage(project: Project, count: Count) -> Incident:
    """An incident that opened at noon, a minute and a half after its first sign."""
    count(NOON - HOUR, NOON - 2 * MINUTE)
    count(NOON - MINUTE, NOON, hit=15)
    look(project, NOON - 10 * SECONDS, NOON)
    return project.incidents.get()


def test_one_look_is_a_suspicion_and_the_second_opens_an_incident(project: Project, count: Count) -> None:
    count(NOON - HOUR, NOON - 2 * MINUTE)
    count(NOON - MINUTE, NOON, hit=15)
    assert watch(project, NOON - 10 * SECONDS) == (0, 0)
    assert not project.incidents.exists()
    assert watch(project, NOON) == (1, 0)
    incident = project.incidents.get()
    assert (incident.side, incident.kind, incident.cause) == ("them", "failing", "overloaded")
    assert incident.first_sign_at == (NOON - MINUTE).replace(second=0)
    assert incident.opened_at == NOON
    assert (incident.hit, incident.requests) == (30, 40)
    assert kinds(incident) == ["first_sign", "opened"]


def test_a_suspicion_that_passes_is_forgotten(project: Project, count: Count) -> None:
    count(NOON - HOUR, NOON - 2 * MINUTE)
    count(NOON - MINUTE, NOON, hit=15)
    watch(project, NOON)
    assert Watch.objects.get().suspected == {"server": NOON.isoformat()}
    count(NOON + MINUTE, NOON + 8 * MINUTE)
    watch(project, NOON + 8 * MINUTE)
    assert Watch.objects.get().suspected == {}
    assert not project.incidents.exists()


def test_a_suspicion_from_before_the_watcher_was_away_opens_nothing(project: Project, count: Count) -> None:
    count(NOON - HOUR, NOON - 2 * MINUTE)
    count(NOON - MINUTE, NOON + 6 * MINUTE, hit=15)
    look(project, NOON, NOON + 5 * MINUTE)
    assert not project.incidents.exists()
    look(project, NOON + 5 * MINUTE + 10 * SECONDS)
    assert project.incidents.exists()


def test_a_look_is_made_once_though_two_clocks_strike(project: Project, count: Count, outage: Incident) -> None:
    assert watch(project, NOON) is None
    assert watch(project, NOON + SECONDS) is None
    assert watch(project, NOON - MINUTE) is None, "nor is an older one made late"
    assert kinds(outage) == ["first_sign", "opened"]


@pytest.mark.django_db(transaction=True)
def test_two_watchers_at_the_same_moment_open_one_incident(project: Project, count: Count) -> None:
    count(NOON - HOUR, NOON - 2 * MINUTE)
    count(NOON - MINUTE, NOON, hit=15)
    watch(project, NOON - 10 * SECONDS)
    made: list[tuple[int, int] | None] = []
    start = threading.Barrier(4)

    def look_now() -> None:
        start.wait()
        made.append(watch(project, NOON))
        connection.close()

    watchers = [threading.Thread(target=look_now) for _ in range(4)]
    for each in watchers:
        each.start()
    for each in watchers:
        each.join()
    assert sorted(made, key=bool) == [None, None, None, (1, 0)]
    assert kinds(project.incidents.get()) == ["first_sign", "opened"]


def test_it_closes_after_five_minutes_without_it(project: Project, count: Count, outage: Incident) -> None:
    count(NOON + MINUTE, NOON + 15 * MINUTE)
    fine = NOON + 5 * MINUTE
    look(project, fine, fine + 4 * MINUTE)
    outage.refresh_from_db()
    assert (outage.fine_since, outage.closed_at) == (fine, None)
    assert watch(project, fine + 5 * MINUTE) == (0, 1)
    outage.refresh_from_db()
    assert outage.closed_at == fine + 5 * MINUTE
    assert outage.last_seen_at == NOON
    assert kinds(outage)[-1] == "closed"


def test_it_lasted_until_the_last_failures_not_until_that_was_certain(
    project: Project, count: Count, outage: Incident
) -> None:
    count(NOON + MINUTE, NOON + 4 * MINUTE)
    look(project, NOON + 2 * MINUTE)
    outage.refresh_from_db()
    assert outage.fine_since is None
    assert outage.last_seen_at == NOON.replace(second=0) + MINUTE


def test_what_comes_back_before_that_is_the_same_incident(project: Project, count: Count, outage: Incident) -> None:
    count(NOON + MINUTE, NOON + 6 * MINUTE)
    count(NOON + 7 * MINUTE, NOON + 8 * MINUTE, hit=15)
    look(project, NOON + 5 * MINUTE, NOON + 8 * MINUTE)
    outage.refresh_from_db()
    assert (outage.fine_since, outage.last_seen_at) == (None, NOON + 8 * MINUTE)
    assert project.incidents.count() == 1


def test_it_takes_a_report_to_show_that_it_is_over(project: Project, outage: Incident) -> None:
    look(project, NOON + 30 * MINUTE, NOON + 40 * MINUTE)
    outage.refresh_from_db()
    assert outage.closed_at is None
    look(project, NOON + 2 * HOUR)
    outage.refresh_from_db()
    assert outage.closed_at == NOON + 2 * HOUR
    assert "can't be told" in outage.events.last().text


def test_silence_goes_on_until_something_is_heard(project: Project, count: Count) -> None:
    count(NOON - HOUR, NOON - 2 * MINUTE)
    look(project, NOON, NOON + 10 * SECONDS)
    silence = project.incidents.get()
    assert (silence.kind, silence.side) == ("silent", "unclear")
    look(project, NOON + 3 * HOUR)
    silence.refresh_from_db()
    assert silence.closed_at is None
    count(NOON + 3 * HOUR, NOON + 4 * HOUR + 5 * MINUTE)
    look(project, NOON + 4 * HOUR, NOON + 4 * HOUR + 5 * MINUTE)
    silence.refresh_from_db()
    assert silence.closed_at is not None


def test_two_unrelated_things_are_two_incidents(project: Project, count: Count, outage: Incident) -> None:
    count(NOON - HOUR, NOON - 2 * MINUTE, service="billing-batch")
    count(NOON - MINUTE, NOON, hit=20, **KEY_REFUSED)
    look(project, NOON + 10 * SECONDS, NOON + 20 * SECONDS)
    assert sorted(project.incidents.values_list("side", "cause")) == [("them", "overloaded"), ("us", "api_key_invalid")]


def test_another_leading_cause_is_a_change_of_the_same_incident(
    project: Project, count: Count, outage: Incident
) -> None:
    count(NOON + MINUTE, NOON + 3 * MINUTE, hit=19, cause="internal_server_error")
    look(project, *(NOON + 3 * MINUTE + n * 10 * SECONDS for n in range(3)))
    outage.refresh_from_db()
    assert project.incidents.count() == 1
    assert outage.causes == ["overloaded", "internal_server_error"]
    assert kinds(outage) == ["first_sign", "opened", "changed"]


def test_a_broken_road_is_one_incident_before_and_after_it_is_known_whose_it_is(project: Project, count: Count) -> None:
    network = {"category": "network", "cause": "connection_reset"}
    count(NOON - HOUR, NOON - 2 * MINUTE, **network)
    count(NOON - MINUTE, NOON, hit=18, **network)
    look(project, NOON, NOON + 10 * SECONDS)
    incident = project.incidents.get()
    assert (incident.side, incident.subject) == ("unclear", "road")
    page = Check.objects.create(project=project, site="office", kind="provider", subject="")
    record(page, Outcome("fail", Finding.PROVIDER_MAJOR, "Major outage"), NOON + 15 * SECONDS)
    look(project, NOON + 20 * SECONDS)
    incident.refresh_from_db()
    assert (incident.side, incident.subject) == ("them", "provider")
    assert project.incidents.count() == 1
    assert "changed" in kinds(incident)


@pytest.mark.parametrize("first", ["network", "server"])
def test_broken_connections_and_529s_are_one_outage_whichever_comes_first(
    project: Project, count: Count, first: str
) -> None:
    kinds_of = {"network": {"category": "network", "cause": "connection_reset"}, "server": {"category": "server"}}
    then = "server" if first == "network" else "network"
    count(NOON - HOUR, NOON - 2 * MINUTE)
    count(NOON - MINUTE, NOON, hit=15, **kinds_of[first])
    look(project, NOON, NOON + 10 * SECONDS)
    count(NOON + MINUTE, NOON + 6 * MINUTE, hit=18, **kinds_of[then])
    look(project, NOON + 6 * MINUTE, NOON + 6 * MINUTE + 10 * SECONDS)
    assert project.incidents.get().families == [first, then]


def test_the_time_line_tells_what_checks_and_the_status_page_did(
    project: Project, count: Count, outage: Incident
) -> None:
    count(NOON + MINUTE, NOON + 12 * MINUTE, hit=15)
    edge = Check.objects.create(project=project, site="office", kind="edge", subject="")
    page = Check.objects.create(project=project, site="office", kind="provider", subject="")
    record(page, Outcome("ok", Finding.FINE, "All Systems Operational"), NOON)
    for n in range(2):
        record(edge, Outcome("fail", Finding.API_FAILING, "529"), NOON + MINUTE + n * 30 * SECONDS)
    look(project, NOON + 2 * MINUTE)
    record(edge, Outcome("ok", Finding.FINE, ""), NOON + 10 * MINUTE)
    record(page, Outcome("fail", Finding.PROVIDER_MAJOR, "Major outage"), NOON + 11 * MINUTE)
    look(project, NOON + 11 * MINUTE, NOON + 12 * MINUTE)
    told = [(event.kind, event.text, event.at - NOON) for event in outage.events.filter(kind__in=["check", "provider"])]
    assert told == [
        ("provider", "The status page says: All Systems Operational", dt.timedelta()),
        ("check", "Check “edge” from office began to fail: 529", MINUTE),
        ("check", "Check “edge” from office works again", 10 * MINUTE),
        ("provider", "The status page says: Major outage", 11 * MINUTE),
    ]
    outage.refresh_from_db()
    assert outage.lag == NOON + 11 * MINUTE - outage.first_sign_at
    assert lag([project.pk]).middle == outage.lag


def test_the_next_verdict_says_how_late_the_status_page_was_the_last_time(
    project: Project, count: Count, outage: Incident
) -> None:
    outage.provider_said_at = outage.first_sign_at + 11 * MINUTE
    outage.closed_at = outage.first_sign_at + 12 * MINUTE
    outage.save()
    count(NOON + 3 * HOUR, NOON + 4 * HOUR)
    at = NOON + 4 * HOUR + 2 * MINUTE
    count(NOON + 4 * HOUR + MINUTE, at, hit=15)
    page = Check.objects.create(project=project, site="office", kind="provider", subject="")
    record(page, Outcome("ok", Finding.FINE, "All Systems Operational"), at)
    told = "the status page says: All Systems Operational (it was 11 minutes late last time)"
    assert told in verdict(at, project).sentence


def test_one_project_that_cannot_be_read_does_not_hide_another(
    project: Project, others_project: Project, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gather(asked: Project, at: dt.datetime) -> object:
        if asked == project:
            raise ValueError("unreadable")
        return real(asked, at)

    real = watching.gather
    monkeypatch.setattr(watching, "gather", gather)
    for each in (project, others_project):
        count(NOON - HOUR, NOON, into=each)
    assert watch_all(NOON) == {"looks": 1, "opened": 0, "closed": 0, "failed": 1}


def test_open_pages_are_told_that_an_incident_opened(project: Project, count: Count, valkey: redis.Redis) -> None:
    count(NOON - HOUR, NOON - 2 * MINUTE)
    with valkey.pubsub() as channel:
        channel.subscribe(TICKS)
        assert channel.get_message(timeout=5)["type"] == "subscribe"
        watch_all(NOON)
        watch_all(NOON + 10 * SECONDS)
        told = channel.get_message(timeout=5)
    assert project.incidents.get().kind == "silent"
    assert json.loads(told["data"]) == {"project": project.pk}


def test_a_project_that_nothing_is_heard_of_is_looked_at_once_a_minute_and_then_not_at_all(
    project: Project, count: Count
) -> None:
    count(NOON - HOUR, NOON - 50 * MINUTE)
    assert watch_all(NOON)["looks"] == 1
    assert watch_all(NOON + 10 * SECONDS)["looks"] == 0
    assert watch_all(NOON + MINUTE)["looks"] == 1
    assert watch_all(NOON + 2 * HOUR)["looks"] == 0


def test_an_alert_stands_in_the_time_line_once(outage: Incident) -> None:
    for _ in range(2):
        note_alert(outage, "Told #ops over Slack", NOON)
    assert outage.events.filter(kind=IncidentEvent.Kind.ALERT).count() == 1


def test_the_clock_strikes_every_ten_seconds_for_the_watcher() -> None:
    (entry,) = [each for each in app.conf.beat_schedule.values() if each["task"] == tasks.watch.name]
    assert entry["schedule"] == 10.0
    assert app.amqp.router.route({}, tasks.watch.name)["queue"].name == WATCHER


def test_the_task_looks_and_tells_what_changed(project: Project, count: Count) -> None:
    now = timezone.now()
    count(now - HOUR, now)
    assert tasks.watch() == {"opened": 0, "closed": 0, "failed": 0}
    assert Watch.objects.get(project=project).looked_at >= now
