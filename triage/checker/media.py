"""Reads the headers of pictures and PDFs: format, pixels, pages. Nothing is decoded or drawn."""

from __future__ import annotations

import binascii
import re
import zlib
from dataclasses import dataclass

_LARGEST_STREAM = 4_000_000
_MOST_STREAMS = 400


@dataclass(frozen=True)
class Picture:
    """What the header of a picture says; pixels are ``None`` where the header is cut or unusual."""

    media_type: str
    width: int | None = None
    height: int | None = None


def decode_base64(data: str) -> bytes | None:
    """Return the bytes of a base64 text; ``None`` where it is none. White space within is passed over."""
    try:
        return binascii.a2b_base64(re.sub(r"\s+", "", data).encode("ascii"), strict_mode=True)
    except (binascii.Error, ValueError):
        return None


def read_picture(raw: bytes) -> Picture | None:
    """Return format and pixels of a PNG, JPEG, GIF or WebP; ``None`` for anything else."""
    if raw.startswith(b"\x89PNG\r\n\x1a\n"):
        return Picture("image/png", *_png(raw))
    if raw.startswith(b"\xff\xd8\xff"):
        return Picture("image/jpeg", *_jpeg(raw))
    if raw[:6] in (b"GIF87a", b"GIF89a"):
        return Picture("image/gif", *_pair(raw[6:10], "little"))
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return Picture("image/webp", *_webp(raw))
    return None


def _pair(raw: bytes, order: str) -> tuple[int | None, int | None]:
    if len(raw) < 4:
        return None, None
    little = order == "little"
    width, height = (raw[:2], raw[2:4])
    return (
        int.from_bytes(width, "little" if little else "big"),
        int.from_bytes(height, "little" if little else "big"),
    )


def _png(raw: bytes) -> tuple[int | None, int | None]:
    if raw[12:16] != b"IHDR" or len(raw) < 24:
        return None, None
    return int.from_bytes(raw[16:20], "big"), int.from_bytes(raw[20:24], "big")


def _jpeg(raw: bytes) -> tuple[int | None, int | None]:
    """Walk the segments up to the frame header (SOF0..SOF15 without DHT, JPG and DAC)."""
    place = 2
    while place + 9 <= len(raw):
        if raw[place] != 0xFF:
            return None, None
        marker = raw[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = _pair(raw[place + 5 : place + 9], "big")
            return width, height
        if marker in (0x01, *range(0xD0, 0xD9)):
            place += 2
            continue
        place += 2 + max(2, int.from_bytes(raw[place + 2 : place + 4], "big"))
    return None, None


def _webp(raw: bytes) -> tuple[int | None, int | None]:
    chunk = raw[12:16]
    if chunk == b"VP8X" and len(raw) >= 30:
        return int.from_bytes(raw[24:27], "little") + 1, int.from_bytes(raw[27:30], "little") + 1
    if chunk == b"VP8L" and len(raw) >= 25:
        bits = int.from_bytes(raw[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and len(raw) >= 30:
        width, height = _pair(raw[26:30], "little")
        return (width or 0) & 0x3FFF, (height or 0) & 0x3FFF
    return None, None


@dataclass(frozen=True)
class Pdf:
    """What can be read from a PDF without rendering it; ``pages`` is ``None`` where no page tree was found."""

    valid: bool
    encrypted: bool = False
    pages: int | None = None


_COUNT = re.compile(rb"/Type\s*/Pages\b[^>]{0,4000}?/Count\s+(\d{1,6})|/Count\s+(\d{1,6})[^>]{0,4000}?/Type\s*/Pages\b")
_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_STREAM = re.compile(rb"stream\r?\n")


def read_pdf(raw: bytes) -> Pdf:
    """Return whether ``raw`` begins as a PDF, asks for a password, and how many pages its page tree counts."""
    if b"%PDF-" not in raw[:1024]:
        return Pdf(valid=False)
    encrypted = re.search(rb"/Encrypt\s+\d+\s+\d+\s+R|/Encrypt\s*<<", raw) is not None
    pages = _pages(raw)
    if pages is None and not encrypted:
        # Newer writers keep the page tree in compressed object streams.
        found = (_pages(part) for part in _object_streams(raw))
        pages = max((count for count in found if count is not None), default=None)
    return Pdf(True, encrypted, pages)


def _pages(raw: bytes) -> int | None:
    counts = [int(first or second) for first, second in _COUNT.findall(raw)]
    return max(counts) if counts else (len(_PAGE.findall(raw)) or None)


def _object_streams(raw: bytes) -> list[bytes]:
    parts: list[bytes] = []
    for match in _STREAM.finditer(raw):
        if b"/ObjStm" not in raw[max(0, match.start() - 300) : match.start()]:
            continue
        try:
            parts.append(zlib.decompressobj().decompress(raw[match.end() :], _LARGEST_STREAM))
        except zlib.error:
            continue
        if len(parts) >= _MOST_STREAMS:
            break
    return parts
