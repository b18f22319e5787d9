"""What channels share: a message as it is sent, and what may become of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class PassingError(Exception):
    """It couldn't be delivered now; ``wait`` seconds, where the other side asked for that, and it may work."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


class PermanentError(Exception):
    """It will never be delivered there: the address, or what opens it, is wrong."""


class AddressError(ValueError):
    """What was typed is no address of this kind; the message says why, for the person who typed it."""


@dataclass(frozen=True)
class Letter:
    """A message, masked, in every form that a channel may want. ``key`` is the same at each try."""

    key: str
    at: dt.datetime
    title: str
    text: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Address:
    """An address that was read: what is sealed, and what may be shown."""

    secrets: Mapping[str, str]
    shown: str


@dataclass(frozen=True)
class Sender:
    """One kind of channel. ``read`` takes what a person typed; ``send`` takes what was sealed.

    Both raise the errors above.
    """

    label: _StrPromise
    help: _StrPromise
    read: Callable[[str], Address]
    send: Callable[[Mapping[str, str], Letter], None]
