"""A designated manager sees use and online share of its own halls, and of no other, on page and CSV."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.casework_office import Office, open_office, post
from tests.fakes import hall
from webapp import clock
from webapp.audit import SYSTEM
from webapp.booking import targets
from webapp.booking.confirm import confirm
from webapp.booking.details import Details, describe
from webapp.booking.facility import Facilities, Facility
from webapp.booking.hold import hold
from webapp.booking.wish import Wish
from webapp.db import Database
from webapp.identity import staff_accounts

pytestmark = pytest.mark.usefixtures("in_may")
LONG_AGO = datetime(2024, 5, 11, 10, 0, tzinfo=clock.TOKYO)
PAGE, CSV = "/staff/facilities/figures", "/staff/facilities/figures.csv"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """Two halls: みほん体育館 with one booking and a target, よその会館 with 31 people two years before."""
    made = open_office(database, tmp_path)
    other = {**hall.HALL, "slug": "other", "name": "よその会館"}
    places = Facilities({one["slug"]: Facility.model_validate(one) for one in (hall.HALL, other)})
    services = made.app.extensions["madoguchi"]
    made.app.extensions["madoguchi"] = replace(services, facilities=places)
    with database.transaction() as session:
        for login, role in (("mine", "designated@facility:gym"), ("city", "statistics@*")):
            staff_accounts.create(
                session, login=login, name=login, department="sports", roles=[role], actor=SYSTEM
            )
        _book(session, places, "gym", hall.FIRST, 10)
        with clock.frozen(LONG_AGO):
            _book(session, places, "other", date(2024, 6, 10), 31)
        targets.set_target(session, "gym", 2026, use=60, online=40, actor=hall.OFFICER)
        targets.set_target(session, "other", 2026, use=77, online=88, actor=hall.OFFICER)
    return made


def _book(session: Session, places: Facilities, slug: str, day: date, persons: int) -> None:
    booking = hold(session, places, Wish(slug, "a", day, ("am",)), hall.person())
    describe(session, places, booking.token, Details(persons=persons, title="練習"))
    confirm(session, places, booking.basket, contact=hall.CONTACT, actor=hall.RESIDENT)


def test_the_manager_sees_its_own_hall_with_its_targets(office: Office) -> None:
    mine = office.client("mine")
    shown = mine.get(f"{PAGE}?year=2026").text
    assert "みほん体育館" in shown and "60%" in shown and "40%" in shown and "達成" in shown
    assert "みほん体育館,2026,1,1,100,40,0,60,10," in mine.get(f"{CSV}?year=2026").text


@pytest.mark.parametrize("year", [2024, 2026])
def test_nothing_of_another_hall_is_in_the_managers_page_or_csv(office: Office, year: int) -> None:
    mine, city = office.client("mine"), office.client("city")
    for path in (PAGE, CSV):
        assert "よその会館" in city.get(f"{path}?year={year}").text
        told = mine.get(f"{path}?year={year}").text
        assert not [word for word in ("よその会館", "77%", "88%", ",77,", ",88,", "31") if word in told], path


def test_the_years_offered_are_those_of_the_managers_own_halls(office: Office) -> None:
    assert '<option value="2024"' in office.client("city").get(PAGE).text
    assert '<option value="2024"' not in office.client("mine").get(PAGE).text


def test_the_way_to_the_figures_stands_on_the_managers_page_of_halls(office: Office) -> None:
    assert f'href="{PAGE}"' in office.client("mine").get("/staff/facilities").text


def test_the_manager_sets_no_targets_and_sees_no_figures_of_cases(office: Office) -> None:
    mine = office.client("mine")
    path = "/staff/facilities/gym/targets"
    assert mine.get(path).status_code == 403
    assert mine.post(path, data={"year": "2026", "use": "1"}).status_code in (400, 403)
    assert post(mine, PAGE, path, year="2026", use="1", online="1").status_code == 403
    assert mine.get("/staff/statistics").status_code == 403
    assert mine.get("/staff/statistics/table.csv").status_code == 403
