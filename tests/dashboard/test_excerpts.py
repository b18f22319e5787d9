"""What is shown of a paste: nothing is lost of a short one, and of a long one what stands around the marks."""

from hypothesis import given
from hypothesis import strategies as st

from dashboard.excerpts import excerpt
from triage.diagnosis import Span

SPANS = st.lists(st.tuples(st.integers(-5, 9_000), st.integers(-5, 9_000)).map(lambda ends: Span(*ends)), max_size=8)


def test_marks_that_touch_or_overlap_become_one() -> None:
    pieces = excerpt("abcdefgh", [Span(1, 3), Span(2, 5), Span(5, 6)])
    assert [(piece.text, piece.marked) for piece in pieces] == [("a", False), ("bcdef", True), ("gh", False)]


def test_of_a_long_text_the_marks_are_shown_and_the_gaps_are_counted() -> None:
    text = "x" * 20_000 + "NEEDLE" + "y" * 20_000
    pieces = excerpt(text, [Span(20_000, 20_006)])
    assert [piece.text for piece in pieces if piece.marked] == ["NEEDLE"]
    assert sum(len(piece.text) for piece in pieces) < 4_000
    assert sum(len(piece.text) + piece.left_out for piece in pieces) == len(text)


@given(st.text(max_size=50), st.integers(1, 300), SPANS)
def test_whatever_is_marked_the_pieces_add_up_to_the_text(unit: str, times: int, spans: list[Span]) -> None:
    text = unit * times
    pieces = excerpt(text, spans)
    at = 0
    for piece in pieces:
        assert text[at : at + len(piece.text)] == piece.text
        at += len(piece.text) + piece.left_out
    assert at == len(text)
