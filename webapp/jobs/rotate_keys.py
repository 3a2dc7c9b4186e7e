"""Giving every sealed value the newest key, while the site runs. Stopped anywhere, it goes on where it was.

A column is found by its type, so a new table needs nothing here. Each batch is one transaction; a row
that somebody changed meanwhile has the new key already and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, LargeBinary, Table, func, select, type_coerce, update
from sqlalchemy.orm import Session

from webapp.db import Base, Database, EncryptedBytes, EncryptedJson, EncryptedText, keyring

SEALED = (EncryptedBytes, EncryptedJson, EncryptedText)
BATCH = 200


@dataclass(frozen=True)
class Sealed:
    """A column that holds sealed values, and the key of its table."""

    table: Table
    column: Column[object]
    key: Column[object]


def sealed_columns() -> list[Sealed]:
    """Return every sealed column of every table."""
    return [
        Sealed(table, column, next(iter(table.primary_key.columns)))
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, SEALED)
    ]


def rotate(database: Database, *, batch: int = BATCH) -> int:
    """Seal everything anew that another key than the current one sealed; returns how many values."""
    return sum(_rotate_column(database, sealed, batch) for sealed in sealed_columns())


def left(session: Session) -> dict[str, int]:
    """Return, by column, how many values still have an older key."""
    counted = {
        f"{one.table.name}.{one.column.name}": session.scalar(
            select(func.count()).select_from(one.table).where(_is_old(one))
        )
        or 0
        for one in sealed_columns()
    }
    return {name: number for name, number in counted.items() if number}


def _rotate_column(database: Database, sealed: Sealed, batch: int) -> int:
    return sum(_batches(database, sealed, batch))


def _batches(database: Database, sealed: Sealed, batch: int) -> Iterator[int]:
    while True:
        with database.transaction() as session:
            done = _one_batch(session, sealed, batch)
        if not done:
            return
        yield done


def _one_batch(session: Session, sealed: Sealed, batch: int) -> int:
    raw = type_coerce(sealed.column, LargeBinary)
    rows = session.execute(
        select(sealed.key, raw).where(_is_old(sealed)).order_by(sealed.key).limit(batch)
    ).all()
    for key, value in rows:
        fresh = keyring().seal(keyring().open(bytes(value)))
        change = update(sealed.table).where(sealed.key == key, raw == value)
        session.execute(change.values({sealed.column: type_coerce(fresh, LargeBinary)}))
    return len(rows)


def _is_old(sealed: Sealed):  # type: ignore[no-untyped-def]  # the type of a SQL expression says nothing here
    prefix = keyring().current.encode() + b":"
    raw = type_coerce(sealed.column, LargeBinary)
    return raw.is_not(None) & (func.substr(raw, 1, len(prefix)) != type_coerce(prefix, LargeBinary))
