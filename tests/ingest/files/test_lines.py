"""Files as they lie about: packed, in other encodings, cut off, or no text at all."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest

from triage.ingest.files import lines as reading
from triage.ingest.files.documents import one_a_line
from triage.ingest.files.lines import Line, Unreadable, open_file


def read(path: Path) -> list[str]:
    with open_file(str(path)) as opened:
        return [line.text for line in opened.lines]


def objects(*texts: str) -> list[tuple[int, str]]:
    numbered = (Line(number, text) for number, text in enumerate(texts, 1))
    return [(line.number, line.text) for line in one_a_line(numbered)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_file_is_read_in_each_encoding_that_logs_are_written_in(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.log"
    path.write_bytes('{"message": "Überlastet"}\r\n{"n": 2}\n'.encode(encoding))
    assert read(path) == ['{"message": "Überlastet"}', '{"n": 2}']


def test_a_line_in_an_old_encoding_is_read_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes("gut\nÜberlastet\n".encode("cp1252"))
    with open_file(str(path)) as opened:
        assert [line.text for line in opened.lines] == ["gut", "Überlastet"]
    assert opened.foreign_lines == 1


def test_a_packed_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(gzip.compress(b"one\ntwo\n"))
    assert read(path) == ["one", "two"]


def test_a_packed_file_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    whole = gzip.compress("\n".join(f"{n} {n * n}" for n in range(200_000)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    with open_file(str(path)) as opened:
        assert next(opened.lines).text == "0 0"
        with pytest.raises(Unreadable, match="can't be read any further"):
            list(opened.lines)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    path.write_bytes(b"SQLite format 3\x00\x10\x00\x01\x01\x00\x40\x20\x20\x00\x00\x00" + bytes(range(256)))
    with pytest.raises(Unreadable, match="binary"), open_file(str(path)):
        pass


@pytest.mark.parametrize("name", ["missing.log", "."])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Unreadable), open_file(str(tmp_path / name)):
        pass


def test_the_last_line_may_not_be_finished_yet(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo")
    with open_file(str(path)) as opened:
        assert [line.complete for line in opened.lines] == [True, False]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_line_without_end_is_passed_over(tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 10)
    path = tmp_path / "a.log"
    path.write_bytes(("x" * 95 + "\nshort\n").encode(encoding))
    with open_file(str(path)) as opened:
        assert [(line.text, line.too_long) for line in opened.lines] == [("", True), ("short", False)]


def test_standard_input_is_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(b"one\n"))))
    with open_file("-") as opened:
        assert [line.text for line in opened.lines] == ["one"]
        assert opened.size is None
        assert opened.position() > 0


def test_lines_of_objects_stay_as_they_are() -> None:
    assert objects('{"a": 1}', "", "torn", '{"a": 2}') == [(1, '{"a": 1}'), (2, ""), (3, "torn"), (4, '{"a": 2}')]


def test_a_printed_list_becomes_an_object_a_line() -> None:
    text = ["[", "  {", '    "a": {', '      "b": 1', "    }", "  },", "  {", '    "a": 2', "  }", "]"]
    assert objects(*text) == [(2, '{"a": {"b": 1}}'), (7, '{"a": 2}')]


def test_a_list_in_one_line_becomes_an_object_a_line() -> None:
    assert objects('[{"a": 1}, {"a": 2}]') == [(1, '{"a": 1}'), (1, '{"a": 2}')]


def test_printed_objects_one_after_the_other_become_an_object_a_line() -> None:
    assert objects("{", '  "a": 1', "}", "{", '  "a": 2', "}") == [(1, '{"a": 1}'), (4, '{"a": 2}')]


def test_a_broken_object_costs_only_itself() -> None:
    told = objects("[", "  {", '    "a": ,', "  },", "  {", '    "a": 2', "  }", "]")
    assert told[-1] == (5, '{"a": 2}')
    assert told[0][0] == 2


def test_a_list_that_breaks_off_is_refused_at_its_last_object() -> None:
    assert objects("[", '{"a": 1},', '{"a":')[0] == (2, '{"a": 1}')
    assert len(objects("[", '{"a": 1},', '{"a":')) == 2
