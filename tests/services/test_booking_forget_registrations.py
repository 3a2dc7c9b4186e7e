"""Ended registrations are deleted when their procedure's years are over, and nothing holds them any more."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.casework_office import open_office
from tests.fakes import hall
from tests.fakes.payment_world import open_charge
from webapp import clock
from webapp.audit import AuditEntry
from webapp.booking import forget, registering, registration
from webapp.booking.details import Details, describe
from webapp.booking.forget_registrations import Keep
from webapp.booking.forget_registrations import forget as forget_ended
from webapp.booking.hold import hold
from webapp.booking.models import Booking, RegisterEntry, Registration
from webapp.casework.models import RetentionRun
from webapp.casework.open_case import open_case
from webapp.db import Database
from webapp.form_engine.load import load_library
from webapp.identity.models import Resident
from webapp.jobs import casework
from webapp.payment import charges

ROOT = Path(__file__).resolve().parents[2]
BEGAN = datetime(2026, 5, 11, 10, 0, tzinfo=clock.TOKYO)
LAST_DAY = datetime(2033, 3, 31, 3, 0, tzinfo=clock.TOKYO)
AFTER = datetime(2033, 4, 1, 3, 0, tzinfo=clock.TOKYO)
"""Valid until 11 May 2029, kept for three fiscal years after that one."""
KEEP = Keep(lambda ended: date(ended.year + 4, 3, 31), "facility-registration@test:ended", "要綱第4条")


@pytest.fixture(autouse=True)
def _in_may() -> Iterator[None]:
    with clock.frozen(BEGAN):
        yield


@pytest.fixture
def resident(session: Session) -> Resident:
    made = Resident(created_at=clock.now())
    session.add(made)
    session.flush()
    return made


def ended(session: Session, resident: Resident, kind: registration.Kind = "group") -> Registration:
    """A registration that was accepted in May 2026, for three years."""
    made = registration.register(
        session, resident_id=resident.id, kind=kind, name="みほん合唱団", details={}, actor=hall.RESIDENT
    )
    registration.accept(session, made, {"resident": True}, hall.OFFICER)
    session.flush()
    return made


def run(session: Session, at: datetime = AFTER) -> int:
    with clock.frozen(at):
        return forget_ended(session, KEEP, hall.OFFICER)


def book(session: Session, made: Registration, day: date = hall.FIRST) -> Booking:
    places = hall.facilities(windows=[])
    who = replace(hall.person(), key=registration.owner_key(made), resident_id=made.resident_id)
    booking = hold(session, places, hall.wish("a", day), who)
    return describe(session, places, booking.token, Details(persons=5))


def test_it_goes_the_day_after_its_last_year_and_leaves_a_record(
    session: Session, resident: Resident
) -> None:
    made = ended(session, resident)
    number = made.number
    assert run(session, LAST_DAY) == 0
    assert run(session) == 1 and run(session) == 0
    assert session.scalars(select(Registration)).all() == []
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "registration.forgotten"))
    assert entry.details == {"ended": "2029-05-11", "rule": KEEP.rule, "citation": "要綱第4条"}
    (record,) = session.scalars(select(RetentionRun))
    assert record.references == [number] and not record.dry_run


def test_one_that_lapsed_before_it_was_accepted_goes_by_its_provisional_end(
    session: Session, resident: Resident
) -> None:
    registration.register(
        session, resident_id=resident.id, kind="group", name="x", details={}, actor=hall.RESIDENT
    )
    session.flush()
    assert run(session, datetime(2030, 3, 31, tzinfo=clock.TOKYO)) == 0
    assert run(session, datetime(2030, 4, 1, tzinfo=clock.TOKYO)) == 1


def test_one_that_was_renewed_is_kept(session: Session, resident: Resident) -> None:
    made = ended(session, resident)
    registration.renew(session, made, {}, hall.OFFICER)
    session.flush()
    assert run(session) == 0


@pytest.mark.parametrize("kind", ["group", "person"])
def test_one_with_bookings_stays_until_they_are_forgotten(
    session: Session, resident: Resident, kind: registration.Kind
) -> None:
    made = ended(session, resident, kind)
    booking = book(session, made)
    case, _ = open_case(
        session, kind="booking", slug="gym", title={"ja": "予約"}, department="sports", actor=hall.RESIDENT,
        contact={"name": "x"},
    )  # fmt: skip
    booking.case_id = case.id
    session.flush()
    assert run(session) == 0
    forget.forget_case(session, case.id)
    assert run(session) == 1


def test_later_bookings_of_a_person_were_not_made_with_it(session: Session, resident: Resident) -> None:
    made = ended(session, resident, "person")
    book(session, made, date(2029, 5, 12))
    assert run(session) == 1


def test_one_whose_person_owes_a_hall_money_stays(session: Session, resident: Resident) -> None:
    ended(session, resident)
    charge = open_charge(session, 600, facility="gym", payer={"resident_id": resident.id})
    assert run(session) == 0
    charges.waive(session, charge, 600, reason="時効", actor=hall.OFFICER)
    assert run(session) == 1


def test_one_whose_case_is_kept_stays_and_is_not_made_again_when_both_are_gone(
    session: Session, resident: Resident
) -> None:
    made = ended(session, resident)
    case, _ = open_case(
        session, kind="application", slug=registering.PROCEDURE, title={"ja": "登録"}, department="culture",
        actor=hall.RESIDENT, resident_id=resident.id, contact={"name": "x"},
    )  # fmt: skip
    session.add(RegisterEntry(case_id=case.id, registration_id=made.id, status=case.status))
    session.flush()
    assert run(session) == 0
    case.redacted_at = clock.now()
    session.flush()
    assert run(session) == 1
    assert registering.behind(session) == []


def test_the_job_takes_the_years_and_the_law_from_the_procedure(database: Database, tmp_path: Path) -> None:
    office = open_office(database, tmp_path)
    services = replace(office.services, library=load_library([ROOT / "forms"]))
    with database.transaction() as session:
        resident = Resident(created_at=clock.now())
        session.add(resident)
        session.flush()
        ended(session, resident)
    with clock.frozen(LAST_DAY):
        assert casework.forget_registrations(services) == "0 registrations forgotten"
    with clock.frozen(AFTER):
        assert casework.forget_registrations(services) == "1 registrations forgotten"
    with database.reading() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "registration.forgotten"))
    assert "要綱" in entry.details["citation"]
    assert str(entry.details["rule"]).startswith("facility-registration@")


def test_a_city_without_the_procedure_keeps_what_it_has(database: Database, tmp_path: Path) -> None:
    assert casework.forget_registrations(open_office(database, tmp_path).services) == "no rule"
