"""Stories of what goes wrong: within a minute the verdict is right and one incident opens; later it closes."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis
from django.utils import timezone

from tests.stories.playing import HERE, Player, Story
from triage.incidents import as_markdown
from triage.models import Project
from triage.verdict import Verdict

STORIES = sorted(HERE.glob("*.yaml"))
_BEFORE = (-1500.0, -900.0, -600.0, -300.0, -120.0, -60.0, -5.0)
_AFTER = (120.0, 240.0)
_NOT_OF_THE_VERDICT = ("within", "says", "page_late")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play the stories of the file or folder that was asked for, else those beside this file."""
    if "path" in metafunc.fixturenames:
        asked = metafunc.config.getoption("story")
        told = Path(asked) if asked else None
        paths = STORIES if told is None else sorted(told.glob("*.yaml")) if told.is_dir() else [told]
        metafunc.parametrize("path", paths, ids=lambda path: path.stem)


@pytest.mark.django_db(transaction=True)
def test_the_verdict_is_right_within_a_minute_and_one_incident_tells_of_it(
    path: Path, project: Project, valkey: redis.Redis
) -> None:
    story = Story.read(path)
    within = float(story.expect.get("within", 60))
    over = 60 * story.lasts
    player = Player(story, project)
    for look in player.play(_looks(story, within)):
        told = f"{story.name} at {look.seconds:+.0f} s: {look.verdict}"
        if look.seconds < 0 or story.expect["side"] == "fine":
            assert look.verdict.side == "fine", told
            assert not project.incidents.exists(), told
        elif within <= look.seconds < over:
            assert _misses(story, look.verdict) == [], told
            assert project.incidents.filter(closed_at=None).count() == 1, told
    print(f"{story.name}: {look.verdict.sentence}")
    if story.expect["side"] != "fine":
        incident = project.incidents.get()
        assert (incident.opened_at - player.onset).total_seconds() <= within
        assert incident.side == story.expect["side"]
        assert incident.closed_at is not None, f"{story.name}: {look.verdict}"
        if "page_late" in story.expect:
            assert incident.lag is not None
            assert incident.lag.total_seconds() / 60 == pytest.approx(story.expect["page_late"], abs=1)
        print(as_markdown(incident, timezone.now()))


def _looks(story: Story, within: float) -> list[float]:
    """Return when to look: seldom before, as often as the clock strikes at first, then seldom again."""
    if story.expect["side"] == "fine":
        return [60.0 * minute for minute in range(1, int(story.lasts))]
    before = [each for each in _BEFORE if each > -60 * story.before]
    at_first = [float(seconds) for seconds in range(10, int(within), 10)]
    late = [within, *(within + each for each in _AFTER)]
    over = [60 * (story.lasts + minute) for minute in range(1, story.after)]
    return [*before, *at_first, *(each for each in late if each < 60 * story.lasts), *over]


def _misses(story: Story, verdict: Verdict) -> list[str]:
    """Return what the verdict says otherwise than the story expects."""
    expected = {name: value for name, value in story.expect.items() if name not in _NOT_OF_THE_VERDICT}
    misses = []
    for name, value in expected.items():
        told = getattr(verdict, name)
        right = told in value if isinstance(value, list) and isinstance(told, str) else told == _plain(value)
        misses += [] if right else [f"{name} is {told!r}, expected {value!r}"]
    words = " ".join([verdict.sentence, *(reason.words for reason in verdict.reasons)])
    said = story.expect.get("says", "")
    return misses if said in words else [*misses, f"“{said}” isn't said"]


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
