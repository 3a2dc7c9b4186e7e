"""The ledger's check: for every charge, lines = settled - refunded + waived + open, counted from the rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.payment.models import Adjustment, Charge, ChargeLine, PaymentAttempt, Refund, Settlement


@dataclass(frozen=True)
class Fault:
    """One charge, or one payment, that does not add up."""

    charge_id: int
    what: str
    written: int
    counted: int

    def __str__(self) -> str:
        return f"charge {self.charge_id}: {self.what} is {self.written}, its rows say {self.counted}"


@dataclass(frozen=True)
class Balance:
    """The whole ledger in yen; ``faults`` is empty when it is sound."""

    charges: int
    lines_yen: int
    settled_yen: int
    refunded_yen: int
    waived_yen: int
    open_yen: int
    parked_yen: int
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        return not self.faults


def check(session: Session) -> Balance:
    """Count everything from its rows and compare it with what each charge says; reads only."""
    totals = session.execute(
        select(
            func.count(Charge.id),
            *(
                func.coalesce(func.sum(column), 0)
                for column in (
                    Charge.lines_yen,
                    Charge.settled_yen,
                    Charge.refunded_yen,
                    Charge.waived_yen,
                    Charge.open_yen,
                )
            ),
        )
    ).one()
    parked = session.scalar(
        select(func.coalesce(func.sum(Settlement.amount_yen - Settlement.refunded_yen), 0)).where(
            Settlement.state == "parked", Settlement.currency == "jpy"
        )
    )
    count, lines, settled, refunded, waived, still_open = (int(total) for total in totals)
    faults = tuple(_faults(session))
    return Balance(count, lines, settled, refunded, waived, still_open, int(parked or 0), faults)


def _faults(session: Session) -> Iterator[Fault]:
    applied = (
        select(Settlement.charge_id, func.sum(Settlement.amount_yen))
        .where(Settlement.state == "applied")
        .group_by(Settlement.charge_id)
    )
    refunded = (
        select(Refund.charge_id, func.sum(Refund.amount_yen))
        .join(Settlement, Settlement.id == Refund.settlement_id)
        .where(Refund.status == "succeeded", Settlement.state == "applied")
        .group_by(Refund.charge_id)
    )
    lines = select(ChargeLine.charge_id, func.sum(ChargeLine.amount_yen)).group_by(ChargeLine.charge_id)
    waived = select(Adjustment.charge_id, func.sum(Adjustment.amount_yen)).group_by(Adjustment.charge_id)
    yield from _compare(session, "lines", Charge.lines_yen, lines)
    yield from _compare(session, "settled", Charge.settled_yen, applied)
    yield from _compare(session, "refunded", Charge.refunded_yen, refunded)
    yield from _compare(session, "waived", Charge.waived_yen, waived)
    yield from _unbalanced(session)
    yield from _refunds_of_settlements(session)
    yield from _paid_without_money(session)


def _compare(
    session: Session, what: str, column: InstrumentedAttribute[int], counted: Select[int, int]
) -> Iterator[Fault]:
    rows = counted.subquery()
    statement = select(Charge.id, column, func.coalesce(rows.c[1], 0)).outerjoin(rows, rows.c[0] == Charge.id)
    for charge_id, written, summed in session.execute(statement.where(column != func.coalesce(rows.c[1], 0))):
        yield Fault(charge_id, what, written, int(summed))


def _unbalanced(session: Session) -> Iterator[Fault]:
    balance = Charge.settled_yen - Charge.refunded_yen + Charge.waived_yen + Charge.open_yen
    for charge_id, written, counted in session.execute(
        select(Charge.id, Charge.lines_yen, balance).where(Charge.lines_yen != balance)
    ):
        yield Fault(charge_id, "balance", written, counted)


def _refunds_of_settlements(session: Session) -> Iterator[Fault]:
    done = (
        select(Refund.settlement_id, func.sum(Refund.amount_yen))
        .where(Refund.status == "succeeded")
        .group_by(Refund.settlement_id)
        .subquery()
    )
    counted = func.coalesce(done.c[1], 0)
    for charge_id, written, summed in session.execute(
        select(Settlement.charge_id, Settlement.refunded_yen, counted)
        .outerjoin(done, done.c[0] == Settlement.id)
        .where(Settlement.refunded_yen != counted)
    ):
        yield Fault(charge_id, "refunded of a settlement", written, int(summed))


def _paid_without_money(session: Session) -> Iterator[Fault]:
    statement = (
        select(PaymentAttempt.charge_id, PaymentAttempt.amount_yen)
        .outerjoin(Settlement, Settlement.attempt_id == PaymentAttempt.id)
        .where(PaymentAttempt.status.in_(("paid", "parked")), Settlement.id.is_(None))
    )
    for charge_id, amount in session.execute(statement):
        yield Fault(charge_id, "a paid attempt without its settlement", amount, 0)
