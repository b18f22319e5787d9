"""How late the status page is, summed up, and in words."""

from __future__ import annotations

import datetime as dt

import pytest

from dashboard.incident_rows import lag_words
from tests.incidents.conftest import MINUTE, NOON
from triage.incidents import Lag, lag
from triage.models import Incident, Project

pytestmark = pytest.mark.django_db


def incident(project: Project, *, late: int | None, side: str = "them", heard: bool = True, over: bool = True) -> None:
    Incident.objects.create(
        project=project,
        subject="provider",
        side=side,
        kind="failing",
        sentence="",
        first_sign_at=NOON,
        opened_at=NOON,
        changed_at=NOON,
        last_seen_at=NOON,
        closed_at=NOON + 60 * MINUTE if over else None,
        provider_heard=heard,
        provider_said_at=None if late is None else NOON + late * MINUTE,
    )


def test_the_middle_and_what_was_never_admitted_are_told(project: Project) -> None:
    for late in (3, 11, 40):
        incident(project, late=late)
    incident(project, late=None)
    assert lag([project.pk]) == Lag(11 * MINUTE, 3, 1)


def test_what_is_ours_what_goes_on_and_what_could_not_be_read_count_for_nothing(project: Project) -> None:
    incident(project, late=None, side="us")
    incident(project, late=None, over=False)
    incident(project, late=None, heard=False)
    assert lag([project.pk]) == Lag(None, 0, 0)


def test_other_projects_tell_nothing(project: Project, others_project: Project) -> None:
    incident(others_project, late=5)
    assert lag([project.pk]) == Lag(None, 0, 0)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Lag(None, 0, 0), ""),
        (Lag(None, 0, 2), "admitted none of 2 incidents."),
        (Lag(None, 0, 1), "never admitted the one incident so far."),
        (Lag(11 * MINUTE, 1, 0), "came 11 min late, over one incident."),
        (
            Lag(90 * MINUTE, 6, 2),
            "came 1 h 30 min late in the middle, over 6 incidents; 2 were never admitted.",
        ),
        (Lag(-2 * MINUTE, 1, 0), "was 2 min ahead of the first sign, over one incident."),
        (
            Lag(dt.timedelta(seconds=10), 1, 0),
            "came under a minute late, over one incident.",
        ),
    ],
)
def test_the_words_fit_the_numbers(told: Lag, words: str) -> None:
    assert lag_words(told) == (f"The provider's status page {words}" if words else "")
