"""Writing a new booking and taking its slots: on PostgreSQL one statement does both."""

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Integer, Table, bindparam, column, delete, func, insert, select, text
from sqlalchemy.orm import Session

from webapp.booking.errors import Taken
from webapp.booking.models import Booking, Occupancy
from webapp.booking.occupy import SHARED, WANTED, Slot, asked_of, conflicts_of, take_cells
from webapp.db import is_postgres
from webapp.kept import stand, store, written


def book(session: Session, booking: Booking, slots: Iterable[Slot]) -> None:
    """Write a new booking that takes all these slots. Raises Taken, naming the cells.

    On PostgreSQL the slots are taken first: whoever waits for a rival and loses has written nothing. The
    foreign key of a slot looks when the statement has ended, and finds the booking.
    """
    wanted = sorted(slots)
    if not wanted or not is_postgres(session):
        store(session, booking, _INSERT)
        take_cells(session, booking.facility, wanted, booking_id=booking.id)
        return
    row = session.execute(_BOOK, _as_new(booking) | asked_of(booking.facility, wanted)).one_or_none()
    if row is not None and len(row.taken) == len(wanted):
        stand(session, booking, row.id)
        return
    if row is not None:
        session.execute(delete(Occupancy).where(Occupancy.id.in_(row.taken)))
        session.execute(delete(_TABLE).where(_TABLE.c.id == row.id))
    raise Taken(conflicts_of(session, wanted))


def _as_new(booking: Booking) -> dict[str, Any]:
    said = written(booking)
    unknown = said.keys() - set(_NEW)
    if unknown:
        raise ValueError(f"a new booking cannot say {', '.join(sorted(unknown))}: name it in _NEW")
    return {f"new_{name}": said.get(name) for name in _NEW}


_TABLE = cast(Table, Booking.__table__)
_INSERT = insert(_TABLE).returning(_TABLE.c.id)
_NEW = (
    "token", "basket", "facility", "room", "use_on", "starts_at", "ends_at", "bands", "state", "channel",
    "resident_id", "owner_key", "persons", "extras", "facts", "created_at", "expires_at",
)  # fmt: skip
"""What a hold says; the JSON among it is never null, for a null would be written as JSON's own."""
_TAKEN = (
    text(
        f"""
        WITH {SHARED}, fresh AS MATERIALIZED (SELECT nextval('booking_id_seq') AS id)
        INSERT INTO occupancy (cell_id, starts_at, ends_at, booking_id)
        SELECT wanted.*, (SELECT id FROM fresh) {WANTED} RETURNING id, booking_id
        """  # noqa: S608 - our own text
    )
    .columns(column("id", Integer), column("booking_id", Integer))
    .cte("taken")
)
_ONE = select(_TAKEN.c.booking_id).limit(1).subquery()
_BOOK = (
    insert(_TABLE)
    .from_select(
        ["id", *_NEW],
        select(_ONE.c.booking_id, *(bindparam(f"new_{name}", type_=_TABLE.c[name].type) for name in _NEW)),
    )
    .returning(_TABLE.c.id, select(func.array_agg(_TAKEN.c.id)).scalar_subquery().label("taken"))
)
