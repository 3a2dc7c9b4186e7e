"""A registration follows its case: provisional at once, valid by card or by decision, renewed, taken back."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.fakes import hall
from webapp import clock
from webapp.booking import registering, registration
from webapp.booking.errors import NotAllowed
from webapp.booking.hold import hold
from webapp.booking.models import Registration
from webapp.casework import steps
from webapp.casework.models import Case
from webapp.casework.open_case import open_case
from webapp.city import City, load_city
from webapp.form_engine.load import load_library
from webapp.identity.models import Resident
from webapp.intake import sheets, versions
from webapp.intake.prefill import mark

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("in_may")
GROUP = {"what": "new", "kind": "group", "org": "みほん合唱団", "members": 12, "half_here": "yes"}
HOME = {"prefecture": "見本県", "city": "みほん市", "town": "中央", "block": "1-1"}
PERSON = {"what": "new", "kind": "person", "name": "見本　花子", "tie": "lives", "address": HOME}


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(ROOT / "demo")


@pytest.fixture
def resident(session: Session) -> Resident:
    made = Resident(created_at=clock.now())
    session.add(made)
    session.flush()
    return made


def sent(session: Session, resident: Resident, answers: dict[str, Any], **provenance: Any) -> Case:
    """A case of the registration procedure with its first answers."""
    definition = load_library([ROOT / "forms"])[registering.PROCEDURE]
    case, _password = open_case(
        session,
        kind=definition.kind,
        slug=definition.slug,
        title={"ja": definition.title.ja},
        department=definition.department,
        actor=hall.RESIDENT,
        resident_id=resident.id,
        contact={"name": "見本　花子"},
    )
    kept = versions.keep(session, definition)
    sheets.add(session, case.id, version=kept, answers=answers, provenance=provenance, actor=hall.RESIDENT)
    return case


def registered(session: Session, city: City, resident: Resident) -> Registration:
    registering.catch_up(session, city, resident_id=resident.id)
    return registration.of_resident(session, resident.id)[0]


def test_a_group_is_provisional_until_its_case_is_accepted(
    session: Session, city: City, resident: Resident
) -> None:
    case = sent(session, resident, GROUP)
    made = registered(session, city, resident)
    assert (made.state, made.name, made.classes) == ("provisional", "みほん合唱団", {})
    steps.take(session, case, "accept", hall.OFFICER)
    assert registered(session, city, resident) is made
    assert (made.state, made.classes, made.valid_until) == ("valid", {"resident": True}, date(2029, 5, 11))


def test_an_accepted_group_books_by_the_dates_of_its_class(
    session: Session, city: City, resident: Resident
) -> None:
    case = sent(session, resident, {**GROUP, "group_class": "sports"})
    assert registered(session, city, resident).classes == {}
    steps.take(session, case, "accept", hall.OFFICER)
    proved = registered(session, city, resident).classes
    assert proved == {"resident": True, "group_class": "sports"}
    early = [{"when": {"group_class": "sports"}, "opens": {"months_before": 3, "day": 1}}]
    gym = hall.facilities(windows=[*early, *hall.HALL["windows"]])
    with clock.frozen(datetime(2026, 3, 2, 9, 0, tzinfo=clock.TOKYO)):
        group = replace(hall.person(), facts={**hall.person().facts, **proved})
        assert hold(session, gym, hall.wish("a"), group).state == "held"
        with pytest.raises(NotAllowed, match="too_early"):
            hold(session, gym, hall.wish("b"), hall.person(2))


def test_looking_twice_changes_nothing(session: Session, city: City, resident: Resident) -> None:
    sent(session, resident, GROUP)
    assert registering.catch_up(session, city) == 1
    assert registering.catch_up(session, city) == 0
    assert len(registration.of_resident(session, resident.id)) == 1


def test_a_person_whose_card_shows_the_city_is_valid_at_once(
    session: Session, city: City, resident: Resident
) -> None:
    sent(session, resident, PERSON, address=mark("card"))
    assert registered(session, city, resident).state == "valid"


def test_an_address_that_was_only_typed_proves_nothing(
    session: Session, city: City, resident: Resident
) -> None:
    sent(session, resident, PERSON, address=mark("typed"))
    assert registered(session, city, resident).state == "provisional"


def test_a_refused_registration_no_longer_books(session: Session, city: City, resident: Resident) -> None:
    case = sent(session, resident, GROUP)
    assert registered(session, city, resident).state == "provisional"
    steps.take(session, case, "refuse", hall.OFFICER)
    registering.catch_up(session, city)
    assert registration.standing(session, resident.id, clock.today()) == []


def test_a_case_opened_again_makes_it_provisional_again(
    session: Session, city: City, resident: Resident
) -> None:
    case = sent(session, resident, GROUP)
    steps.take(session, case, "accept", hall.OFFICER)
    assert registered(session, city, resident).state == "valid"
    steps.take(session, case, "reopen", hall.OFFICER)
    assert registered(session, city, resident).state == "provisional"


def test_a_renewal_adds_three_years_to_the_end_once(session: Session, city: City, resident: Resident) -> None:
    steps.take(session, sent(session, resident, GROUP), "accept", hall.OFFICER)
    made = registered(session, city, resident)
    again = sent(session, resident, {**GROUP, "what": "renew", "number": made.number.lower()})
    assert registered(session, city, resident).valid_until == date(2029, 5, 11)
    steps.take(session, again, "accept", hall.OFFICER)
    assert registered(session, city, resident).valid_until == date(2032, 5, 11)
    steps.take(session, again, "complete", hall.OFFICER)
    assert registered(session, city, resident).valid_until == date(2032, 5, 11)


def test_nobody_renews_the_registration_of_another(session: Session, city: City, resident: Resident) -> None:
    steps.take(session, sent(session, resident, GROUP), "accept", hall.OFFICER)
    made = registered(session, city, resident)
    other = Resident(created_at=clock.now())
    session.add(other)
    session.flush()
    theirs = sent(session, other, {**GROUP, "what": "renew", "number": made.number})
    steps.take(session, theirs, "accept", hall.OFFICER)
    registering.catch_up(session, city)
    assert made.valid_until == date(2029, 5, 11)
    assert registration.of_resident(session, other.id)[0].number != made.number


def test_the_own_registration_stands_before_the_groups(
    session: Session, city: City, resident: Resident
) -> None:
    sent(session, resident, PERSON)
    sent(session, resident, GROUP)
    registering.catch_up(session, city)
    kinds = [one.kind for one in registration.standing(session, resident.id, clock.today())]
    assert kinds == ["person", "group"]
