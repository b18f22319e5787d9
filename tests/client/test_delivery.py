"""What happens to calls and to reports when the dashboard is away, slow, full or wrong: to calls nothing at all."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import anthropic
import pytest

from tests.client.conftest import PATIENCE, PROMPT, Dashboard, accept, sync_client
from triage.client import TriageReporter
from triage.client.asking import seconds_asked
from triage.client.courier import Courier
from triage.client.outbox import Outbox

ROOT = Path(__file__).resolve().parents[2]
MakeReporter = Callable[..., TriageReporter]


def succeed(upstream: str, reporter: TriageReporter) -> str:
    with sync_client(upstream, "ok", reporter) as client:
        return client.messages.create(**PROMPT).content[0].text


def fail(upstream: str, reporter: TriageReporter) -> None:
    with sync_client(upstream, "529", reporter) as client, pytest.raises(anthropic.OverloadedError) as caught:
        client.messages.create(**PROMPT)
    assert caught.value.status_code == 529


def hang(dashboard: Dashboard) -> None:
    dashboard.hangs = True


def answer(status: int, **headers: str) -> Callable[[Dashboard], None]:
    def set_answer(dashboard: Dashboard) -> None:
        dashboard.answer = lambda _: (status, headers, b"")

    return set_answer


@pytest.mark.parametrize(
    "trouble",
    [
        Dashboard.close,
        hang,
        answer(500),
        answer(429, **{"retry-after": "3600"}),
        answer(413),
        answer(400),
        answer(401),
        answer(302, location="http://127.0.0.1:9/"),
        lambda dashboard: setattr(dashboard, "answer", lambda _: (200, {"x": "\r\n\r\n"}, b"\xff" * 100_000)),
    ],
    ids=["down", "hanging", "500", "429", "413", "400", "401", "redirect", "rubbish"],
)
def test_a_calls_result_and_exception_are_its_own_whatever_the_dashboard_does(
    trouble: Callable[[Dashboard], None], upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    trouble(dashboard)
    for _ in range(3):
        assert succeed(upstream, reporter) == "Hello."
        fail(upstream, reporter)


def test_calls_end_while_the_dashboard_holds_a_report_and_never_answers(
    upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    dashboard.hangs = True
    fail(upstream, reporter)
    assert dashboard.arrived.wait(PATIENCE)
    assert succeed(upstream, reporter) == "Hello."
    fail(upstream, reporter)
    assert not dashboard.released.is_set()
    assert len(dashboard.attempted) == 1
    assert not reporter.flush(0.0)


def test_nothing_is_lost_or_told_twice_when_the_dashboard_is_away_for_a_while(
    upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    dashboard.close()
    for _ in range(4):
        fail(upstream, reporter)
        succeed(upstream, reporter)
    dashboard.open()
    fail(upstream, reporter)
    assert reporter.flush(PATIENCE)
    assert len({report["call"] for report in dashboard.failures}) == len(dashboard.failures) == 5
    assert (dashboard.counted, dashboard.told_as_dropped) == (4, {})


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_what_passes_is_tried_again_with_the_same_ids(
    status: int, upstream: str, reporter: TriageReporter, dashboard: Dashboard
) -> None:
    answers = iter([(status, {}, b"")] * 3)
    dashboard.answer = lambda reports: next(answers, accept(reports))
    fail(upstream, reporter)
    succeed(upstream, reporter)
    assert reporter.flush(PATIENCE)
    assert len(dashboard.attempted) >= 4
    assert all(batch == dashboard.attempted[0] for batch in dashboard.attempted[:4])
    assert (len(dashboard.failures), dashboard.counted, dashboard.told_as_dropped) == (1, 1, {})


def test_a_batch_that_is_too_large_goes_in_halves(
    upstream: str, make_reporter: MakeReporter, dashboard: Dashboard
) -> None:
    reporter = make_reporter(send_every=3600)
    dashboard.answer = lambda reports: accept(reports) if len(reports) <= 2 else (413, {}, b"")
    for _ in range(5):
        fail(upstream, reporter)
    assert reporter.flush(PATIENCE)
    assert [len(batch) for batch in dashboard.attempted] == [5, 2, 3, 1, 2]
    assert len(dashboard.failures) == 5


def test_a_batch_that_is_refused_is_counted_as_dropped_and_said_once(
    upstream: str, reporter: TriageReporter, dashboard: Dashboard, caplog: pytest.LogCaptureFixture
) -> None:
    dashboard.answer = lambda reports: (
        (400, {}, b'{"error": "reports[0].at: no"}') if any("call" in each for each in reports) else accept(reports)
    )
    for _ in range(3):
        fail(upstream, reporter)
        assert reporter.flush(PATIENCE)
    succeed(upstream, reporter)
    assert reporter.flush(PATIENCE)
    assert (dashboard.failures, dashboard.counted) == ([], 1)
    assert dashboard.told_as_dropped == {"refused with 400": 3}
    said = [record for record in caplog.records if record.name == "triage.client"]
    assert len(said) == 1
    assert "reports[0].at: no" in said[0].getMessage()


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_ends_the_reports_and_is_said_once(
    status: int, upstream: str, reporter: TriageReporter, dashboard: Dashboard, caplog: pytest.LogCaptureFixture
) -> None:
    dashboard.answer = lambda _: (status, {}, b'{"error": "no such ingest key"}')
    fail(upstream, reporter)
    assert reporter.flush(PATIENCE)
    for _ in range(3):
        fail(upstream, reporter)
        assert reporter.flush(PATIENCE)
    assert len(dashboard.attempted) == 1
    [said] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "no such ingest key" in said.getMessage()
    assert "tri_made-up" not in said.getMessage()


def test_what_finds_no_room_is_dropped_and_counted_and_told_later(
    upstream: str, make_reporter: MakeReporter, dashboard: Dashboard
) -> None:
    reporter = make_reporter(most_waiting=3)
    dashboard.hangs = True
    fail(upstream, reporter)
    assert dashboard.arrived.wait(PATIENCE)
    for _ in range(10):
        fail(upstream, reporter)
        succeed(upstream, reporter)
    dashboard.hangs = False
    dashboard.released.set()
    assert reporter.flush(PATIENCE)
    assert len(dashboard.failures) == 4
    assert dashboard.told_as_dropped == {"queue full": 7}
    assert dashboard.counted == 10


def test_waiting_reports_are_bounded_in_bytes_as_well(
    upstream: str, make_reporter: MakeReporter, dashboard: Dashboard
) -> None:
    reporter = make_reporter(send_every=3600, most_waiting_bytes=5_000)
    for _ in range(5):
        fail(upstream, reporter)
    assert reporter.flush(PATIENCE)
    assert (len(dashboard.failures), dashboard.told_as_dropped) == (2, {"queue full": 3})


def test_invented_model_names_can_not_fill_the_memory() -> None:
    outbox = Outbox(most_reports=10, most_bytes=1_000)
    for number in range(6_000):
        outbox.count(f"model-{number}", streamed=False)
    lines = outbox.take()
    assert len(lines) == 5_001
    assert [line.report["dropped"] for line in lines if "dropped" in line.report] == [1_000]


def test_a_report_that_can_not_be_written_costs_only_itself(
    upstream: str, reporter: TriageReporter, dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("triage.client.attempts._error", lambda _: 1 / 0)
        fail(upstream, reporter)
        assert reporter.flush(PATIENCE)
    fail(upstream, reporter)
    assert reporter.flush(PATIENCE)
    assert len(dashboard.failures) == 1
    assert dashboard.told_as_dropped == {"could not be written": 1}


@pytest.mark.parametrize("part", ["_begin", "_call_of", "NoAnswer", "Reading", "uuid"])
def test_a_fault_of_the_reporters_own_never_reaches_the_call(
    part: str, upstream: str, reporter: TriageReporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    if part == "_begin":
        monkeypatch.setattr("triage.client.reporter.Attempt", None)
    else:
        monkeypatch.setattr(f"triage.client.reporter.{part}", None)
    assert succeed(upstream, reporter) == "Hello."
    fail(upstream, reporter)
    with sync_client(upstream, "ok", reporter) as client, client.messages.stream(**PROMPT) as events:
        assert events.get_final_text() == "Hel"
    with sync_client(upstream, "ok", reporter) as client:
        assert client.models.list().data


def test_many_threads_lose_no_count(upstream: str, reporter: TriageReporter, dashboard: Dashboard) -> None:
    outbox, each, threads = reporter._outbox, 500, 8

    def count() -> None:
        for _ in range(each):
            outbox.count("claude-opus-4-8", streamed=False)
            reporter._courier.wake()

    running = [threading.Thread(target=count) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert reporter.flush(PATIENCE)
    assert dashboard.counted == each * threads
    assert len({report["id"] for report in dashboard.accepted}) == len(dashboard.accepted)


def test_the_pause_is_what_the_server_asks_for_and_grows_where_it_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda _, most: most)
    courier = Courier(
        Outbox(most_reports=1, most_bytes=1), "http://x", "k", common={}, send_every=0.5, timeout=1, ssl_context=None
    )
    silent = type("Answer", (), {"retry_after": None})
    assert [courier._pause(silent, tries) for tries in (0, 1, 2, 10, 10_000)] == [0.5, 1.0, 2.0, 30.0, 30.0]
    asked = type("Answer", (), {"retry_after": 7.0})
    assert courier._pause(asked, 0) == 7.5
    assert courier._pause(type("Answer", (), {"retry_after": 1e9}), 0) == 300.5


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("", None), (None, None), ("soon", None), ("-1", None), ("nan", None), ("inf", None)],
)
def test_a_retry_after_is_read_in_seconds(value: str | None, seconds: float | None) -> None:
    assert seconds_asked(value) == seconds


def test_a_retry_after_is_read_as_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_795_345_200.0)  # 2026-11-22 11:00:00 UTC
    assert seconds_asked("Sun, 22 Nov 2026 11:00:30 GMT") == 30.0
    assert seconds_asked("Sun, 22 Nov 2026 10:00:00 GMT") is None


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


CALLING = """
import os, resource, signal, sys
import anthropic
from triage.client import TriageReporter

upstream, dashboard = sys.argv[1:]
def fail(reporter):
    client = anthropic.Anthropic(api_key="x", base_url=upstream + "/s/529", max_retries=0, middleware=[reporter])
    try:
        client.messages.create(model="m", max_tokens=1, messages=[{"role": "user", "content": "hi"}])
    except anthropic.OverloadedError:
        print("failed as it should", flush=True)
"""


def test_a_program_on_a_full_disk_that_forks_and_ends_at_once_loses_nothing(
    upstream: str, dashboard: Dashboard
) -> None:
    done = run(
        CALLING
        + """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
reporter = TriageReporter(dashboard, "tri_made-up", service="forked", send_every=3600)
fail(reporter)
child = os.fork()
fail(reporter)
if child:
    os.waitpid(child, 0)
""",
        upstream,
        dashboard.url,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("failed as it should") == 3
    assert len({report["call"] for report in dashboard.failures}) == len(dashboard.failures) == 3


def test_a_program_ends_though_the_dashboard_hangs(upstream: str, dashboard: Dashboard) -> None:
    dashboard.hangs = True
    reporter = '\nfail(TriageReporter(dashboard, "tri_made-up", send_every=0, timeout=3600))'
    done = run(CALLING + reporter, upstream, dashboard.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert not dashboard.released.is_set()
    assert len(dashboard.attempted) == 1


def test_the_client_needs_the_sdk_and_nothing_of_the_servers() -> None:
    done = run("""
import sys
class Bare:
    def find_spec(self, name, path=None, target=None):
        servers_own = ("django", "yaml", "celery", "redis", "cryptography", "ninja", "dashboard")
        if name.partition(".")[0] in servers_own or name.startswith("triage.") and not name.startswith("triage.client"):
            raise ImportError(name + " is not there")
sys.meta_path.insert(0, Bare())
import anthropic
before = set(sys.modules)
import triage.client
client = triage.client.with_policy(anthropic.Anthropic(api_key="x"))
triage.client.TriageReporter("http://127.0.0.1:9", "tri_x")
print(*sorted(name for name in set(sys.modules) - before))
""")
    assert (done.returncode, done.stderr) == (0, "")
    assert "triage.client.reporter" in done.stdout
