"""Does the API work from here, right now? Checks along the road to it, their history, and how they stand.

For those who build on it: :func:`states` tells how every check stands, now or at a past moment; :func:`record` stores a
result, at a past moment too; ``Finding`` is the closed list of what a check can find. Running them is in ``running``.
"""

from triage.health.outcome import Finding, Outcome, State
from triage.health.plan import KINDS, make_due, sync, used_models
from triage.health.states import Standing, standing, states, visible_checks
from triage.health.storing import forget_old, record

__all__ = [
    "KINDS",
    "Finding",
    "Outcome",
    "Standing",
    "State",
    "forget_old",
    "make_due",
    "record",
    "standing",
    "states",
    "sync",
    "used_models",
    "visible_checks",
]
