"""PDFs: that they are PDFs, open without a password, and have few enough pages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from triage.checker.media import Pdf, decode_base64, read_pdf
from triage.checker.model import Edit, Mend
from triage.checker.registry import Found, rule
from triage.checker.rules.images import largest_media_count, without
from triage.checker.view import Block, View


@lru_cache(maxsize=32)
def _read(data: str) -> Pdf:
    raw = decode_base64(data)
    return Pdf(valid=False) if raw is None else read_pdf(raw)


def _inline(view: View) -> Iterator[tuple[Block, str]]:
    for block in view.of_kind("document"):
        source = block.data.get("source")
        if isinstance(source, dict) and source.get("type") == "base64":
            data = source.get("data")
            if isinstance(data, str):
                yield block, data


@rule("pdf_invalid")
def every_pdf_can_be_read(view: View) -> Iterator[Found]:
    """The data is base64 of a PDF that isn't encrypted."""
    for block, data in _inline(view):
        path = (*block.path, "source", "data")
        if data.startswith("data:"):
            mend = Mend("takes the data: prefix off", (Edit("replace", path, data.partition(",")[2]),))
            yield Found(
                path, "`data` begins with a data: address; only the base64 behind the comma belongs here.", mend
            )
            continue
        pdf = _read(data)
        if not pdf.valid:
            yield Found(path, "The data is no PDF (or no valid base64).", without(block))
        elif pdf.encrypted:
            yield Found(
                path, "The PDF is encrypted: it asks for a password, or is locked against changes.", without(block)
            )


@rule("pdf_too_many_pages")
def pdfs_have_few_enough_pages(view: View) -> Iterator[Found]:
    """All PDFs together stay below the pages that the model's window allows."""
    window = view.model.context_window if view.model else None
    small = window is not None and window < 1_000_000
    limit = view.limit("pdf_pages_small_window" if small else "pdf_pages_large_window")
    total = 0
    for block, data in _inline(view):
        pages = 0 if data.startswith("data:") else _read(data).pages or 0
        total += pages
        if limit is not None and total > limit:
            counted = f"The PDF has {pages} pages" if pages == total else f"Up to here the PDFs have {total} pages"
            yield Found((*block.path, "source", "data"), f"{counted}; the model takes {limit}.", without(block))
            return


@rule("too_many_images")
def images_and_pages_fit_together(view: View) -> Iterator[Found]:
    """Images and pages are counted together; each alone has its own rule."""
    limit = largest_media_count(view)
    images = len(view.of_kind("image"))
    documents = [(block, _read(data).pages or 0) for block, data in _inline(view) if not data.startswith("data:")]
    pages = sum(count for _, count in documents)
    if limit is None or not images or not pages or images > limit or pages > limit or images + pages <= limit:
        return
    yield Found(documents[-1][0].path, f"{images} images and {pages} pages; the model takes {limit} together.")
