"""Stock and head counts: counter rows that the database keeps within their capacity.

One row per resource and quantum of time; a multi-row upsert in sorted order raises them together.
A row that would pass its capacity does not come back, and everything is rolled back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webapp.booking.errors import Conflict, Taken
from webapp.booking.models import Counter
from webapp.db import is_postgres

STOCK_QUANTUM = timedelta(minutes=30)


@dataclass(frozen=True, order=True)
class Draw:
    """`count` units of a resource in one quantum. `length` is for telling people only."""

    resource: str
    quantum: datetime
    count: int
    capacity: int
    length: timedelta = STOCK_QUANTUM


def stock_draws(resource: str, starts: datetime, ends: datetime, count: int, capacity: int) -> Iterator[Draw]:
    """A stock item over a stretch of time: every half hour that it touches."""
    at = starts - timedelta(
        minutes=starts.minute % 30, seconds=starts.second, microseconds=starts.microsecond
    )
    while at < ends:
        yield Draw(resource, at, count, capacity)
        at += STOCK_QUANTUM


def draw(session: Session, draws: Iterable[Draw]) -> None:
    """Take all or none. Raises Taken naming the resource that has not enough left."""
    wanted = sorted(d for d in draws if d.count > 0)
    if not wanted:
        return
    over = [d for d in wanted if d.count > d.capacity]
    if over:
        raise Taken([_conflict(over[0])])
    point = session.begin_nested()
    done = _upsert(session, wanted)
    if len(done) == len(wanted):
        point.commit()
        return
    point.rollback()
    raise Taken([_conflict(d) for d in wanted if (d.resource, d.quantum) not in done])


def give_back(session: Session, draws: Iterable[Draw]) -> None:
    """Return what was drawn, in the same sorted order."""
    for one in sorted(d for d in draws if d.count > 0):
        session.execute(
            update(Counter)
            .where(Counter.resource == one.resource, Counter.quantum == one.quantum)
            .values(used=Counter.used - one.count)
        )


def close_quanta(session: Session, draws: Iterable[Draw], *, closed: bool) -> None:
    """Shut or open quanta for further draws (a closed session takes nobody more)."""
    for one in sorted(draws):
        values = {
            "resource": one.resource,
            "quantum": one.quantum,
            "used": 0,
            "capacity": one.capacity,
            "closed": closed,
        }
        insert = postgresql.insert(Counter) if is_postgres(session) else sqlite.insert(Counter)
        keys = ["resource", "quantum"]
        session.execute(
            insert.values(values).on_conflict_do_update(index_elements=keys, set_={"closed": closed})
        )


def _upsert(session: Session, draws: list[Draw]) -> set[tuple[str, datetime]]:
    values = [
        {
            "resource": d.resource,
            "quantum": d.quantum,
            "used": d.count,
            "capacity": d.capacity,
            "closed": False,
        }
        for d in draws
    ]
    insert = postgresql.insert(Counter) if is_postgres(session) else sqlite.insert(Counter)
    statement = insert.values(values)
    new = statement.excluded
    room_left = and_(Counter.used + new.used <= new.capacity, Counter.closed == text("false"))
    upsert = statement.on_conflict_do_update(
        index_elements=["resource", "quantum"],
        set_={"used": Counter.used + new.used, "capacity": new.capacity},
        where=room_left,
    )
    return {(r, q) for r, q in session.execute(upsert.returning(Counter.resource, Counter.quantum))}


def _conflict(one: Draw) -> Conflict:
    kind = "session" if one.resource.startswith("session:") else "stock"
    return Conflict(one.resource, one.quantum, one.quantum + one.length, kind)


def exchange(session: Session, before: Iterable[Draw], after: Iterable[Draw]) -> None:
    """Swap what one booking draws, in one sorted pass so that two exchanges never wait in a ring.

    Raises Taken and changes nothing when something has not enough left.
    """
    wanted = {(d.resource, d.quantum): d for d in after}
    held = {(d.resource, d.quantum): d for d in before}
    point = session.begin_nested()
    for key in sorted(held.keys() | wanted.keys()):
        old, new = held.get(key), wanted.get(key)
        delta = (new.count if new else 0) - (old.count if old else 0)
        one = new or old
        assert one is not None
        step = Draw(one.resource, one.quantum, abs(delta), one.capacity, one.length)
        if delta < 0:
            give_back(session, [step])
        elif delta > 0 and (step.count > step.capacity or not _upsert(session, [step])):
            point.rollback()
            raise Taken([_conflict(step)])
    point.commit()
