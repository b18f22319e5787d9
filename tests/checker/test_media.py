from __future__ import annotations

import struct
import zlib

import pytest

from tests.checker.valid_requests import gif, jpeg, pdf, png, webp
from triage.checker.media import decode_base64, read_pdf, read_picture


@pytest.mark.parametrize(
    ("make", "media_type"),
    [(png, "image/png"), (gif, "image/gif"), (jpeg, "image/jpeg"), (webp, "image/webp")],
)
@pytest.mark.parametrize("size", [(1, 1), (640, 480), (8001, 2)])
def test_format_and_pixels_are_read_from_the_header(make, media_type, size):
    picture = read_picture(make(*size))
    assert (picture.media_type, picture.width, picture.height) == (media_type, *size)


def test_the_other_forms_of_webp_are_read_too():
    lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", (99) | (49 << 14))
    lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 100, 50)
    for raw in (lossless, lossy):
        picture = read_picture(raw)
        assert (picture.width, picture.height) == (100, 50)


@pytest.mark.parametrize("make", [png, gif, jpeg, webp])
def test_a_header_that_is_cut_is_read_without_harm(make):
    raw = make(300, 200)
    for length in range(len(raw)):
        picture = read_picture(raw[:length])
        assert picture is None or picture.width in (None, 300)


@pytest.mark.parametrize("raw", [b"", b"<svg/>", b"BM\0\0", b"\0\0\0\x18ftypheic", b"RIFF\0\0\0\0WAVE"])
def test_other_formats_are_none(raw):
    assert read_picture(raw) is None


def test_pages_are_counted_by_the_page_tree():
    assert read_pdf(pdf(7)).pages == 7


def test_pages_are_counted_one_by_one_where_the_tree_has_no_count():
    assert read_pdf(b"%PDF-1.4 << /Type /Page >> << /Type/Page /Parent 2 0 R >> << /Type /Pagelabel >>").pages == 2


def test_pages_are_found_in_compressed_objects():
    packed = zlib.compress(b"<< /Type /Pages /Kids [] /Count 321 >>")
    raw = b"%PDF-1.7\n5 0 obj\n<< /Type /ObjStm /N 1 >>\nstream\r\n" + packed + b"\nendstream"
    assert read_pdf(raw).pages == 321


def test_what_is_no_pdf_or_asks_for_a_password_is_told():
    assert not read_pdf(b"<html>").valid
    assert read_pdf(pdf(extra=b" /Encrypt 9 0 R")).encrypted
    assert not read_pdf(pdf()).encrypted


def test_a_bomb_in_a_stream_is_not_unpacked_whole():
    packed = zlib.compress(b"\0" * 50_000_000)
    raw = b"%PDF-1.7\n<< /Type /ObjStm >>\nstream\n" + packed
    assert read_pdf(raw).pages is None


@pytest.mark.parametrize(
    ("text", "raw"), [("YQ==", b"a"), ("Y\nQ==", b"a"), ("", b""), ("YQ", None), ("Y*==", None), ("ä", None)]
)
def test_base64_is_taken_strictly_but_for_white_space(text, raw):
    assert decode_base64(text) == raw
