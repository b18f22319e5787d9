"""The walk: every step can be shared, changed and taken back, and every way ends somewhere."""

import re
from html import unescape

from django.test import Client

from triage.diagnosis.walk import root_question
from triage.knowledge import UNKNOWN, load

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def links(page: str) -> set[str]:
    return {unescape(href) for href in re.findall(r'href="(/walk/\?answers=[^"]+)"', page)}


def test_the_walk_begins_with_a_question_and_how_to_find_its_answer(as_nobody: Client) -> None:
    page = as_nobody.get("/walk/").content.decode()
    assert "Did an HTTP answer come back" in page
    assert "How to find out" in page
    assert "/walk/?answers=answer=client" in page


def test_the_address_holds_the_way_and_each_step_can_be_changed(as_nobody: Client) -> None:
    page = as_nobody.get("/walk/?answers=answer=client,error_code=no").content.decode()
    assert "Who answered?" in page
    assert "400 to 499" in page
    assert "/walk/?answers=answer=server" in links(page)
    assert any(href.startswith("/walk/?answers=answer=client,error_code=no,who_answered=") for href in links(page))


def test_every_question_and_every_end_can_be_reached_by_links_alone(as_nobody: Client) -> None:
    knowledge = load()
    root = root_question(knowledge)
    assert root is not None
    asked: set[str] = set()
    named: set[str] = set()
    waiting = ["/walk/"]
    while waiting:
        response = as_nobody.get(waiting.pop())
        assert response.status_code == 200
        state = response.context["state"]
        if state.question is None:
            named.update(state.cause_slugs)
        elif state.question.slug not in asked:
            asked.add(state.question.slug)
            waiting += [choice.href for choice in response.context["choices"]]
    told = {slug for question in knowledge.questions.values() for answer in question.answers for slug in answer.causes}
    assert asked == set(knowledge.questions)
    assert named == told
    assert named - {UNKNOWN} <= set(knowledge.causes)


def test_an_end_names_its_causes_with_their_verdict(as_nobody: Client) -> None:
    page = as_nobody.get("/walk/?answers=answer=ok,inside_ok=error_event").content.decode()
    assert 'href="/reference/causes/stream_error_midway/"' in page
    assert "First thing to do" in page
    assert "verdict--" in page


def test_htmx_gets_the_step_alone(as_nobody: Client) -> None:
    page = as_nobody.get("/walk/?answers=answer=client", headers=HTMX).content.decode()
    assert page.lstrip().startswith('<div id="walk"')


def test_an_address_that_makes_no_sense_starts_at_the_beginning(as_nobody: Client) -> None:
    for address in ("?answers=%01,=,x", "?answers=answer=nothing", "?answers=" + "a=b," * 5000):
        assert "Did an HTTP answer come back" in as_nobody.get(f"/walk/{address}").content.decode()
