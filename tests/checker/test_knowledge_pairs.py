"""The reference proves itself: each broken request is found with exactly its cause, each mended one is clean."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from triage.checker import check
from triage.knowledge import load

TODAY = dt.date(2026, 11, 21)
PAIRS = [cause for cause in load().causes.values() if cause.broken_request is not None]


@pytest.mark.parametrize("cause", PAIRS, ids=lambda cause: cause.slug)
def test_a_broken_request_is_found_with_exactly_its_cause(cause):
    result = check(cause.broken_request, today=TODAY)
    assert {finding.cause for finding in result.findings} == {cause.slug}


@pytest.mark.parametrize("cause", PAIRS, ids=lambda cause: cause.slug)
def test_a_mended_request_is_clean(cause):
    assert check(cause.mended_request, today=TODAY).findings == ()


@pytest.mark.parametrize("cause", PAIRS, ids=lambda cause: cause.slug)
def test_no_mechanical_mend_makes_it_worse(cause):
    result = check(json.dumps(cause.broken_request), today=TODAY)
    if result.mended is not None:
        assert result.mended.left == ()
        assert check(result.mended.text, today=TODAY).clean
        assert result.mended.diff.startswith("--- request.json")


def test_there_are_pairs_for_most_causes_that_the_checker_finds():
    assert len(PAIRS) >= 30
