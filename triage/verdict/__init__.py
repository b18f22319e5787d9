"""Is it us or them? One sentence, with the evidence that it rests on."""

from __future__ import annotations

import datetime as dt

from triage.models import Project
from triage.verdict.gathering import gather
from triage.verdict.judging import judge, judge_all
from triage.verdict.model import Evidence, Kind, Reason, Side, Verdict

__all__ = ["Evidence", "Kind", "Reason", "Side", "Verdict", "gather", "judge", "judge_all", "verdict"]


def verdict(at: dt.datetime, project: Project) -> Verdict:
    """Return whose side it is on that requests of ``project`` fail at ``at``, or that nothing is wrong."""
    return judge(gather(project, at))
