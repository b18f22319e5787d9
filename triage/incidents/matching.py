"""Which open incident a trouble belongs to, so that one thing that goes wrong is one incident."""

from __future__ import annotations

from collections.abc import Iterable

from triage.models import Incident
from triage.verdict import Verdict

_MAY_TURN_INTO = {
    "road": {"provider", "own_network", "gateway"},
    "provider": {"road"},
    "own_network": {"road"},
    "gateway": {"road"},
}
"""Between the programs and the API it can't be told at first which end is broken; what is learnt later changes the
subject of the same incident. A key that is refused at the same time has nothing to do with it."""


def incident_of(verdict: Verdict, open_ones: Iterable[Incident]) -> Incident | None:
    """Return the one of ``open_ones`` that ``verdict`` tells more of, or None where it is another thing.

    The same family of trouble continues it, whose side it turns out to be on; so does the same subject, when the
    leading cause changes; so does what may turn into it.
    """
    going = list(open_ones)
    subjects = {verdict.subject}, _MAY_TURN_INTO.get(verdict.subject, set())
    return (
        next((each for each in going if verdict.family in each.families), None)
        or next((each for each in going if each.subject in subjects[0]), None)
        or next((each for each in going if each.subject in subjects[1]), None)
    )
