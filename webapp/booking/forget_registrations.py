"""Registrations that ended long ago are deleted, by the retention rule of their own procedure, on record."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, String, and_, cast, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from webapp import audit, clock
from webapp.audit import Actor
from webapp.booking.models import Booking, RegisterEntry, Registration
from webapp.booking.registering import PROCEDURE
from webapp.booking.registration import GROUP, PERSON
from webapp.casework.models import Case, RetentionRun
from webapp.payment.models import Charge

BATCH = 200
KIND = f"{PROCEDURE}:ended:delete"
"""How the record of a run names what went."""


@dataclass(frozen=True)
class Keep:
    """Until when a registration is kept that ended on a day (None: for good), and by which rule and law."""

    until: Callable[[date], date | None]
    rule: str
    citation: str


def forget(session: Session, keep: Keep, actor: Actor, limit: int = BATCH) -> int:
    """Delete registrations whose years are over, and record their numbers; returns how many.

    A registration stays while a booking made with it or a case about it is kept, and while its person owes
    a hall money or is owed some. Safe to run twice or in two workers.
    """
    numbers = []
    for found, ended in _candidates(session, limit):
        last = keep.until(ended)
        if last is None or last >= clock.today():
            continue
        numbers.append(found.number)
        _delete(session, found, ended, keep, actor)
    if numbers:
        counts = {KIND: len(numbers)}
        session.add(RetentionRun(at=clock.now(), dry_run=False, counts=counts, references=numbers))
        session.flush()
    return len(numbers)


def _candidates(session: Session, limit: int) -> list[tuple[Registration, date]]:
    """What ended and nothing holds, the longest ended first, locked."""
    query = (
        select(Registration, _ended())
        .where(_ended() < clock.today(), ~_is_booked(), ~_has_case(), ~_owes())
        .order_by(_ended(), Registration.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Registration)
    )
    return [(found, ended) for found, ended in session.execute(query)]


def _delete(session: Session, found: Registration, ended: date, keep: Keep, actor: Actor) -> None:
    audit.record(
        session,
        actor,
        "registration.forgotten",
        object_kind="registration",
        object_id=found.id,
        details={"ended": ended.isoformat(), "rule": keep.rule, "citation": keep.citation},
    )
    session.execute(delete(RegisterEntry).where(RegisterEntry.registration_id == found.id))
    session.delete(found)


def _ended() -> ColumnElement[date]:
    """The last day it was good for: of its years, else of its provisional use."""
    return func.coalesce(Registration.valid_until, Registration.provisional_until)


def _is_booked() -> ColumnElement[bool]:
    """A booking made with it still tells whose it was; its own retention takes that away."""
    by_person = PERSON + cast(Registration.resident_id, String)
    made_with = or_(
        Booking.owner_key == GROUP + Registration.number,
        and_(Booking.owner_key == by_person, Booking.use_on <= _ended()),
    )
    return exists().where(made_with)


def _has_case() -> ColumnElement[bool]:
    about = and_(RegisterEntry.registration_id == Registration.id, RegisterEntry.case_id == Case.id)
    return exists().where(about, Case.redacted_at.is_(None))


def _owes() -> ColumnElement[bool]:
    return exists().where(
        Charge.resident_id == Registration.resident_id, Charge.facility.is_not(None), Charge.open_yen != 0
    )
