"""The overview: one true sentence, the numbers under it, and nothing of anybody else's."""

import datetime as dt
import json
import re

import pytest
from django.test import Client

from tests.dashboard.conftest import FINE, NO_CREDIT, OVERLOADED, Tell
from triage.models import Project

HOUR = dt.timedelta(hours=1)


def headline(response: object) -> str:
    found = re.search(r'<h1 id="answer">(.*?)</h1>', response.content.decode(), re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", "", found[1]).split())


def test_the_owner_reads_what_fails_and_on_whose_side(tell: Tell, as_alice: Client) -> None:
    tell(*[{**OVERLOADED, "id": f"o{n}"} for n in range(3)], *[{**FINE, "id": f"f{n}"} for n in range(7)])
    response = as_alice.get("/")
    assert response.status_code == 200
    assert headline(response) == "30.0 % of requests fail. All of it is the API&#x27;s side."
    assert "3 of 10 requests and 3 of 10 attempts failed in the last hour." in response.content.decode()


def test_a_teammate_reads_the_same(tell: Tell, as_bob: Client) -> None:
    tell(OVERLOADED, FINE)
    assert headline(as_bob.get("/")).startswith("50.0 % of requests fail")


def test_a_stranger_with_an_account_sees_nothing_of_it(tell: Tell, as_charlie: Client) -> None:
    tell(OVERLOADED)
    response = as_charlie.get("/")
    assert headline(response) == "Nothing has reported yet."
    assert "overloaded" not in response.content.decode().lower()


def test_another_teams_project_looks_like_one_that_does_not_exist(project: Project, as_charlie: Client) -> None:
    assert as_charlie.get(f"/?project={project.slug}").status_code == 404
    assert as_charlie.get("/?project=no-such-project").status_code == 404


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(as_nobody: Client) -> None:
    response = as_nobody.get("/?window=6h")
    assert response.status_code == 302
    assert response["Location"] == "/sign-in/?next=/%3Fwindow%3D6h"


def test_a_part_of_the_page_is_not_replaced_by_the_sign_in_page(as_nobody: Client) -> None:
    response = as_nobody.get("/", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert response["HX-Redirect"] == "/sign-in/?next=/"
    assert not response.content


def test_no_errors_and_no_reports_are_different_sentences(tell: Tell, as_alice: Client) -> None:
    tell(FINE, ago=3 * HOUR)
    assert headline(as_alice.get("/")) == "No reports in the last hour."
    assert "The last report came" in as_alice.get("/").content.decode()
    tell({**FINE, "id": "again"})
    assert headline(as_alice.get("/")) == "No errors in one request."


def test_a_rescued_request_is_none_that_failed(tell: Tell, as_alice: Client) -> None:
    tell({**OVERLOADED, "call": "c1", "attempt": 1}, {**FINE, "call": "c1", "attempt": 2})
    response = as_alice.get("/")
    assert headline(response).startswith("No request failed: its retry rescued the one attempt that did.")
    assert "A retry rescued one." in response.content.decode()


def test_a_clear_rise_is_called_one_and_names_the_factor(tell: Tell, as_alice: Client) -> None:
    tell(*[{**(OVERLOADED if n < 5 else FINE), "id": f"before{n}"} for n in range(100)], ago=1.5 * HOUR)
    tell(*[{**(OVERLOADED if n < 30 else FINE), "id": f"now{n}"} for n in range(100)])
    response = as_alice.get("/")
    assert "6.0 times the share of the hour before." in response.content.decode()
    assert "answer--bad" in response.content.decode()


def test_a_difference_that_chance_explains_is_not_called_a_rise(tell: Tell, as_alice: Client) -> None:
    tell(*[{**(OVERLOADED if n < 3 else FINE), "id": f"before{n}"} for n in range(40)], ago=1.5 * HOUR)
    tell(*[{**(OVERLOADED if n < 4 else FINE), "id": f"now{n}"} for n in range(40)])
    assert "much like in the hour before" in headline(as_alice.get("/"))


def test_two_sides_are_both_named_where_neither_is_most_of_it(tell: Tell, as_alice: Client) -> None:
    tell({**OVERLOADED, "id": "a"}, {**NO_CREDIT, "id": "b"})
    assert "our plan or credit" in headline(as_alice.get("/"))
    assert "the API&#x27;s side" in headline(as_alice.get("/"))


def test_a_row_of_a_breakdown_narrows_the_page_and_its_pill_widens_it(tell: Tell, as_alice: Client) -> None:
    tell({**OVERLOADED, "id": "a"}, {**NO_CREDIT, "id": "b", "model": "claude-haiku-4-5"})
    page = as_alice.get("/").content.decode()
    assert 'href="?model=claude-haiku-4-5" hx-get="?model=claude-haiku-4-5"' in page
    narrowed = as_alice.get("/?model=claude-haiku-4-5").content.decode()
    assert "All of it is our plan or credit." in narrowed
    assert 'class="pill" aria-current="true" href="?"' in narrowed


def test_what_a_report_does_not_tell_can_be_filtered_for_as_well(tell: Tell, as_alice: Client) -> None:
    tell({**OVERLOADED, "id": "a", "service": ""}, {**NO_CREDIT, "id": "b"})
    page = as_alice.get("/").content.decode()
    assert 'href="?service=-"' in page
    assert "All of it is the API&#x27;s side." in as_alice.get("/?service=-").content.decode()


def test_a_window_that_cannot_be_read_is_said_to_be_and_the_last_hour_stands_instead(
    project: Project, as_alice: Client
) -> None:
    response = as_alice.get("/?window=soon")
    assert response.status_code == 200
    assert "“soon” is no window" in response.content.decode()


@pytest.mark.parametrize("query", ["from=2026-13-01T00:00Z", "from=x&to=y", "to=2026-01-01T00:00Z", "from=2020-01-01"])
def test_no_window_in_the_address_breaks_the_page(query: str, project: Project, as_alice: Client) -> None:
    assert as_alice.get(f"/?{query}").status_code == 200


def test_the_chart_has_the_same_numbers_as_its_table(tell: Tell, as_alice: Client) -> None:
    tell(*[{**OVERLOADED, "id": f"o{n}"} for n in range(3)], FINE)
    page = as_alice.get("/").content.decode()
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    assert sum(data["categories"][0]["counts"]) == 3
    assert sum(data["attempts"]) == 4
    table = re.search(r"<tbody>(.*?)</tbody>", page, re.DOTALL)[1]
    assert [int(cell) for cell in re.findall(r'<td class="num">(\d+)</td>', table)] == [4, 3, 3, 4, 3, 0]


def test_htmx_gets_the_part_alone_and_it_is_the_pages_own(tell: Tell, as_alice: Client) -> None:
    tell(OVERLOADED)
    part = as_alice.get("/", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert part.content.decode().strip().startswith('<div class="stack stack--loose" id="overview"')
    assert "<!doctype html>" not in part.content.decode()
    assert "HX-Request-Type" in part["Vary"]


def test_a_page_of_many_failures_asks_no_more_of_the_database(
    tell: Tell, as_alice: Client, django_assert_max_num_queries: object
) -> None:
    tell(*[{**OVERLOADED, "id": f"o{n}", "model": f"claude-{n}"} for n in range(50)])
    with django_assert_max_num_queries(24):
        as_alice.get("/")
