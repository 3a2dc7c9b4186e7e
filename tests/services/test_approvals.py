"""Four eyes: nobody approves the own request, and an approval fits one content once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from webapp import clock
from webapp.audit import SYSTEM
from webapp.errors import Forbidden, IllegalStep
from webapp.identity import approvals, staff_accounts
from webapp.identity.models import Staff
from webapp.identity.staff_models import Approval

PAYLOAD = {"amount_yen": 30_000, "charge": 7}


@pytest.fixture
def people(session: Session) -> tuple[Staff, Staff]:
    made = [
        staff_accounts.create(
            session, login=login, name=login, department="tax", roles=["cashier@*"], actor=SYSTEM
        )
        for login in ("asks", "decides")
    ]
    return made[0], made[1]


def ask(session: Session, staff: Staff) -> Approval:
    return approvals.ask(
        session,
        staff,
        "payment.refund",
        object_kind="charge",
        object_id=7,
        payload=PAYLOAD,
        reason="二重払い",
    )


def use(session: Session, payload: dict[str, int] = PAYLOAD) -> Approval:
    return approvals.use(session, "payment.refund", object_kind="charge", object_id=7, payload=payload)


def test_a_step_is_taken_once_after_another_person_approved(
    session: Session, people: tuple[Staff, Staff]
) -> None:
    row = ask(session, people[0])
    approvals.decide(session, row.id, people[1], approve=True)
    assert use(session).outcome == "used"
    with pytest.raises(Forbidden):
        use(session)


def test_nobody_approves_the_own_request(session: Session, people: tuple[Staff, Staff]) -> None:
    row = ask(session, people[0])
    with pytest.raises(Forbidden):
        approvals.decide(session, row.id, people[0], approve=True)


def test_another_content_needs_another_approval(session: Session, people: tuple[Staff, Staff]) -> None:
    approvals.decide(session, ask(session, people[0]).id, people[1], approve=True)
    with pytest.raises(Forbidden):
        use(session, {**PAYLOAD, "amount_yen": 300_000})


def test_a_refused_or_waiting_request_opens_nothing(session: Session, people: tuple[Staff, Staff]) -> None:
    row = ask(session, people[0])
    with pytest.raises(Forbidden):
        use(session)
    approvals.decide(session, row.id, people[1], approve=False)
    with pytest.raises(Forbidden):
        use(session)
    with pytest.raises(IllegalStep):
        approvals.decide(session, row.id, people[1], approve=True)


def test_an_old_approval_is_none(session: Session, people: tuple[Staff, Staff]) -> None:
    approvals.decide(session, ask(session, people[0]).id, people[1], approve=True)
    with clock.frozen(clock.now() + timedelta(days=15)), pytest.raises(Forbidden):
        use(session)


def test_the_own_requests_are_not_in_the_own_list(session: Session, people: tuple[Staff, Staff]) -> None:
    ask(session, people[0])
    assert approvals.waiting(session, not_by=people[0].id) == []
    assert len(approvals.waiting(session, not_by=people[1].id)) == 1
