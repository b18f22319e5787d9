"""Every entry's examples lead to it, however they were copied."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diagnosis.variants import VARIANTS
from triage.diagnosis import diagnose
from triage.knowledge import load

EXAMPLES = [(slug, text) for slug, cause in load().causes.items() for text in cause.examples]


@pytest.mark.parametrize("slug", sorted(load().causes))
def test_each_entry_is_named_by_its_own_examples(slug: str) -> None:
    named = {text: diagnose(text).cause for text in load().causes[slug].examples}
    assert named, "an entry without examples proves nothing"
    assert set(named.values()) == {slug}, named


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_way_a_text_was_copied_does_not_change_the_cause(variant: str) -> None:
    missed = [(slug, text) for slug, text in EXAMPLES[::3] if diagnose(VARIANTS[variant](text)).cause != slug]
    assert missed == []


@settings(max_examples=150, deadline=None)
@given(
    example=st.sampled_from(EXAMPLES),
    outer=st.sampled_from(sorted(VARIANTS)),
    inner=st.sampled_from(["among Chinese", "among German", "among Korean", "coloured", "docker prefix"]),
)
def test_two_changes_at_once_do_not_change_the_cause_either(example: tuple[str, str], outer: str, inner: str) -> None:
    slug, text = example
    assert diagnose(VARIANTS[outer](VARIANTS[inner](text))).cause == slug


@settings(max_examples=150, deadline=None)
@given(example=st.sampled_from(EXAMPLES), variant=st.sampled_from(sorted(VARIANTS)))
def test_each_reason_points_into_the_text_as_it_was_pasted(example: tuple[str, str], variant: str) -> None:
    text = VARIANTS[variant](example[1])
    for candidate in diagnose(text).candidates:
        for span in (span for reason in candidate.reasons for span in reason.spans):
            assert 0 <= span.start <= span.end <= len(text)
