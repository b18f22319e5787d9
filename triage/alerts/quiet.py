"""Quiet hours: when a rule's news wait until the morning. Pure."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from triage.models import AlertRule


def quiet_until(rule: AlertRule, at: dt.datetime) -> dt.datetime | None:
    """Return when the quiet hours end that ``at`` lies in, or None where it lies in none or the rule is urgent."""
    begins, ends = rule.quiet_from, rule.quiet_until
    if rule.urgent or begins is None or ends is None or begins == ends:
        return None
    local = at.astimezone(ZoneInfo(rule.zone))
    over_midnight = begins > ends
    now = local.time()
    if over_midnight:
        if ends <= now < begins:
            return None
    elif not begins <= now < ends:
        return None
    day = local.date() + dt.timedelta(days=1 if over_midnight and now >= begins else 0)
    return dt.datetime.combine(day, ends, tzinfo=local.tzinfo).astimezone(dt.UTC)
