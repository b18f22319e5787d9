"""The conditions that a rule can have, by slug, in the order in which they are offered."""

from triage.alerts.conditions import budget, check_down, count, head_room, issues, rate, silence, trouble, unusual
from triage.alerts.conditions.model import Choice, Condition, Number, Reading

CONDITIONS: dict[str, Condition] = {
    each.slug: each
    for each in (
        trouble.CONDITION,
        rate.CONDITION,
        unusual.CONDITION,
        count.CONDITION,
        issues.NEW_CAUSE,
        issues.REGRESSION,
        check_down.CONDITION,
        head_room.CONDITION,
        budget.CONDITION,
        silence.CONDITION,
    )
}

__all__ = ["CONDITIONS", "Choice", "Condition", "Number", "Reading"]
