"""Adds numbers to rows that may not exist yet, in one statement that SQLite and PostgreSQL both understand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

Row = tuple[Any, ...]

_SLICE = 60  # rows of one statement; times 14 columns stays under the 999 parameters of SQLite's default build


def add_up(
    model: type[Model],
    key: Sequence[str],
    rows: Mapping[Row, Row],
    *,
    sums: Sequence[str],
    latest: Sequence[str] = (),
    only_new: Sequence[str] = (),
) -> None:
    """Insert ``rows`` (values of ``key`` to values of ``sums``, ``latest`` and ``only_new``), or add them to theirs.

    ``sums`` are added to what is there, ``latest`` keep the later of the two, ``only_new`` stay as they were.
    Columns are named as in the database. The table must have a unique constraint on ``key``.
    """
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    changes = [f"{quote(c)} = {table}.{quote(c)} + EXCLUDED.{quote(c)}" for c in sums]
    changes += [
        f"{quote(c)} = CASE WHEN EXCLUDED.{quote(c)} > {table}.{quote(c)} THEN EXCLUDED.{quote(c)} "
        f"ELSE {table}.{quote(c)} END"
        for c in latest
    ]
    columns = [*key, *sums, *latest, *only_new]
    # In one order, so that two workers that add to the same rows can't wait for each other in a circle.
    ordered = sorted(rows.items(), key=lambda row: tuple(map(str, row[0])))
    for start in range(0, len(ordered), _SLICE):
        part = ordered[start : start + _SLICE]
        places = ", ".join(["(" + ", ".join(["%s"] * len(columns)) + ")"] * len(part))
        sql = (
            f"INSERT INTO {table} ({', '.join(map(quote, columns))}) VALUES {places} "  # noqa: S608 - names, not values
            f"ON CONFLICT ({', '.join(map(quote, key))}) DO UPDATE SET {', '.join(changes)}"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, [_adapted(value) for known, added in part for value in (*known, *added)])


def _adapted(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, dt.date):
        return connection.ops.adapt_datefield_value(value)
    return value
