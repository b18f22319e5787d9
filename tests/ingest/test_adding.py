"""Adding up: a cell of the counts holds more than any deployment brings, however often it is added to."""

from __future__ import annotations

import pytest
from django.db.models import Sum

from tests.ingest.conftest import NOW
from triage.ingest.adding import add_up
from triage.ingest.calls import COUNTERS
from triage.models import Count, DropCount, HourCount, MinuteCount, Project

LARGEST_OF_32_BITS = 2**31 - 1


@pytest.mark.parametrize("table", [MinuteCount, HourCount])
def test_a_count_goes_on_beyond_32_bits(table: type[Count], project: Project) -> None:
    key = ("project_id", "start", "model", "service", "team", "category", "cause")
    cell = (project.pk, NOW, "claude-opus-4-8", "chat", "core", "", "")
    for _ in range(2):
        add_up(table, key, {cell: (LARGEST_OF_32_BITS,) * len(COUNTERS)}, sums=COUNTERS)
    told = table._default_manager.aggregate(**{name: Sum(name) for name in COUNTERS})
    assert told == dict.fromkeys(COUNTERS, 2 * LARGEST_OF_32_BITS)


def test_the_drops_of_a_day_go_on_beyond_32_bits(project: Project) -> None:
    key = (project.pk, NOW.date(), "the inbox was full")
    for _ in range(2):
        add_up(DropCount, ("project_id", "day", "reason"), {key: (LARGEST_OF_32_BITS,)}, sums=["count"])
    assert DropCount.objects.get().count == 2 * LARGEST_OF_32_BITS
