"""Charges opened and settled per second through the services, beside the bare inserts of the same rows.

``python3 dev.py bench payment [N]``: both databases, one run, as a ratio. Goal: at least 30 %.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from tests import postgres
from tests.schema import build
from webapp import clock, db
from webapp.audit import SYSTEM, AuditEntry
from webapp.db import Database
from webapp.payment import attempts, charges, settle
from webapp.payment.models import Charge, ChargeLine, PaymentAttempt, Settlement
from webapp.ports.payment import Started, Truth

ADDRESSES = attempts.Addresses("http://localhost/back", "http://localhost/cancel")
HANDLERS = {"application_fee": settle.Handlers(lambda session, paid: True)}
PAYER = {"name": "見本 花子", "email": "hanako@example.jp"}


def main(args: list[str]) -> int:
    number = int(args[0]) if args else 300
    db.use_keys([("bench", bytes(range(32)))])
    print(f"{number} charges, each opened, begun, started and settled in four transactions")
    with tempfile.TemporaryDirectory() as folder, postgres.server() as server:
        urls = {
            "SQLite": f"sqlite:///{Path(folder) / 'bench.sqlite3'}",
            "PostgreSQL": postgres.create_database(server, "bench"),
        }
        for name, url in urls.items():
            build(url)
            _measure(name, Database(url), number)
    return 0


def _measure(name: str, database: Database, number: int) -> None:
    _per_second(lambda index: _services(database, -1 - index), 10)
    _per_second(lambda index: _bare(database, -1 - index), 10)
    services = _per_second(lambda index: _services(database, index), number)
    bare = _per_second(lambda index: _bare(database, index), number)
    share = services * 100 / bare
    print(f"{name}: services {services:.0f}/s, bare inserts {bare:.0f}/s, {share:.0f} % (goal 30 %)")
    database.dispose()


def _per_second(work: Callable[[int], None], number: int) -> float:
    began = time.perf_counter()
    for index in range(number):
        work(index)
    return number / (time.perf_counter() - began)


def _services(database: Database, index: int) -> None:
    line = charges.Line({"ja": "住民票の写し"}, 300, revenue_item="戸籍住民手数料")
    with database.transaction() as session:
        charge = charges.open_charge(
            session,
            case_id=None,
            purpose="application_fee",
            lines=[line],
            payee="city",
            due_on=date(2099, 1, 1),
            payer=PAYER,
            actor=SYSTEM,
        )
    with database.transaction() as session:
        begun = attempts.begin(session, charge, provider="bench", methods=("card",), addresses=ADDRESSES)
    with database.transaction() as session:
        started = Started("http://localhost", f"s{index}", begun.attempt.expires_at)
        attempts.store_started(session, begun.attempt, started)
    with database.transaction() as session:
        truth = Truth("bench", f"s{index}", "paid", 300, "jpy", begun.attempt.key, method="card")
        settle.settle(session, truth, HANDLERS)


def _bare(database: Database, index: int) -> None:
    """The rows that the services write, in the same four transactions, by plain INSERT and UPDATE."""
    now = clock.now()
    with database.transaction() as session:
        charge_id = session.execute(insert(Charge).values(**_charge(index))).inserted_primary_key[0]
        session.execute(insert(ChargeLine).values(**_line(charge_id)))
        session.execute(insert(AuditEntry).values(**_audit(charge_id)))
    with database.transaction() as session:
        values = _attempt(charge_id, index)
        attempt_id = session.execute(insert(PaymentAttempt).values(**values)).inserted_primary_key[0]
    table = PaymentAttempt.__table__
    with database.transaction() as session:
        session.execute(table.update().where(table.c.id == attempt_id).values(status="started"))  # type: ignore[attr-defined]
    with database.transaction() as session:
        session.execute(table.update().where(table.c.id == attempt_id).values(status="paid"))  # type: ignore[attr-defined]
        session.execute(
            insert(Settlement).values(
                charge_id=charge_id,
                attempt_id=attempt_id,
                state="applied",
                provider="bare",
                method="card",
                channel="online",
                amount_yen=300,
                currency="jpy",
                paid_at=now,
                paid_on=now.date(),
                fiscal_year=2026,
                recorded_at=now,
                recorded_by="-",
                found_by="event",
                refund_reserved_yen=0,
                refunded_yen=0,
            )
        )
        charge = Charge.__table__
        done = {"settled_yen": 300, "open_yen": 0, "status": "paid"}
        session.execute(charge.update().where(charge.c.id == charge_id).values(**done))  # type: ignore[attr-defined]
        session.execute(insert(AuditEntry).values(**_audit(charge_id)))


def _charge(index: int) -> dict[str, Any]:
    now = clock.now()
    return {
        "token": f"bare{index}",
        "purpose": "application_fee",
        "title": {"ja": "住民票の写し"},
        "payee": "city",
        "channel": "online",
        "currency": "jpy",
        "status": "open",
        "payer": PAYER,
        "lines_yen": 300,
        "settled_yen": 0,
        "refunded_yen": 0,
        "waived_yen": 0,
        "open_yen": 300,
        "opened_at": now,
        "updated_at": now,
    }


def _line(charge_id: int) -> dict[str, Any]:
    return {
        "charge_id": charge_id,
        "position": 1,
        "label": {"ja": "住民票の写し"},
        "quantity": "1",
        "unit_yen": 300,
        "amount_yen": 300,
        "tax_class": "exempt",
        "revenue_item": "戸籍住民手数料",
    }


def _attempt(charge_id: int, index: int) -> dict[str, Any]:
    now = clock.now()
    return {
        "charge_id": charge_id,
        "key": f"bare{index}",
        "provider": "bare",
        "account": "city",
        "amount_yen": 300,
        "methods": ["card"],
        "request": {"title": "住民票の写し"},
        "status": "created",
        "expires_at": now + timedelta(hours=1),
        "created_at": now,
    }


def _audit(charge_id: int) -> dict[str, Any]:
    return {
        "at": clock.now(),
        "actor_kind": "system",
        "channel": "system",
        "action": "charge",
        "object_kind": "charge",
        "object_id": str(charge_id),
        "details": {"yen": 300},
    }
