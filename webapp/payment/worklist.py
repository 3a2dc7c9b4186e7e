"""What waits for a person: parked money, owed refunds, approvals, failures, the overdue; finding charges."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session, selectinload

from webapp import clock
from webapp.errors import NotFound
from webapp.payment.models import Charge, PaymentAttempt, ProviderEvent, Refund, Settlement


@dataclass(frozen=True)
class Reach:
    """Which charges an officer sees: all, or those of departments and facilities."""

    everywhere: bool
    departments: frozenset[str] = frozenset()
    facilities: frozenset[str] = frozenset()

    def covers(self, charge: Charge) -> bool:
        own = charge.department in self.departments or charge.facility in self.facilities
        return self.everywhere or own


EVERYWHERE = Reach(everywhere=True)


@dataclass(frozen=True)
class Worklist:
    """Everything that waits, oldest first."""

    parked: list[Settlement]
    owed: list[Charge]
    approvals: list[Refund]
    transfers: list[Refund]
    failed: list[Refund]
    waiting: list[Refund]
    overdue: list[Charge]
    """Fees past their day to pay and past the reminder; the rule ends them by itself."""
    lapsed: list[Charge]
    """Claims that ended unpaid within the last thirty days."""

    @property
    def count(self) -> int:
        """How much of it needs somebody to act."""
        parts = (self.parked, self.owed, self.approvals, self.transfers, self.failed)
        return sum(len(part) for part in parts)


def worklist(session: Session, reach: Reach) -> Worklist:
    """Collect what waits within an officer's reach; reads only."""
    refunds = [refund for refund in _open_refunds(session) if reach.covers(refund.charge)]
    parked = session.scalars(
        select(Settlement)
        .where(Settlement.state == "parked", Settlement.refund_reserved_yen < Settlement.amount_yen)
        .options(selectinload(Settlement.charge))
        .order_by(Settlement.id)
    )
    owed = session.scalars(
        select(Charge).where(Charge.open_yen < 0).options(selectinload(Charge.refunds)).order_by(Charge.id)
    )
    by_hand = ("bank", "cash")
    return Worklist(
        parked=[entry for entry in parked if reach.covers(entry.charge)],
        owed=[charge for charge in owed if reach.covers(charge) and _uncovered(charge) > 0],
        approvals=[refund for refund in refunds if refund.status == "proposed"],
        transfers=[refund for refund in refunds if refund.status == "approved" and refund.method in by_hand],
        failed=[refund for refund in refunds if refund.status == "failed"],
        waiting=[
            refund
            for refund in refunds
            if refund.status in ("sent", "waiting")
            or (refund.status == "approved" and refund.method not in by_hand)
        ],
        overdue=_charges(session, reach, Charge.status == "overdue"),
        lapsed=_charges(session, reach, Charge.lapsed_at >= clock.now() - timedelta(days=30)),
    )


def refused_events(session: Session, limit: int = 50) -> list[ProviderEvent]:
    """Callbacks that were not believed (forged, stale, malformed), newest first: the record they leave."""
    statement = select(ProviderEvent).where(ProviderEvent.verdict != "accepted")
    return list(session.scalars(statement.order_by(ProviderEvent.id.desc()).limit(limit)))


def find_charges(
    session: Session,
    reach: Reach,
    *,
    status: str = "",
    number: str = "",
    case_ids: Select[int] | None = None,
    limit: int = 100,
) -> list[Charge]:
    """Charges within reach, newest first: of one state or all, of a paper's number or of these cases.

    A ``number`` is that of a request to pay (P-), a receipt or a refund; either it or a case is enough.
    """
    statement = select(Charge).order_by(Charge.id.desc()).limit(limit)
    if status:
        statement = statement.where(Charge.status == status)
    if number or case_ids is not None:
        wanted = [_has_number(number)] + ([] if case_ids is None else [Charge.case_id.in_(case_ids)])
        statement = statement.where(or_(*wanted))
    if not reach.everywhere:
        statement = statement.where(
            or_(Charge.department.in_(reach.departments), Charge.facility.in_(reach.facilities))
        )
    return list(session.scalars(statement))


def _has_number(number: str) -> ColumnElement[bool]:
    request = re.fullmatch(r"P-?(\d{1,9})", number)
    if request:
        return Charge.id == int(request.group(1))
    receipt = re.fullmatch(r"R(\d{4})-(\d{1,9})", number)
    if receipt:
        paid = select(Settlement.charge_id).where(
            Settlement.id == int(receipt.group(2)), Settlement.fiscal_year == int(receipt.group(1))
        )
        return Charge.id.in_(paid)
    return Charge.id.in_(select(Refund.charge_id).where(Refund.reference == number))


def find_settlement(session: Session, settlement_id: int) -> Settlement:
    """Read one settlement; raises NotFound."""
    found = session.get(Settlement, settlement_id)
    if found is None:
        raise NotFound(f"settlement {settlement_id}")
    return found


def attempts_without_event(session: Session, reach: Reach, limit: int = 100) -> list[PaymentAttempt]:
    """Payments that reconciliation found, not an event: a sign that callbacks get lost."""
    statement = (
        select(PaymentAttempt)
        .join(Settlement, Settlement.attempt_id == PaymentAttempt.id)
        .where(Settlement.found_by == "reconciliation")
        .options(selectinload(PaymentAttempt.charge))
        .order_by(PaymentAttempt.id.desc())
        .limit(limit)
    )
    return [attempt for attempt in session.scalars(statement) if reach.covers(attempt.charge)]


def _open_refunds(session: Session) -> Iterable[Refund]:
    statement = select(Refund).where(Refund.status.not_in(("succeeded", "withdrawn")))
    return session.scalars(statement.options(selectinload(Refund.charge)).order_by(Refund.id))


def _charges(session: Session, reach: Reach, when: ColumnElement[bool], limit: int = 200) -> list[Charge]:
    found = session.scalars(select(Charge).where(when).order_by(Charge.due_on, Charge.id).limit(limit))
    return [charge for charge in found if reach.covers(charge)]


def _uncovered(charge: Charge) -> int:
    under_way = sum(
        refund.amount_yen
        for refund in charge.refunds
        if refund.status not in ("succeeded", "withdrawn") and refund.settlement.state == "applied"
    )
    return -charge.open_yen - under_way
