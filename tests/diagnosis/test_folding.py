from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from triage.diagnosis.folding import Folded, fold


def test_wraps_quotes_case_and_colours_vanish() -> None:
    pasted = "\x1b[31mAPI Error:\x1b[0m “Invalid\n     `signature`” in THINKING block"
    assert fold(pasted) == "apierror:invalidsignatureinthinkingblock"


def test_nesting_depth_vanishes() -> None:
    assert fold(r"{\\\"type\\\":\\\"error\\\"}") == fold('{"type":"error"}')


def test_frames_and_log_prefixes_vanish() -> None:
    assert fold("│ Overloaded │") == "overloaded"
    assert fold("api-1  | Overloaded") == "overloaded"
    assert fold("Nov 21 09:13:55 host node[17]: Overloaded") == "overloaded"


@given(st.text(max_size=400))
def test_each_folded_character_is_found_again_in_the_original(text: str) -> None:
    folded = Folded(text)
    for offset, character in enumerate(folded.text):
        assert fold(text[folded.origin(offset)]) in (character, "", text[folded.origin(offset)].lower())


def test_offsets_hold_across_blocks_and_escapes() -> None:
    text = 'x\\"y \\n' * 2000 + "Überlastet: Overloaded"
    folded = Folded(text)
    at = folded.text.index("overloaded")
    start, end = folded.span(at, at + len("overloaded"))
    assert text[start:end] == "Overloaded"
