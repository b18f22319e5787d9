"""Addresses that no database could look up are refused before they reach one."""

import pytest
from django.test import Client

from triage.models import Project


@pytest.mark.parametrize(
    "address",
    ["/connect/?project=a%00b", "/api/v1/issues?cause=%00", "/requests/%00/", "/issues/?q=%00", "/walk/?answers=%00"],
)
def test_a_null_character_in_an_address_is_refused(address: str, project: Project, as_alice: Client) -> None:
    assert as_alice.get(address).status_code == 400


def test_other_characters_pass(project: Project, as_alice: Client) -> None:
    assert as_alice.get("/reference/?q=%C3%BC%F0%9F%99%82%01").status_code == 200
