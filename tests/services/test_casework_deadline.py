from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import Actor
from webapp.calendar.business import city_hall
from webapp.calendar.clocks import Pause
from webapp.casework import deadline, steps
from webapp.casework.models import Case
from webapp.casework.open_case import open_case
from webapp.errors import InvalidInput

OFFICER = Actor("staff", "1", "窓口 花子")
VISITOR = Actor("visitor")
HALL = city_hall()


def at(day: int, month: int = 6, year: int = 2026) -> datetime:
    return datetime(year, month, day, 10, tzinfo=clock.TOKYO)


def opened(session: Session, period: dict[str, object], arrived: datetime) -> Case:
    due = deadline.due_date(arrived.date(), period, HALL)
    case, _ = open_case(
        session,
        kind="application",
        slug="x",
        title={"ja": "申請"},
        department="citizen",
        actor=VISITOR,
        contact={"name": "甲"},
        arrived_at=arrived,
        due_on=due,
        period=period,
    )
    return case


def test_days_skip_weekends_and_the_day_of_arrival() -> None:
    assert deadline.due_date(date(2026, 6, 1), {"amount": 5, "unit": "business_days"}, HALL) == date(
        2026, 6, 8
    )


def test_months_run_through_holidays_and_end_on_an_open_day() -> None:
    assert deadline.due_date(date(2026, 6, 4), {"amount": 1, "unit": "months"}, HALL) == date(2026, 7, 6)


def test_weeks_are_lengthened_by_paused_days() -> None:
    pauses = [Pause(date(2026, 6, 3), date(2026, 6, 6))]
    assert deadline.due_date(date(2026, 6, 1), {"amount": 2, "unit": "weeks"}, HALL, pauses) == date(
        2026, 6, 18
    )


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(InvalidInput):
        deadline.due_date(date(2026, 6, 1), {"amount": 5, "unit": "moons"}, HALL)


def test_the_clock_stands_still_while_a_correction_is_with_the_resident(session: Session) -> None:
    with clock.frozen(at(1)):
        case = opened(session, {"amount": 5, "unit": "business_days"}, at(1))
    assert case.due_on == date(2026, 6, 8)
    with clock.frozen(at(3)):
        steps.take(session, case, "ask_correction", OFFICER, calendar=HALL)
    with clock.frozen(at(20)):
        assert not deadline.is_late(case)
    with clock.frozen(at(15)):
        steps.take(session, case, "answer_correction", VISITOR, calendar=HALL)
    # Two open days were used by 3 June; three remain after 15 June.
    assert case.due_on == date(2026, 6, 18)
    assert case.arrived_at == at(1)
    with clock.frozen(at(19)):
        assert deadline.is_late(case)
        assert deadline.days_used(session, case, HALL) == 6


def test_a_clock_that_waits_for_payment_does_not_start_with_a_correction(session: Session) -> None:
    with clock.frozen(at(1)):
        case = opened(session, {"amount": 5, "unit": "business_days"}, at(1))
        case.due_on = None
        steps.take(session, case, "ask_correction", OFFICER, calendar=HALL)
    with clock.frozen(at(2)):
        steps.take(session, case, "answer_correction", VISITOR, calendar=HALL)
    assert case.due_on is None
    case.period = {**(case.period or {}), "from": "2026-06-10"}
    deadline.recompute(session, case, HALL)
    assert case.due_on == date(2026, 6, 17)


def test_reopening_keeps_the_decision_that_was(session: Session) -> None:
    from webapp.casework import decisions

    case = opened(session, {"amount": 5, "unit": "business_days"}, at(1))
    steps.take(session, case, "accept", OFFICER)
    decisions.keep(session, case, "accept", OFFICER)
    steps.take(session, case, "reopen", OFFICER)
    decisions.revoke(session, case)
    assert decisions.standing(session, case) is None
    assert [one.revoked_at is None for one in decisions.of_case(session, case)] == [False]


def test_a_clock_that_starts_on_the_next_open_day_counts_from_there() -> None:
    from webapp.applications import processing
    from webapp.form_engine.load import load_definition
    from webapp.form_engine.outcome import Outcome
    from webapp.settings import ROOT

    definition = load_definition(ROOT / "forms" / "sodai-gomi")
    later = definition.model_copy(
        update={"processing": definition.processing.model_copy(update={"starts": "next_open_day"})}
    )
    saturday = date(2026, 6, 6)
    period = processing.period_of(later, saturday, HALL)
    assert period is not None and period["from"] == "2026-06-08"
    empty = Outcome((), {}, {})
    assert processing.due_on(later, empty, saturday, HALL) == date(2026, 6, 17)


def test_a_clock_that_waits_for_money_starts_at_once_when_nothing_is_owed() -> None:
    from webapp.applications import processing
    from webapp.form_engine.load import load_definition
    from webapp.form_engine.outcome import Fee, Outcome
    from webapp.settings import ROOT

    definition = load_definition(ROOT / "forms" / "tax-certificate")
    monday = date(2026, 6, 1)
    assert processing.due_on(definition, Outcome((), {}, {}), monday, HALL) == date(2026, 6, 8)
    owed = Outcome((), {}, {}, fee=Fee((), None, after_review=True))
    assert processing.due_on(definition, owed, monday, HALL) is None
