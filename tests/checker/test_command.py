from __future__ import annotations

import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command

from tests.checker.valid_requests import request
from triage.checker import engine


def run(*arguments, stdin=b""):
    """Return exit code and output of the command."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin))
    try:
        call_command("check_request", *arguments, stdout=out, stderr=err)
        code = 0
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdin = before
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path):
    def write(body):
        path = tmp_path / "request.json"
        path.write_text(body if isinstance(body, str) else json.dumps(body), encoding="utf-8")
        return str(path)

    return write


def test_a_clean_request_ends_with_zero_and_says_what_stays_open(file):
    code, out, _ = run(file(request()))
    assert code == 0
    assert "Nothing found" in out
    assert "can't be known offline" in out
    assert "credits" in out


def test_findings_end_with_one_and_are_printed_with_place_cause_name_and_mend(file):
    code, out, _ = run(
        file(request(tools=[{"name": "mcp__jira__search", "input_schema": {"type": "object", "oneOf": []}}]))
    )
    assert code == 1
    assert "tools.0.custom.input_schema.oneOf" in out
    assert "[tool_schema_invalid]" in out
    assert "from server `jira`" in " ".join(out.split())
    assert "Mend: takes oneOf out. Costs:" in out


def test_what_is_no_request_ends_with_two(file):
    code, out, _ = run(file('{"model": '))
    assert code == 2
    assert "line 1, column 11" in out


def test_standard_input_is_read():
    assert run(stdin=json.dumps(request()).encode())[0] == 0
    assert run("-", stdin=b"\xff")[0] == 2


def test_json_is_one_object_that_a_script_can_read(file):
    code, out, _ = run(file(request("claude-opus-4.8", temperature=0.1)), "--json")
    result = json.loads(out)
    assert code == 1
    assert [finding["cause"] for finding in result["findings"]] == ["model_not_found"]
    assert result["endpoint"] == "messages"
    assert "mended" not in result
    unreadable = json.loads(run(file("["), "--json")[1])
    assert unreadable["unreadable"]["line"] == 1


def test_the_mended_request_is_written(file, tmp_path):
    target = tmp_path / "mended.json"
    code, out, _ = run(file(request(temperature=0.1)), "--mended", str(target), "--diff")
    assert code == 1
    assert json.loads(target.read_text(encoding="utf-8")) == request()
    assert '-  "temperature": 0.1' in out
    assert run(str(target))[0] == 0


def test_nothing_is_written_where_nothing_can_be_mended(file, tmp_path):
    target = tmp_path / "mended.json"
    _, _, err = run(file(request()), "--mended", str(target))
    assert not target.exists()
    assert "nothing to mend" in err


def test_a_file_that_is_not_there_is_told_without_a_traceback(tmp_path):
    with pytest.raises(CommandError, match="No such file") as caught:
        call_command("check_request", str(tmp_path / "none.json"))
    assert caught.value.returncode == 2


def test_the_endpoint_can_be_named(file):
    body = {key: value for key, value in request().items() if key != "max_tokens"}
    assert run(file(body))[0] == 1
    assert run(file(body), "--endpoint", "count_tokens")[0] == 0


def test_control_characters_of_a_request_do_not_reach_the_terminal(file):
    _, out, _ = run(file(request(content="x", tools=[{"name": "\x1b[31m\ud800", "input_schema": {"type": "object"}}])))
    assert "\x1b[31m" not in out.replace("\x1b[0m", "")
    out.encode("utf-8")


def test_the_summary_tells_how_many_findings_no_mend_settles(file):
    _, out, _ = run(file(request("gpt-9", temperature=3)))
    assert "1 finding stays after all mechanical mends" in out


def test_what_is_not_listed_and_what_was_not_looked_at_is_told_and_all_of_it_on_demand(file, monkeypatch):
    _, out, _ = run(file(request(**{f"field_{number}": 1 for number in range(700)})))
    assert "700 findings" in out
    assert "and 200 more of the same kind" in out
    monkeypatch.setattr(engine, "_MOST_VALUES", 200)
    batch = file("\n".join(json.dumps({"custom_id": f"n{number}", "params": request()}) for number in range(20)))
    assert "more requests of the batch weren't looked at" in run(batch)[1]
    assert "weren't looked at" not in run("--all", batch)[1]
