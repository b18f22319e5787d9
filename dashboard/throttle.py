"""Slows down guessing of passwords: so many failures in so much time, for each name and for each address."""

from __future__ import annotations

import logging

from django.core.cache import cache
from redis.exceptions import RedisError

from triage.models import digest_of

logger = logging.getLogger(__name__)

MOST_FAILURES = 10
WITHIN = 15 * 60
"""Seconds."""


def is_blocked(*marks: str) -> bool:
    """Tell whether one of ``marks`` (a name, an address) failed too often lately.

    With the cache away nobody is blocked: a password that is right must open the door on a bad day, too.
    """
    try:
        counts = cache.get_many([_key(mark) for mark in marks])
    except (RedisError, OSError) as error:
        logger.warning("Failed sign-ins can't be counted: %s", error)
        return False
    return any(count >= MOST_FAILURES for count in counts.values())


def count_failure(*marks: str) -> None:
    """Remember a failure of each of ``marks``."""
    try:
        for mark in marks:
            cache.add(_key(mark), 0, timeout=WITHIN)
            cache.incr(_key(mark))
    except ValueError:  # the entry ran out between the two steps
        return
    except (RedisError, OSError) as error:
        logger.warning("Failed sign-ins can't be counted: %s", error)


def _key(mark: str) -> str:
    return f"sign-in-failures:{digest_of(mark)[:32]}"
