"""Each kind of broken request is found with its cause, at its place, and nothing else is found in it."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.checker.broken_requests import KINDS, raw_image, without
from tests.checker.valid_requests import png, request
from triage.checker import check

TODAY = dt.date(2026, 11, 21)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_found_with_its_cause_at_its_place(kind):
    body, cause, pointer = KINDS[kind]
    findings = check(body, today=TODAY).findings
    assert {finding.cause for finding in findings} == {cause}
    if pointer is not None:
        assert [finding.pointer for finding in findings] == [pointer]


@pytest.mark.parametrize("kind", KINDS)
def test_a_mend_leaves_nothing_that_could_be_mended(kind):
    result = check(KINDS[kind][0], today=TODAY)
    if result.mended is not None:
        assert not any(finding.mended for finding in result.mended.left)
        assert result.mended.mends
        assert result.mended.document != result.given.document


def test_there_are_many_kinds_and_most_of_them_can_be_mended():
    assert len(KINDS) > 100
    mended = [kind for kind, (body, _, _) in KINDS.items() if (m := check(body, today=TODAY).mended) and not m.left]
    assert len(mended) > 85


def test_a_body_of_more_than_32_megabytes_is_too_large():
    findings = check(request(content="a" * 34_000_000), today=TODAY).findings
    assert [(finding.cause, finding.pointer, finding.path) for finding in findings] == [("request_too_large", "", "")]


def test_the_same_body_is_too_large_for_bedrock_only():
    body = {"anthropic_version": "bedrock-2023-05-31", **without(request(content="a" * 22_000_000), "model")}
    assert [finding.cause for finding in check(body, today=TODAY).findings] == ["request_too_large"]
    assert check(request(content="a" * 22_000_000), today=TODAY).clean


def test_an_image_of_six_megabytes_is_too_large_for_clouds_only():
    body = request(content=[raw_image(png() + b"\0" * 4_500_000)])
    direct = check(body, today=TODAY)
    assert direct.clean
    assert "image_bytes" in {unknown.topic for unknown in direct.cannot_know}
    cloud = check({"anthropic_version": "vertex-2023-10-16", **without(body, "model")}, today=TODAY)
    assert [finding.cause for finding in cloud.findings] == ["image_too_large"]


def test_a_model_that_retires_later_is_no_finding_until_then():
    body = request("claude-sonnet-4-5")
    before, after = check(body, today=dt.date(2026, 11, 29)), check(body, today=dt.date(2026, 11, 30))
    assert before.clean
    assert "retirement" in {unknown.topic for unknown in before.cannot_know}
    assert [finding.cause for finding in after.findings] == ["model_retired"]


def test_a_model_newer_than_the_list_is_only_a_warning():
    (finding,) = check(request("claude-opus-9"), today=TODAY).findings
    assert (finding.cause, finding.severity) == ("model_not_found", "warning")
