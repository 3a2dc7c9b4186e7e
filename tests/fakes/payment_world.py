"""A small world for payment tests: a sandbox provider with its door wired to our ledger, and charges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from integrations.payment.counter import CounterPayment
from integrations.payment.sandbox import SandboxPayment
from integrations.payment.sandbox_store import Store
from webapp import clock
from webapp.audit import Actor
from webapp.db import Database
from webapp.payment import attempts, charges, steps
from webapp.payment.charges import Line
from webapp.payment.models import Charge, PaymentAttempt
from webapp.payment.settle import Handlers, Paid
from webapp.ports.payment import PaymentPort

STAFF = Actor("staff", "7", "みほん職員")
SECOND = Actor("staff", "8", "べつの職員")
ADDRESSES = attempts.Addresses("http://localhost/back", "http://localhost/cancel")


@dataclass
class World:
    """Ports, handlers and what the handlers heard. ``given`` is what the purpose answers to money."""

    database: Database
    folder: Path
    given: bool = True
    heard: list[tuple[str, Any]] = field(default_factory=list)
    lost: bool = False
    answers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sandbox = SandboxPayment(
            Store(self.folder / "sandbox.sqlite3"),
            page_url="http://localhost/sandbox/payment",
            callback_url="http://localhost/callbacks/payment/sandbox",
            secret="test",
            now=clock.now,
            deliver=self._deliver,
            in_background=False,
        )
        self.desk = CounterPayment(clock.now)
        self.ports: dict[str, PaymentPort] = {"sandbox": self.sandbox, "counter": self.desk}
        handler = Handlers(self._settled, self._pending, self._lapsed, self._refunded)
        self.handlers: Mapping[str, Handlers] = {"application_fee": handler, "booking": handler}

    def charge(self, yen: int = 300, **options: Any) -> Charge:
        with self.database.transaction() as session:
            return open_charge(session, yen, **options)

    def pay_page(self, charge: Charge) -> PaymentAttempt:
        return steps.pay(
            self.database.transaction,
            self.ports,
            self.sandbox,
            charge,
            addresses=ADDRESSES,
            lang="ja",
            handlers=self.handlers,
        )

    def paid(self, yen: int = 300, method: str = "card", **options: Any) -> Charge:
        charge = self.charge(yen, **options)
        attempt = self.pay_page(charge)
        if method == "konbini":
            self.sandbox.take_slip(str(attempt.provider_id))
        self.sandbox.pay(str(attempt.provider_id), method)  # type: ignore[arg-type]
        return self.fresh(charge)

    def fresh(self, charge: Charge) -> Charge:
        with self.database.reading() as session:
            return charges.by_token(session, charge.token)

    def take(self, raw: bytes, headers: Mapping[str, str]) -> str:
        return steps.take_event(self.database.transaction, self.sandbox, raw, headers, self.handlers)

    def _deliver(self, url: str, raw: bytes, headers: Mapping[str, str]) -> int:
        if self.lost:
            return 0
        self.answers.append(self.take(raw, headers))
        return 200

    def _settled(self, session: Session, paid: Paid) -> bool:
        self.heard.append(("settled", paid.late))
        return self.given

    def _pending(self, session: Session, charge: Charge, until: datetime) -> None:
        self.heard.append(("pending", until))

    def _lapsed(self, session: Session, charge: Charge) -> None:
        self.heard.append(("lapsed", charge.id))

    def _refunded(self, session: Session, charge: Charge) -> None:
        self.heard.append(("refunded", charge.refunded_yen))


def open_charge(session: Session, yen: int = 300, **options: Any) -> Charge:
    """Open a charge of one line."""
    values: dict[str, Any] = {
        "case_id": None,
        "purpose": "application_fee",
        "lines": [Line({"ja": "住民票の写し"}, yen, revenue_item="戸籍住民手数料")],
        "payee": "city",
        "due_on": date(2099, 12, 31),
        "payer": {"name": "見本 花子", "email": "hanako@example.jp"},
        "actor": STAFF,
    }
    return charges.open_charge(session, **(values | options))
