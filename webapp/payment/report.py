"""What came in and went back: by 歳入科目, facility and payee; the desk's day; the cashless share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from webapp.calendar.fiscal import fiscal_range
from webapp.payment import parts
from webapp.payment.models import Charge, Refund, Settlement
from webapp.payment.worklist import EVERYWHERE, Reach

DESK = ("cash", "pos", "slip", "local")
CASHLESS = ("card", "paypay", "pos", "local")
TARGETS: Mapping[int, int] = {2024: 10, 2025: 15, 2026: 20}
"""窓口キャッシュレス決済比率, in percent by 年度 (plans of 新発田市, NO.43)."""


@dataclass(frozen=True)
class RevenueRow:
    """One line of the report of receipts: yen settled and given back in the span."""

    payee: str
    revenue_item: str
    facility: str
    method: str
    count: int
    settled_yen: int
    refunded_yen: int
    fee_yen: int

    @property
    def net_yen(self) -> int:
        return self.settled_yen - self.refunded_yen


def revenue(session: Session, since: date, until: date, reach: Reach = EVERYWHERE) -> list[RevenueRow]:
    """Receipts by payee, 歳入科目, facility and method, of payments made in ``[since, until)`` (納付日).

    A payment over several revenue items is divided by the lines it paid, exactly to the yen. Refunds
    count on the day they were done.
    """
    found: dict[tuple[str, str, str, str], list[int]] = {}
    for settlement in _settlements(session, Settlement.paid_on, since, until, reach):
        for item, yen, fee in _by_item(settlement):
            entry = found.setdefault(_key(settlement, item), [0, 0, 0, 0])
            entry[0] += 1
            entry[1] += yen
            entry[3] += fee
    for refund in _refunds(session, since, until, reach):
        shares = parts.of_refund(refund.charge, refund.settlement, refund.amount_yen)
        for item, yen in parts.by_item(shares).items():
            found.setdefault(_key(refund.settlement, item), [0, 0, 0, 0])[2] += yen
    return [RevenueRow(*key, *numbers) for key, numbers in sorted(found.items())]


@dataclass(frozen=True)
class PayoutRow:
    """What reached a payee's bank on a day, by 歳入科目 and facility; ``None`` has not arrived yet."""

    paid_out_on: date | None
    payee: str
    revenue_item: str
    facility: str
    provider: str
    count: int
    gross_yen: int
    fee_yen: int

    @property
    def net_yen(self) -> int:
        return self.gross_yen - self.fee_yen


def payouts(session: Session, since: date, until: date, reach: Reach = EVERYWHERE) -> list[PayoutRow]:
    """Payouts of the providers in ``[since, until)`` (入金日), then what was paid and has not arrived."""
    found: dict[tuple[date, bool, str, str, str, str], list[int]] = {}
    arrived = _settlements(session, Settlement.paid_out_on, since, until, reach)
    waiting = _settlements(session, Settlement.paid_on, date.min, until, reach)
    under_way = (entry for entry in waiting if entry.paid_out_on is None)
    for settlement in (*arrived, *under_way):
        if settlement.provider == "counter":
            continue
        day = settlement.paid_out_on or date.max
        for item, yen, fee in _by_item(settlement):
            payee, _, facility, _ = _key(settlement, item)
            place = (day, settlement.paid_out_on is None, payee, item, facility, settlement.provider)
            entry = found.setdefault(place, [0, 0, 0])
            entry[0] += 1
            entry[1] += yen
            entry[2] += fee
    rows = []
    for (day, waits, payee, item, facility, provider), (count, gross, fee) in sorted(found.items()):
        arrived_on = None if waits else day
        rows.append(PayoutRow(arrived_on, payee, item, facility, provider, count, gross, fee))
    return rows


@dataclass(frozen=True)
class TillRow:
    """One method of a till on a day."""

    method: str
    count: int
    received_yen: int
    handed_back_yen: int

    @property
    def net_yen(self) -> int:
        return self.received_yen - self.handed_back_yen


@dataclass(frozen=True)
class DailyClose:
    """日計表 of one till: what must be in the drawer, and every receipt and hand-over behind it."""

    day: date
    till: str
    rows: tuple[TillRow, ...]
    settlements: tuple[Settlement, ...]
    handed_back: tuple[Refund, ...]

    @property
    def cash_yen(self) -> int:
        """Cash that must be in the drawer beyond the float."""
        return sum(row.net_yen for row in self.rows if row.method == "cash")

    @property
    def total_yen(self) -> int:
        return sum(row.net_yen for row in self.rows)


def daily_closes(session: Session, day: date, reach: Reach = EVERYWHERE) -> list[DailyClose]:
    """The day of every till that took or gave money, from the ledger alone."""
    taken = session.scalars(
        select(Settlement)
        .where(Settlement.till.is_not(None), Settlement.paid_on == day, Settlement.state == "applied")
        .order_by(Settlement.id)
        .options(selectinload(Settlement.charge))
    )
    gave = session.scalars(
        select(Refund)
        .where(Refund.till.is_not(None), Refund.done_on == day, Refund.status == "succeeded")
        .order_by(Refund.id)
        .options(selectinload(Refund.charge))
    )
    received = [entry for entry in taken if reach.covers(entry.charge)]
    handed = [refund for refund in gave if reach.covers(refund.charge)]
    tills = sorted({str(entry.till) for entry in received} | {str(refund.till) for refund in handed})
    return [
        _close(
            day,
            till,
            [entry for entry in received if entry.till == till],
            [refund for refund in handed if refund.till == till],
        )
        for till in tills
    ]


def _close(day: date, till: str, taken: list[Settlement], handed: list[Refund]) -> DailyClose:
    methods = sorted({entry.method for entry in taken} | ({"cash"} if handed else set()))
    rows = tuple(
        TillRow(
            method,
            sum(1 for entry in taken if entry.method == method),
            sum(entry.amount_yen for entry in taken if entry.method == method),
            sum(refund.amount_yen for refund in handed) if method == "cash" else 0,
        )
        for method in methods
    )
    return DailyClose(day, till, rows, tuple(taken), tuple(handed))


@dataclass(frozen=True)
class Share:
    """Cashless share of a 年度 by number of payments, in tenths of a percent; None where nobody paid."""

    fiscal_year: int
    desk_cashless: int
    desk_total: int
    all_cashless: int
    all_total: int

    @property
    def desk_per_mille(self) -> int | None:
        return self.desk_cashless * 1000 // self.desk_total if self.desk_total else None

    @property
    def all_per_mille(self) -> int | None:
        return self.all_cashless * 1000 // self.all_total if self.all_total else None

    @property
    def target_percent(self) -> int | None:
        return TARGETS.get(self.fiscal_year)


def cashless_share(session: Session, fiscal_year: int) -> Share:
    """The share at the counter (denominator: everything paid there) and over all channels."""
    since, until = fiscal_range(fiscal_year)
    counting = (
        select(Settlement.method, func.count(Settlement.id))
        .where(Settlement.state == "applied", Settlement.paid_on >= since, Settlement.paid_on < until)
        .group_by(Settlement.method)
    )
    counted: dict[str, int] = dict(session.execute(counting).all())
    desk = {method: number for method, number in counted.items() if method in DESK}
    return Share(
        fiscal_year,
        sum(number for method, number in desk.items() if method in CASHLESS),
        sum(desk.values()),
        sum(number for method, number in counted.items() if method in (*CASHLESS, "konbini")),
        sum(counted.values()),
    )


def _settlements(
    session: Session, day: InstrumentedAttribute[Any], since: date, until: date, reach: Reach
) -> list[Settlement]:
    statement = (
        select(Settlement)
        .where(Settlement.state == "applied", day >= since, day < until)
        .order_by(Settlement.id)
        .options(selectinload(Settlement.charge).options(*_whole()))
    )
    return [entry for entry in session.scalars(statement) if reach.covers(entry.charge)]


def _refunds(session: Session, since: date, until: date, reach: Reach) -> list[Refund]:
    statement = (
        select(Refund)
        .join(Settlement, Settlement.id == Refund.settlement_id)
        .where(Refund.status == "succeeded", Settlement.state == "applied")
        .where(Refund.done_on >= since, Refund.done_on < until)
        .order_by(Refund.id)
        .options(selectinload(Refund.charge).options(*_whole()), selectinload(Refund.settlement))
    )
    return [refund for refund in session.scalars(statement) if reach.covers(refund.charge)]


def _whole() -> tuple[Any, ...]:
    return tuple(selectinload(part) for part in (Charge.lines, Charge.settlements, Charge.adjustments))


def _by_item(settlement: Settlement) -> list[tuple[str, int, int]]:
    """Item, yen and fee of a payment, divided by the lines it paid."""
    sums = parts.by_item(parts.of_payment(settlement.charge, settlement))
    fees = parts.divide(settlement.fee_yen or 0, sums)
    return [(item, yen, fees[item]) for item, yen in sums.items()]


def _key(settlement: Settlement, item: str) -> tuple[str, str, str, str]:
    return settlement.charge.payee, item, settlement.charge.facility or "", settlement.method
