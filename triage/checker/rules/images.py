"""Pictures: that they are what they say, how many bytes and pixels they have, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from triage.checker.media import decode_base64, read_picture
from triage.checker.model import Edit, Mend
from triage.checker.registry import Found, rule
from triage.checker.view import Block, View

_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")


def inline_images(view: View) -> Iterator[tuple[Block, dict[str, Any], str]]:
    """Yield the images whose bytes stand in the request, with their source and its data."""
    for block in view.of_kind("image"):
        source = block.data.get("source")
        if isinstance(source, dict) and source.get("type") == "base64":
            data = source.get("data")
            if isinstance(data, str):
                yield block, source, data


def without(block: Block) -> Mend:
    """Replace a block by a text that says what was there."""
    note = {"type": "text", "text": f"[{block.kind} removed]"}
    return Mend(f"replaces the {block.kind} by a note", (Edit("replace", block.path, note),), f"the {block.kind}")


@rule("image_invalid")
def every_image_is_what_it_says(view: View) -> Iterator[Found]:
    """The data is base64 of a JPEG, PNG, GIF or WebP, and media_type names that format."""
    for block, source, data in inline_images(view):
        path = (*block.path, "source", "data")
        if data.startswith("data:"):
            bare = data.partition(",")[2]
            mend = Mend("takes the data: prefix off", (Edit("replace", path, bare),))
            yield Found(
                path, "`data` begins with a data: address; only the base64 behind the comma belongs here.", mend
            )
            continue
        # Beyond the first bytes nothing decides here, but a single wrong character spoils the whole.
        raw = decode_base64(data)
        if raw is None:
            yield Found(path, "`data` is not valid base64 (cut off, or with other characters in it).", without(block))
            continue
        picture = read_picture(raw)
        announced = source.get("media_type")
        if picture is None:
            what = "is empty" if not raw else "is no JPEG, PNG, GIF or WebP"
            yield Found(path, f"The image {what}.", without(block))
        elif announced in _TYPES and announced != picture.media_type:
            where = (*block.path, "source", "media_type")
            mend = Mend(f"sets media_type to {picture.media_type}", (Edit("replace", where, picture.media_type),))
            yield Found(where, f"media_type says {announced}, the bytes are {picture.media_type}.", mend)


@rule("image_too_large")
def no_image_has_too_many_bytes(view: View) -> Iterator[Found]:
    """One image stays below the bytes for one image, counted as base64."""
    limit = view.limit("image_base64_bytes")
    for block, _, data in inline_images(view):
        if limit is not None and len(data) > limit:
            message = f"The image has {len(data):,} bytes as base64; {limit:,} are taken here."
            yield Found((*block.path, "source", "data"), message, without(block))


@rule("image_dimensions_too_large")
def no_image_has_too_many_pixels(view: View) -> Iterator[Found]:
    """No side is above 8000 pixels, or above 2000 with more than 20 images."""
    many = view.limit("many_images")
    crowded = many is not None and len(view.of_kind("image")) > many
    limit = view.limit("many_images_side" if crowded else "image_side")
    if limit is None:
        return
    for block, _, data in inline_images(view):
        raw = decode_base64(data)
        picture = read_picture(raw) if raw else None
        if picture is None or picture.width is None or picture.height is None:
            continue
        if max(picture.width, picture.height) > limit:
            reason = f" in a request with more than {many} images" if crowded else ""
            message = (
                f"The image has {picture.width:,} x {picture.height:,} pixels; {limit:,} a side are allowed{reason}."
            )
            yield Found((*block.path, "source", "data"), message, without(block))


def largest_media_count(view: View) -> int | None:
    """Return how many images and pages the model takes; the larger number where its window isn't known."""
    window = view.model.context_window if view.model else None
    return view.limit("media_small_window" if window is not None and window <= 200_000 else "media_large_window")


@rule("too_many_images")
def there_are_not_too_many_images(view: View) -> Iterator[Found]:
    """All images of the request together stay below the model's number."""
    limit, images = largest_media_count(view), view.of_kind("image")
    if limit is not None and len(images) > limit:
        surplus = len(images) - limit
        # In document order the first of nested images may belong to one tool result; each has a path of its own.
        edits = tuple(edit for block in images[:surplus] for edit in without(block).edits)
        mend = Mend(f"replaces the {surplus} oldest images by notes", edits, f"{surplus} images")
        yield Found(images[limit].path, f"{len(images)} images; the model takes {limit}.", mend)
