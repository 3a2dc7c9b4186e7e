"""Registration of persons and groups (利用者登録): classes, validity, provisional use, renewal."""

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor, record
from webapp.booking.models import Registration
from webapp.calendar.months import add_months
from webapp.errors import NotFound

PROVISIONAL_DAYS = 30
VALID_MONTHS = 36
RENEW_MONTHS_BEFORE = 3
GROUP = "group:"
"""What the owner key of a booking by a registered group begins with."""
PERSON = "resident:"
"""What that of somebody signed in begins with."""
Kind = Literal["person", "group"]


def register(
    session: Session,
    *,
    resident_id: int | None,
    kind: Kind,
    name: str,
    details: Mapping[str, Any],
    actor: Actor,
    proved: Mapping[str, Any] | None = None,
) -> Registration:
    """Register for provisional use: it works at once and lapses after 30 days unless staff confirm it.

    `proved` are classes that identity already proves (resident: true); a person proved that way needs no
    papers and is valid at once. Everything else waits for the decision on its case; until then what the
    person declares at a booking counts, as for anybody without a registration.
    """
    today = clock.today()
    done = proved is not None and kind == "person"
    registration = Registration(
        number=_number(session),
        resident_id=resident_id,
        kind=kind,
        name=name,
        details=dict(details),
        classes=dict(proved or {}),
        state="valid" if done else "provisional",
        created_at=clock.now(),
        provisional_until=None if done else today + timedelta(days=PROVISIONAL_DAYS),
        valid_until=add_months(today, VALID_MONTHS) if done else None,
    )
    session.add(registration)
    session.flush()
    _record(session, registration, actor, "registration.made")
    return registration


def accept(session: Session, registration: Registration, classes: Mapping[str, Any], actor: Actor) -> None:
    """Make it valid for three years with the classes that the papers prove."""
    registration.state = "valid"
    registration.reviewed_by = actor.id
    registration.classes = dict(classes)
    registration.valid_until = add_months(clock.today(), VALID_MONTHS)
    registration.provisional_until = None
    _record(session, registration, actor, "registration.accepted")


def refuse(session: Session, registration: Registration, actor: Actor) -> None:
    """End it: its case was refused or taken back."""
    registration.state = "refused"
    registration.reviewed_by = actor.id
    _record(session, registration, actor, "registration.refused")


def examine_again(session: Session, registration: Registration, actor: Actor) -> None:
    """Back to provisional use, because its case was opened again."""
    registration.state, registration.valid_until = "provisional", None
    registration.classes = {}
    registration.provisional_until = clock.today() + timedelta(days=PROVISIONAL_DAYS)
    _record(session, registration, actor, "registration.reopened")


def renew(
    session: Session, registration: Registration, classes: Mapping[str, Any], actor: Actor
) -> Registration:
    """Lengthen by three years from its end, or from today when it is over; the classes are proved anew."""
    today = clock.today()
    registration.valid_until = add_months(max(registration.valid_until or today, today), VALID_MONTHS)
    registration.state, registration.classes = "valid", dict(classes)
    _record(session, registration, actor, "registration.renewed")
    return registration


def shorten(session: Session, registration: Registration, actor: Actor) -> None:
    """Take a renewal back, because its case was opened again."""
    if registration.valid_until is not None:
        registration.valid_until = add_months(registration.valid_until, -VALID_MONTHS)
    _record(session, registration, actor, "registration.shortened")


def may_renew(registration: Registration, today: date) -> bool:
    """From three months before the end."""
    until = registration.valid_until
    return (
        registration.state == "valid"
        and until is not None
        and today >= add_months(until, -RENEW_MONTHS_BEFORE)
    )


def of_resident(session: Session, resident_id: int) -> list[Registration]:
    """All registrations of a resident, the newest first."""
    query = select(Registration).where(Registration.resident_id == resident_id)
    return list(session.scalars(query.order_by(Registration.id.desc())))


def standing(session: Session, resident_id: int, today: date) -> list[Registration]:
    """The registrations a resident may book with today: the own one first, then the groups, newest first."""
    query = select(Registration).where(
        Registration.resident_id == resident_id, Registration.state.in_(["valid", "provisional"])
    )
    found = [
        one
        for one in session.scalars(query.order_by(Registration.id.desc()))
        if (until := valid_until(one)) is None or until >= today
    ]
    return sorted(found, key=lambda one: one.kind != "person")


def valid_until(registration: Registration) -> date | None:
    """The last day: a provisional registration ends with its 30 days."""
    if registration.state == "provisional":
        return registration.provisional_until
    return registration.valid_until


def owner_key(registration: Registration) -> str:
    """Under which its bookings count for limits: a group's own, a person's with whatever else is theirs."""
    if registration.kind == "group" or registration.resident_id is None:
        return f"{GROUP}{registration.number}"
    return f"{PERSON}{registration.resident_id}"


def by_number(session: Session, number: str) -> Registration:
    """Raises NotFound."""
    found = session.scalars(select(Registration).where(Registration.number == number)).one_or_none()
    if found is None:
        raise NotFound(number, say="その登録番号はありません。")
    return found


def lapse_provisional(session: Session) -> int:
    """End provisional registrations whose papers never came; returns how many."""
    today = clock.today()
    query = select(Registration).where(
        Registration.state == "provisional", Registration.provisional_until < today
    )
    found = list(session.scalars(query))
    for registration in found:
        registration.state = "lapsed"
    return len(found)


def _number(session: Session) -> str:
    while True:
        number = f"R{secrets.randbelow(10**7):07d}"
        if session.scalar(select(Registration.id).where(Registration.number == number)) is None:
            return number


def _record(session: Session, registration: Registration, actor: Actor, action: str) -> None:
    details = {"kind": registration.kind, "state": registration.state}
    record(session, actor, action, object_kind="registration", object_id=registration.id, details=details)
