"""Each fault is found by each check as what it is, over real connections."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from dashboard.health_words import FINDINGS
from tests.dashboard.running import free_port
from tests.health.conftest import TIMEOUT, faulty, target_at
from tests.health.roads import Authority, listening, refusing_proxy, silent, standing, tunnelling_proxy
from triage.demo.faults import FAULTS, Fault
from triage.demo.tls import self_signed
from triage.demo.upstream import serve
from triage.health.outcome import Finding, Outcome
from triage.health.running import Job, run_one
from triage.health.target import Target

API = "https://api.anthropic.com"
MODEL = "claude-opus-4-8"


def run(kind: str, target: Target, timeout: float = TIMEOUT, subject: str = "") -> Outcome:
    return run_one(Job(kind, subject or (MODEL if kind == "model" else "")), target, timeout)


@pytest.fixture(scope="module")
def badly_signed() -> Iterator[str]:
    with standing(lambda: serve(tls=self_signed())) as base:
        yield base


# What the four checks on the road say of each answer: (edge, auth, model).
ANSWERS: dict[str, tuple[str, str, str]] = {
    "ok": ("ok fine", "ok fine", "ok fine"),
    "401": ("ok fine", "fail key_refused", "fail key_refused"),
    "403": ("ok fine", "fail forbidden", "fail forbidden"),
    "404_model": ("ok fine", "fail not_found", "fail model_unknown"),
    "400_credit": ("fail request_refused", "fail request_refused", "fail request_refused"),
    "403_html": ("fail blocked", "fail blocked", "fail blocked"),
    "403_edge": ("fail blocked", "fail blocked", "fail blocked"),
    "407": ("fail proxy_sign_in", "fail proxy_sign_in", "fail proxy_sign_in"),
    "429": ("fail rate_limited", "fail rate_limited", "fail rate_limited"),
    "500": ("fail api_failing", "fail api_failing", "fail api_failing"),
    "529": ("fail overloaded", "fail overloaded", "fail overloaded"),
    "502_html": ("fail gateway_failing", "fail gateway_failing", "fail gateway_failing"),
    "html_200": ("fail sign_in_page", "fail sign_in_page", "fail sign_in_page"),
    "empty_200": ("fail other_answer", "fail other_answer", "fail other_answer"),
    "reset": ("fail broken_off", "fail broken_off", "fail broken_off"),
    "garbage": ("fail broken_off", "fail broken_off", "fail broken_off"),
}


@pytest.mark.parametrize("fault", ANSWERS)
def test_each_answer_is_found_as_what_it_is(upstream: str, fault: str) -> None:
    target = faulty(upstream, fault)
    found = [run(kind, target) for kind in ("edge", "auth", "model")]
    assert [f"{each.state} {each.finding}" for each in found] == list(ANSWERS[fault])
    assert all(each.latency_ms is not None for each in found)
    assert all((each.diagnosis is None) == (each.state == "ok") for each in found)
    for kind in ("name", "reach"):  # the road itself is fine, whatever is answered at its end
        assert run(kind, target).state == "ok"


CAUSES = {
    "401": "api_key_invalid",
    "403": "permission_denied",
    "403_html": "blocked_by_network_edge",
    "429": "rate_limit_input_tokens",
    "500": "internal_server_error",
    "529": "overloaded",
}


@pytest.mark.parametrize("fault", CAUSES)
def test_a_failure_is_diagnosed_by_our_own_engine(upstream: str, fault: str) -> None:
    assert run("auth", faulty(upstream, fault)).cause == CAUSES[fault]


def test_a_hanging_answer_is_no_answer_but_the_road_stands(upstream: str) -> None:
    target = faulty(upstream, "hang")
    for kind in ("edge", "auth", "model"):
        assert run(kind, target, 0.3).finding is Finding.NO_ANSWER
    assert run("reach", target).state == "ok"


def test_a_slow_answer_works_badly(upstream: str) -> None:
    outcome = run("auth", faulty(upstream, "slow", slow_after=0.5))
    assert (outcome.state, outcome.finding) == ("warn", Finding.SLOW)
    assert "It took" in outcome.words
    assert run("auth", faulty(upstream, "slow")).finding is Finding.FINE


def test_a_name_that_cannot_be_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(host: str, *_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    target = target_at("https://api.anthropic.example")
    for kind in ("name", "reach", "edge", "auth", "model"):
        outcome = run(kind, target)
        assert (outcome.state, outcome.finding, outcome.cause) == ("fail", Finding.NAME_UNKNOWN, "dns_failure")
        assert "api.anthropic.example" in outcome.words


def test_nobody_listens() -> None:
    target = target_at(f"https://127.0.0.1:{free_port()}")
    assert run("name", target).state == "ok"
    for kind in ("reach", "edge", "auth", "model"):
        outcome = run(kind, target)
        assert (outcome.finding, outcome.cause) == (Finding.REFUSED, "connection_refused")


def test_a_connection_that_stays_silent_is_no_reach() -> None:
    with standing(silent) as base:
        outcome = run("reach", target_at(base.replace("http:", "https:")), 0.3)
    assert (outcome.state, outcome.finding) == ("fail", Finding.NO_ANSWER)
    assert outcome.evidence["connect_ms"] is not None
    assert "tls_ms" not in outcome.evidence


def test_a_certificate_that_signed_itself_is_shown(badly_signed: str) -> None:
    target = target_at(badly_signed)
    for kind in ("reach", "edge", "auth", "model"):
        outcome = run(kind, target)
        assert (outcome.finding, outcome.cause) == (Finding.SELF_SIGNED, "tls_certificate")
    shown = run("reach", target).evidence
    assert [each["subject"] for each in shown["chain"]] == ["Triage demo, not to be trusted"]
    assert (shown["trusted_here"], shown["public_authority"]) == (False, False)


def test_an_expired_certificate_and_one_for_another_name(trusting: object, authority: Authority) -> None:
    with standing(lambda: serve(tls=authority.context_for("127.0.0.1", expired=True))) as base:
        assert run("reach", target_at(base)).finding is Finding.EXPIRED
    with standing(lambda: serve(tls=authority.context_for("127.0.0.2"))) as base:
        assert run("reach", target_at(base)).finding is Finding.OTHER_NAME


def test_a_gateways_own_authority_is_no_interception_once_it_is_trusted(trusting: object, authority: Authority) -> None:
    with standing(lambda: serve(tls=authority.context_for("127.0.0.1"))) as base:
        outcome = run("reach", target_at(base))
    assert (outcome.state, outcome.finding) == ("ok", Finding.FINE)
    assert "Acme Inspection CA, an authority of your own" in outcome.words
    assert [each["issuer"] for each in outcome.evidence["chain"]] == ["Acme Inspection CA"] * 2


def test_an_authority_that_is_not_trusted_here(authority: Authority) -> None:
    with standing(lambda: serve(tls=authority.context_for("127.0.0.1"))) as base:
        outcome = run("reach", target_at(base))
    assert (outcome.state, outcome.finding) == ("fail", Finding.UNTRUSTED)


@pytest.fixture
def inspecting(upstream: str, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A company's proxy that opens every connection, named in the environment as usual."""
    tls = authority.context_for("api.anthropic.com")
    with standing(lambda: tunnelling_proxy(upstream, tls)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.replace("//", "//clerk:secret-word-1@"))
        yield proxy.split("//")[1]


def test_an_intercepting_proxy_is_named(inspecting: str) -> None:
    outcome = run("reach", target_at(API))
    assert (outcome.state, outcome.finding, outcome.cause) == ("fail", Finding.INTERCEPTED, "tls_certificate")
    assert "Acme Inspection CA" in outcome.words
    assert outcome.evidence["proxy"] == inspecting
    for kind in ("edge", "auth", "model"):
        assert run(kind, target_at(API)).finding is Finding.UNTRUSTED
    assert "secret-word" not in repr(outcome)


def test_an_intercepting_proxy_that_is_trusted_works_and_is_still_named(inspecting: str, trusting: object) -> None:
    outcome = run("reach", target_at(API))
    assert (outcome.state, outcome.finding) == ("warn", Finding.INTERCEPTED)
    assert run("edge", target_at(API)).state == "ok"
    assert run("auth", target_at(API)).state == "ok"


def test_behind_a_proxy_it_is_the_proxys_name_that_has_to_be_known(inspecting: str) -> None:
    outcome = run("name", target_at(API))
    assert outcome.state == "ok"
    assert "it is the proxy, which resolves api.anthropic.com itself" in outcome.words


def test_a_host_that_the_proxy_is_not_for_is_dialled_itself(
    inspecting: str, upstream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert run("reach", faulty(upstream, "ok")).evidence["proxy"] is None


@pytest.mark.parametrize(
    ("status", "finding"),
    [("407 Proxy Authentication Required", Finding.PROXY_SIGN_IN), ("403 Forbidden", Finding.PROXY_FAILED)],
)
def test_a_proxy_that_lets_nothing_through(monkeypatch: pytest.MonkeyPatch, status: str, finding: Finding) -> None:
    with standing(lambda: refusing_proxy(status)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        for kind in ("reach", "edge", "auth", "model"):
            outcome = run(kind, target_at(API))
            assert (outcome.state, outcome.finding, outcome.cause) == ("fail", finding, "proxy_failure")


@pytest.mark.parametrize("address", ["api.anthropic.com", "https://", "https://[::1", "ftp://127.0.0.1"])
def test_an_address_that_is_none_is_told_by_its_setting(address: str) -> None:
    for kind in ("name", "reach", "edge", "auth", "model"):
        outcome = run(kind, target_at(address))
        assert (outcome.state, outcome.finding) == ("unknown", Finding.NO_ADDRESS)
        assert "ANTHROPIC_BASE_URL" in outcome.words


def test_without_a_key_what_needs_none_still_runs(upstream: str) -> None:
    target = faulty(upstream, "ok", api_key="")
    assert [run(kind, target).state for kind in ("name", "reach", "edge")] == ["ok"] * 3
    for kind in ("auth", "model"):
        outcome = run(kind, target)
        assert (outcome.state, outcome.finding) == ("unknown", Finding.NEEDS_KEY)
        assert "ANTHROPIC_API_KEY" in outcome.words


def test_a_gateway_that_adds_a_key_answers_without_one() -> None:
    async def answer(reader: object, writer: object) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nrequest-id: req_1\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n"
        writer.write(head + b'{"data": []')
        await writer.drain()
        writer.close()

    with standing(lambda: listening(answer)) as base:
        outcome = run("edge", target_at(base))
    assert outcome.state == "ok"
    assert "adds one" in outcome.words


def test_an_unknown_model_is_a_404_with_its_name(upstream: str) -> None:
    outcome = run("model", faulty(upstream, "ok"), subject="claude-opus-9")
    assert (outcome.finding, outcome.cause) == (Finding.MODEL_UNKNOWN, "model_not_found")
    assert "claude-opus-9" in outcome.words


def test_a_message_of_one_token_is_sent_only_when_asked_for_and_tells_its_cost(upstream: str) -> None:
    assert "tokens" not in run("model", faulty(upstream, "ok")).words
    outcome = run("model", faulty(upstream, "ok", one_token=True))
    assert outcome.state == "ok"
    assert outcome.evidence["input_tokens"] > 0
    assert "tokens" in outcome.words


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("status_none", "ok fine"),
        ("status_minor", "warn provider_minor"),
        ("status_major", "fail provider_major"),
        ("500", "unknown status_unreadable"),
        ("403_html", "unknown status_unreadable"),
        ("html_200", "unknown status_unreadable"),
        ("ok", "unknown status_unreadable"),
        ("reset", "unknown status_unreadable"),
    ],
)
def test_the_providers_word_is_passed_on_and_silence_is_no_word(upstream: str, fault: str, expected: str) -> None:
    outcome = run("provider", faulty(upstream, fault))
    assert f"{outcome.state} {outcome.finding}" == expected


def test_an_incident_of_the_provider_is_told_with_its_beginning(upstream: str) -> None:
    outcome = run("provider", faulty(upstream, "status_major"))
    assert "Elevated errors on Claude Opus 4.8 (investigating)" in outcome.words
    incident = outcome.evidence["incidents"][0]
    assert incident["since"] == "2026-11-21T14:02:00+00:00"
    assert incident["said"] == "We are looking into it."
    assert outcome.evidence["components"] == [
        {"name": "API", "status": "major_outage", "since": "2026-11-21T14:02:00+00:00"}
    ]


def test_a_link_of_the_status_page_is_a_link_to_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    summary = json.loads(FAULTS["status_none"].body)
    for url, kept in (("javascript:alert(1)", ""), ("https://status.example", "https://status.example")):
        told = Fault(200, json.dumps({**summary, "page": {"url": url}}))
        monkeypatch.setitem(FAULTS, "status_none", told)
        with standing(serve) as base:
            assert run("provider", faulty(base, "status_none")).evidence["page"] == kept


def test_every_finding_has_words_for_people() -> None:
    assert set(FINDINGS) == set(Finding)


def test_secrets_in_what_was_met_are_masked(upstream: str) -> None:
    outcome = run("model", faulty(upstream, "ok"), subject="sk-ant-api03-abcdefghijklmnop")
    assert "abcdefghijklmnop" not in repr(outcome.as_dict())
