"""What came in and went back: by 歳入科目, facility and payee; the desk's day; the cashless share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from webapp.calendar.fiscal import fiscal_range
from webapp.payment.models import Charge, Refund, Settlement

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


def revenue(
    session: Session, since: date, until: date, payees: Iterable[str] | None = None
) -> list[RevenueRow]:
    """Receipts by payee, 歳入科目, facility and method, of payments made in ``[since, until)`` (納付日).

    A payment over several revenue items is divided by the share of its lines, exactly to the yen.
    Refunds count on the day they were done.
    """
    found: dict[tuple[str, str, str, str], list[int]] = {}
    for settlement in _settlements(session, since, until, payees):
        fee = settlement.fee_yen or 0
        parts = divide(settlement.amount_yen, _weights(settlement.charge))
        fees = divide(fee, {item: part for item, part in parts.items() if part > 0} or parts)
        for item, yen in parts.items():
            entry = found.setdefault(_key(settlement, item), [0, 0, 0, 0])
            entry[0] += 1
            entry[1] += yen
            entry[3] += fees.get(item, 0)
    for refund in _refunds(session, since, until, payees):
        for item, yen in divide(refund.amount_yen, _weights(refund.charge)).items():
            found.setdefault(_key(refund.settlement, item), [0, 0, 0, 0])[2] += yen
    return [RevenueRow(*key, *numbers) for key, numbers in sorted(found.items())]


def divide(total_yen: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Divide a sum by weights so that the parts add up exactly: the largest remainders get the odd yen."""
    whole = sum(weights.values())
    if whole <= 0:
        first = next(iter(weights), "その他")
        return {first: total_yen}
    parts = {key: total_yen * weight // whole for key, weight in weights.items()}
    odd = total_yen - sum(parts.values())
    order = sorted(weights, key=lambda key: (-(total_yen * weights[key] % whole), key))
    for key in order[:odd]:
        parts[key] += 1
    return parts


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
    """日計表 of one till: what must be in the drawer, and every receipt behind it."""

    day: date
    till: str
    rows: tuple[TillRow, ...]
    settlements: tuple[Settlement, ...]

    @property
    def cash_yen(self) -> int:
        """Cash that must be in the drawer beyond the float."""
        return sum(row.net_yen for row in self.rows if row.method == "cash")

    @property
    def total_yen(self) -> int:
        return sum(row.net_yen for row in self.rows)


def daily_close(session: Session, day: date, till: str) -> DailyClose:
    """The day of one till, from the ledger alone."""
    taken = list(
        session.scalars(
            select(Settlement)
            .where(Settlement.till == till, Settlement.paid_on == day, Settlement.state == "applied")
            .order_by(Settlement.id)
            .options(selectinload(Settlement.charge))
        )
    )
    handed = list(session.scalars(select(Refund).where(Refund.till == till, Refund.done_on == day)))
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
    return DailyClose(day, till, rows, tuple(taken))


def tills(session: Session, day: date) -> list[str]:
    """The tills that took or gave money on a day."""
    taken = session.scalars(
        select(Settlement.till).where(Settlement.paid_on == day, Settlement.till.is_not(None))
    )
    gave = session.scalars(select(Refund.till).where(Refund.done_on == day, Refund.till.is_not(None)))
    return sorted({till for till in (*taken, *gave) if till})


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
    session: Session, since: date, until: date, payees: Iterable[str] | None
) -> Iterable[Settlement]:
    statement = (
        select(Settlement)
        .join(Charge, Charge.id == Settlement.charge_id)
        .where(Settlement.state == "applied", Settlement.paid_on >= since, Settlement.paid_on < until)
        .options(selectinload(Settlement.charge).selectinload(Charge.lines))
    )
    return session.scalars(statement if payees is None else statement.where(Charge.payee.in_(list(payees))))


def _refunds(session: Session, since: date, until: date, payees: Iterable[str] | None) -> Iterable[Refund]:
    statement = (
        select(Refund)
        .join(Settlement, Settlement.id == Refund.settlement_id)
        .join(Charge, Charge.id == Refund.charge_id)
        .where(Refund.status == "succeeded", Settlement.state == "applied")
        .where(Refund.done_on >= since, Refund.done_on < until)
        .options(selectinload(Refund.charge).selectinload(Charge.lines), selectinload(Refund.settlement))
    )
    return session.scalars(statement if payees is None else statement.where(Charge.payee.in_(list(payees))))


def _weights(charge: Charge) -> dict[str, int]:
    weights: dict[str, int] = {}
    for line in charge.lines:
        weights[line.revenue_item] = weights.get(line.revenue_item, 0) + line.amount_yen
    return {item: max(0, yen) for item, yen in weights.items()}


def _key(settlement: Settlement, item: str) -> tuple[str, str, str, str]:
    return settlement.charge.payee, item, settlement.charge.facility or "", settlement.method
