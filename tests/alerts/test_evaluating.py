"""From conditions to changes and messages: each once, to the right channels, at the right time, together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pytest

from tests.alerts.conftest import NOW, Count, rule_of
from triage.alerts.course import STEADY
from triage.alerts.evaluating import evaluate
from triage.alerts.sealing import seal
from triage.alerts.telling import APART, HOLD
from triage.models import (
    AlertChange,
    AlertMessage,
    AlertRule,
    Channel,
    Delivery,
    Incident,
    Issue,
    IssueEvent,
    MinuteCount,
    Project,
)

SECOND = dt.timedelta(seconds=1)
MINUTE = dt.timedelta(minutes=1)


def channel(project: Project, name: str = "ops") -> Channel:
    return Channel.objects.create(project=project, kind="webhook", name=name, shown="x", sealed=seal({"url": "x"}))


def kinds() -> list[str]:
    return list(AlertChange.objects.order_by("at", "pk").values_list("kind", flat=True))


def send_all() -> None:
    AlertMessage.objects.update(state=AlertMessage.State.SENT)


def look(seconds: Iterable[float]) -> None:
    for each in seconds:
        evaluate(NOW + each * SECOND)


def end_it() -> None:
    """Let the errors be over."""
    MinuteCount.objects.all().delete()


def test_a_change_is_told_once_however_often_one_looks(project: Project, count: Count) -> None:
    ops, boss = channel(project), channel(project, "boss")
    rule_of(project, "rate", ops, boss)
    look([0])
    assert not AlertChange.objects.exists()
    count(100, 50)
    look([10, 10, 20, 30])
    assert kinds() == ["fired"]
    assert AlertMessage.objects.count() == Delivery.objects.count() == 2
    assert set(AlertMessage.objects.values_list("due_at", flat=True)) == {NOW + 10 * SECOND + HOLD}
    end_it()
    look([40, 50, 50 + STEADY.seconds])
    assert kinds() == ["fired", "resolved"]
    assert Delivery.objects.count() == 4


def test_what_was_found_is_written_down(project: Project, count: Count) -> None:
    rule_of(project, "rate", channel(project))
    count(100, 50)
    look([0])
    facts = AlertChange.objects.get().facts
    assert facts["words"].startswith("50 of 100 requests met an error")
    assert facts["cause"] == "overloaded"
    assert facts["verdict"]
    assert facts["do"]
    assert facts["by_minute"][-1] == 50


@pytest.mark.parametrize("told", [1, 0])
def test_two_watchers_with_the_same_view_store_one_change(
    project: Project, count: Count, monkeypatch: pytest.MonkeyPatch, told: int
) -> None:
    """The second one decided before the first one stored."""
    from triage.alerts import evaluating  # noqa: PLC0415

    rule_of(project, "rate", *[channel(project)] * told)
    count(100, 50)
    late, moved = [], evaluating._Look._move

    def held(self: evaluating._Look, *news: object) -> int:
        late.append((self, news))
        return 0

    monkeypatch.setattr(evaluating._Look, "_move", held)
    look([0, 0])
    assert [moved(self, *news) for self, news in late] == [1, 0]
    assert kinds() == ["fired"]
    assert Delivery.objects.count() == told


def test_reminders_come_at_the_chosen_pace_while_it_lasts(project: Project, count: Count) -> None:
    rule_of(project, "count", channel(project), remind_every=10, numbers={"count": 1})
    count(100, 50)
    look(range(0, 35 * 60, 60))
    assert kinds() == ["fired", "reminded", "reminded", "reminded"]
    assert {each.began_at for each in AlertChange.objects.all()} == {NOW}


def test_without_a_pace_nobody_is_reminded(project: Project, count: Count) -> None:
    rule_of(project, "count", channel(project), remind_every=0)
    count(100, 50)
    look(range(0, 50 * 60, 60))
    assert kinds() == ["fired"]


def test_several_rules_of_a_moment_are_one_message(project: Project, count: Count) -> None:
    ops = channel(project)
    for condition in ("rate", "count", "unusual"):
        rule_of(project, condition, ops)
    count(100, 50)
    look([0])
    assert AlertMessage.objects.count() == 1
    assert Delivery.objects.count() == 3


def test_what_follows_within_half_a_minute_comes_together(project: Project, count: Count) -> None:
    ops = channel(project)
    rule_of(project, "rate", ops)
    count(100, 50)
    look([0])
    send_all()
    rule_of(project, "count", ops)
    look([10])
    rule_of(project, "unusual", ops)
    look([20])
    second = AlertMessage.objects.get(state="waiting")
    assert second.due_at == NOW + APART
    assert second.deliveries.count() == 2


def test_an_urgent_one_does_not_wait_for_others(project: Project, count: Count) -> None:
    ops = channel(project)
    rule_of(project, "rate", ops)
    count(100, 50)
    look([0])
    send_all()
    rule_of(project, "count", ops, urgent=True)
    look([10])
    assert AlertMessage.objects.get(state="waiting").due_at == NOW + 10 * SECOND + HOLD


def incident_of(project: Project) -> Incident:
    told = {"first_sign_at": NOW, "opened_at": NOW, "last_seen_at": NOW, "changed_at": NOW, "causes": ["overloaded"]}
    return Incident.objects.create(
        project=project,
        subject="provider",
        side="them",
        kind="failing",
        sentence="Them: 529.",
        **told,
    )


def test_a_storm_of_one_incident_is_one_message_and_one_end(project: Project, count: Count) -> None:
    ops = channel(project)
    rule_of(project, "trouble", ops)
    incident = incident_of(project)
    look([0])
    send_all()
    rule_of(project, "rate", ops)
    count(100, 50)
    look([60])
    assert AlertMessage.objects.count() == 1
    assert list(Delivery.objects.order_by("pk").values_list("joined", flat=True)) == [False, True]
    end_it()
    look([70, 80 + STEADY.seconds])
    assert kinds() == ["fired", "fired", "resolved"]
    assert AlertMessage.objects.count() == 1  # the incident goes on
    incident.closed_at = NOW + 200 * SECOND
    incident.save()
    look([210, 220 + STEADY.seconds])
    assert kinds() == ["fired", "fired", "resolved", "resolved"]
    assert AlertMessage.objects.count() == 2


def test_what_joined_is_not_reminded_of_beside_the_first(project: Project, count: Count) -> None:
    ops = channel(project)
    rule_of(project, "trouble", ops, remind_every=10)
    incident_of(project)
    look([0])
    send_all()
    rule_of(project, "count", ops, remind_every=10)
    count(100, 50)
    for minute in range(1, 23):
        look([60 * minute])
        send_all()
    assert AlertMessage.objects.count() == 3  # the first and two reminders


def test_another_cause_is_not_swallowed_by_an_incident(project: Project, count: Count) -> None:
    ops = channel(project)
    rule_of(project, "trouble", ops)
    incident_of(project)
    look([0])
    send_all()
    rule_of(project, "budget", ops)
    count(10, 10, cause="credit_balance_too_low", category="billing")
    look([60])
    assert AlertMessage.objects.count() == 2


def issue_of(project: Project, kind: IssueEvent.Kind, at: dt.datetime, cause: str = "overloaded") -> IssueEvent:
    issue, _ = Issue.objects.get_or_create(
        project=project,
        cause=cause,
        fingerprint=cause,
        defaults={"category": "server", "first_seen_at": at, "last_seen_at": at, "http_status": 529},
    )
    return IssueEvent.objects.create(issue=issue, kind=kind, at=at)


def test_events_are_told_once_each_and_have_no_end(project: Project) -> None:
    ops = channel(project)
    new, back = rule_of(project, "new_cause", ops), rule_of(project, "regression", ops)
    issue_of(project, IssueEvent.Kind.OPENED, NOW - 5 * SECOND)
    issue_of(project, IssueEvent.Kind.REGRESSED, NOW - 4 * SECOND)
    issue_of(project, IssueEvent.Kind.RESOLVED, NOW - 4 * SECOND)
    look([0, 0, 10, 300])
    assert new.changes.get().facts["words"].startswith("Seen for the first time: 529 ")
    assert back.changes.get().facts["words"].startswith("It came back after it was resolved: 529 ")
    assert AlertMessage.objects.count() == 1
    assert set(AlertRule.objects.values_list("state", flat=True)) == {"quiet"}


def test_old_news_is_no_news(project: Project) -> None:
    rule_of(project, "new_cause", channel(project))
    issue_of(project, IssueEvent.Kind.OPENED, NOW - dt.timedelta(hours=2))
    rule_of(project, "new_cause", channel(project), made_at=NOW)
    issue_of(project, IssueEvent.Kind.OPENED, NOW - MINUTE, "rate_limit_requests")
    look([0])
    assert AlertChange.objects.count() == 1


def test_in_quiet_hours_it_waits_for_the_morning_and_comes_with_its_end(project: Project, count: Count) -> None:
    ops = channel(project)
    ends = NOW + 3 * 60 * MINUTE
    quiet = {"quiet_from": (NOW - MINUTE).time(), "quiet_until": ends.time()}
    rule_of(project, "rate", ops, remind_every=1, **quiet)
    count(100, 50)
    look([0])
    end_it()
    look([60, 60 + STEADY.seconds])
    message = AlertMessage.objects.get()
    assert message.due_at == ends
    assert message.deliveries.count() == 2


def test_an_urgent_rule_knows_no_quiet_hours(project: Project, count: Count) -> None:
    quiet = {"quiet_from": (NOW - MINUTE).time(), "quiet_until": (NOW + 60 * MINUTE).time()}
    rule_of(project, "rate", channel(project), urgent=True, **quiet)
    count(100, 50)
    look([0])
    assert AlertMessage.objects.get().due_at == NOW + HOLD


def test_a_muted_rule_tells_nobody_and_says_so_later_if_it_lasts(project: Project, count: Count) -> None:
    rule_of(project, "count", channel(project), muted_until=NOW + 5 * MINUTE)
    count(100, 50)
    look([0, 60])
    assert kinds() == ["fired"]
    assert not AlertMessage.objects.exists()
    look([301, 311])
    assert kinds() == ["fired", "reminded"]
    assert AlertMessage.objects.count() == 1


def test_what_nobody_was_told_of_has_no_end_to_tell(project: Project, count: Count) -> None:
    rule_of(project, "rate", channel(project), muted_until=NOW + 60 * MINUTE)
    count(100, 50)
    look([0])
    end_it()
    look([60, 60 + STEADY.seconds])
    assert kinds() == ["fired", "resolved"]
    assert not AlertMessage.objects.exists()


def test_rules_and_channels_that_are_off_are_left_alone(project: Project, count: Count) -> None:
    ops = channel(project)
    ops.disabled_at = NOW
    ops.save()
    rule_of(project, "rate", ops)
    rule_of(project, "count", channel(project), enabled=False)
    count(100, 50)
    look([0])
    assert AlertChange.objects.count() == 1
    assert not AlertMessage.objects.exists()


def test_a_rule_that_cannot_be_read_does_not_keep_the_others_quiet(
    project: Project, count: Count, caplog: pytest.LogCaptureFixture
) -> None:
    broken = rule_of(project, "rate", name="a")
    AlertRule.objects.filter(pk=broken.pk).update(numbers={})
    rule_of(project, "count", name="b")
    count(100, 50)
    look([0])
    assert AlertChange.objects.get().rule.name == "b"
    assert f"alert rule {broken.pk} could not be looked at" in caplog.text


def test_a_rest_keeps_a_rule_from_firing_again(project: Project, count: Count) -> None:
    rule_of(project, "count", channel(project), rest=60, remind_every=0)
    count(100, 50)
    look([0])
    end_it()
    look([60, 60 + STEADY.seconds])
    count(100, 50)
    look([600, 1200])
    assert kinds() == ["fired", "resolved"]
