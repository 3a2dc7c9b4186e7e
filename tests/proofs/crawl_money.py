"""Charges and refunds of the crawl: open, on a page, on a slip, paid, parked, going back by each way."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.payment.sandbox import SandboxPayment
from tests.proofs import hostile
from tests.proofs.crawl_town import Town
from webapp import clock
from webapp.payment import attempts, charges, desk, give_back, refunds, settle, states, steps
from webapp.payment.charges import Line
from webapp.payment.models import Charge, PaymentAttempt, Refund
from webapp.ports.payment import Method

BANK = {
    "bank_name": "みほん銀行",
    "bank_code": "0001",
    "branch_name": "本店",
    "branch_code": "001",
    "kind": "ordinary",
    "number": "1234567",
    "holder_kana": "ミホン　ハナコ",
}
RULE = refunds.Rule(hostile.MARKUP[1], hostile.MARKUP[2], hostile.MARKUP[3])
ADDRESSES = attempts.Addresses("http://localhost/back", "http://localhost/cancel")


def furnish(town: Town) -> None:
    """Open charges with no transaction around: a page of the provider begins outside of any."""
    transaction = town.services.database.transaction
    for _ in range(2):
        for state in (_as_it_is, _with_page, _with_slip, _parked):
            with transaction() as session:
                charge = _open(session, town)
            state(town, charge)
            town.mine.append(f"/pay/{charge.token}")
            town.desk.append(f"/staff/payments/{charge.token}")
        with transaction() as session:
            for step in (_proposed, _wants_account, _to_transfer, _to_hand_over, _failed):
                refund = step(session, town)
                town.desk += [f"/staff/refunds/{refund.token}", f"/staff/payments/{refund.charge.token}"]
                town.mine.append(f"/refund/{refund.token}")
    for turn in range(2):
        token = _by_card(town, waiting=bool(turn))
        town.desk.append(f"/staff/refunds/{token}")


def _open(session: Session, town: Town) -> Charge:
    return charges.open_charge(
        session,
        case_id=town.case_id,
        purpose="application_fee",
        lines=[Line({"ja": hostile.MARKUP[0]}, 500, revenue_item="戸籍住民手数料")],
        payee="city",
        due_on=None,
        payer={"name": hostile.MARKUP[4], "resident_id": town.owner.id},
        actor=town.actor("cashier"),
        department=next(town.departments()),
    )


def _as_it_is(town: Town, charge: Charge) -> None:
    """Open and unpaid."""


def _with_page(town: Town, charge: Charge) -> PaymentAttempt:
    """The provider's page is open."""
    services = town.services
    return steps.pay(
        services.database.transaction, services.payment, _sandbox(town), charge,
        addresses=ADDRESSES, lang="ja", handlers=services.settle_handlers,
    )  # fmt: skip


def _with_slip(town: Town, charge: Charge) -> None:
    """The payer has taken a number for the konbini."""
    attempt = _with_page(town, charge)
    _sandbox(town).take_slip(str(attempt.provider_id))
    _look(town, attempt)


def _parked(town: Town, charge: Charge) -> None:
    """Money of another amount has come in."""
    attempt = _paid_at_provider(town, charge)
    truth = replace(_sandbox(town).fetch(str(attempt.provider_id)), paid_at=clock.now(), amount_yen=400)
    with town.services.database.transaction() as session:
        settle.settle(session, truth, town.services.settle_handlers)


def _paid_at_provider(town: Town, charge: Charge) -> PaymentAttempt:
    attempt = _with_page(town, charge)
    with _sandbox(town).store.writing() as store:
        store.execute(
            "UPDATE payment SET status = 'paid', method = 'card' WHERE id = ?", (attempt.provider_id,)
        )
    return attempt


def _look(town: Town, attempt: PaymentAttempt) -> None:
    services = town.services
    steps.look(services.database.transaction, services.payment, attempt, services.settle_handlers)


def _paid(session: Session, town: Town, method: Method) -> Charge:
    charge = _open(session, town)
    desk.receive(
        session, charge, port=town.services.payment["counter"], method=method, till="窓口1",
        actor=town.actor("cashier"), handlers=town.services.settle_handlers,
    )  # fmt: skip
    return charges.lock(session, charge.id)


def _propose(session: Session, town: Town, method: Method = "slip", way: str = "bank") -> Refund:
    charge = _paid(session, town, method)
    made = refunds.propose(
        session, charge, 100, cause="other", rule=RULE, actor=town.actor("facility"), method=way
    )
    return made[0]


def _proposed(session: Session, town: Town) -> Refund:
    refund = _propose(session, town)
    refund.status, refund.needs_approval, refund.approved_by = "proposed", True, None
    return refund


def _wants_account(session: Session, town: Town) -> Refund:
    return _propose(session, town)


def _to_transfer(session: Session, town: Town) -> Refund:
    return give_back.give_bank_details(session, _propose(session, town), BANK)


def _to_hand_over(session: Session, town: Town) -> Refund:
    return _propose(session, town, "cash", "cash")


def _failed(session: Session, town: Town) -> Refund:
    refund = _propose(session, town)
    states.step_refund(refund, "fail")
    refund.failure = hostile.MARKUP[5]
    return refund


def _by_card(town: Town, *, waiting: bool) -> str:
    """A refund that the provider sends; or has asked the payer for an account, who has not answered."""
    with town.services.database.transaction() as session:
        charge = _open(session, town)
    _look(town, _paid_at_provider(town, charge))
    with town.services.database.transaction() as session:
        paid = session.scalars(select(Charge).where(Charge.id == charge.id)).one()
        made = refunds.propose(session, paid, 100, cause="other", rule=RULE, actor=town.actor("facility"))
        if waiting:
            states.step_refund(made[0], "send")
            states.step_refund(made[0], "ask")
        return made[0].token


def _sandbox(town: Town) -> SandboxPayment:
    port = town.services.payment["sandbox"]
    assert isinstance(port, SandboxPayment)
    return port
